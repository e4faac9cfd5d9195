/** Lines out of a byte stream, none longer than the contract allows. */

import { ItermbusError } from './errors.js';

/** The longest line that the gateway sends, its newline included. */
export const OUTPUT_LINE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;

/** Cuts chunks into lines, and holds at most one unfinished line. */
export class LineSplitter {
  #parts: Buffer[] = [];
  #held = 0;

  /**
   * The lines that are complete with this chunk, without their newlines.
   *
   * @throws {@link ItermbusError} `protocol` when a line is too long.
   */
  *split(chunk: Buffer): Generator<string> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      const part = chunk.subarray(start, end < 0 ? undefined : end);
      this.#held += part.length;
      if (this.#held >= OUTPUT_LINE_BYTES) {
        throw new ItermbusError('protocol', `a line of the gateway is longer than ${OUTPUT_LINE_BYTES} bytes`);
      }
      this.#parts.push(part);
      if (end < 0) return;
      const line = this.#parts.length === 1 ? part : Buffer.concat(this.#parts);
      this.#parts = [];
      this.#held = 0;
      start = end + 1;
      yield line.toString('utf8');
    }
  }
}
