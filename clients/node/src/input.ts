/** Input of one session: in order, in pieces, never sent twice. */

import { ItermbusError } from './errors.js';
import type { RequestOptions } from './requests.js';

/** One `input`: as much as the gateway writes to a session's worker at once. */
const PIECE_BYTES = 48 * 1024;

/** Input that may wait for what was typed before it; more is refused with `busy`. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** Sends one piece and resolves with how much of it was written. */
export type SendInput = (piece: Buffer, options: RequestOptions) => Promise<number>;

/** What is typed waits for what was typed before it, however that ended. */
export class InputQueue {
  readonly #send: SendInput;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(send: SendInput) {
    this.#send = send;
  }

  /**
   * Resolves with the number of bytes once all are written. Rejects with {@link ItermbusError}, whose `written` says how
   * many were for certain; the rest was not sent, but for a piece that `mayHaveHappened`.
   */
  async type(data: Buffer, options: RequestOptions): Promise<number> {
    if (this.#waiting + data.length > WAITING_BYTES) {
      throw new ItermbusError('busy', `${this.#waiting} bytes wait to be typed already`);
    }
    this.#waiting += data.length;
    const before = this.#last;
    const typed = before.then(() => this.#pieces(data, options));
    this.#last = typed.catch(() => undefined);
    try {
      return await typed;
    } finally {
      this.#waiting -= data.length;
    }
  }

  async #pieces(data: Buffer, options: RequestOptions): Promise<number> {
    let written = 0;
    while (written < data.length) {
      try {
        written += await this.#send(data.subarray(written, written + PIECE_BYTES), options);
      } catch (error) {
        if (!(error instanceof ItermbusError)) throw error;
        const { code, holder, mayHaveHappened, cause } = error;
        const details = { cause, holder, mayHaveHappened, written: written + error.written };
        throw new ItermbusError(code, error.message, details);
      }
    }
    return written;
  }
}
