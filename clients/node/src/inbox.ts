/** What came of a session and its reader has not taken yet, in order. */

import type { Gap, Prompt, Size } from './messages.js';
import type { Position } from './position.js';
import type { Snapshot } from './snapshots.js';

/** Bytes, something that stands between bytes, or the end. `span` is what the bytes cost of the credit, `next` the place after them. */
export type Item =
  | { kind: 'bytes'; data: Buffer; span: number; next: Position }
  | { kind: 'gap'; message: Gap }
  | { kind: 'snapshot'; message: Snapshot }
  | { kind: 'size'; message: Size }
  | { kind: 'prompt'; message: Prompt }
  | { kind: 'end' };

/** Sizes and prompts that may wait; further ones are forgotten. The gateway keeps 256. */
const MARKS = 1000;

/**
 * A queue whose bytes are bounded by the credit that was given for them. What is not bounded so is bounded here: of two
 * snapshots or sizes that nothing stands between only the newer counts, and marks past a number are forgotten.
 */
export class Inbox {
  #items: Item[] = [];
  #first = 0;
  #marks = 0;
  #span = 0;

  /** Bytes of credit that wait here. */
  get span(): number {
    return this.#span;
  }

  get head(): Item | undefined {
    return this.#items[this.#first];
  }

  add(item: Item): void {
    const last = this.#first < this.#items.length ? this.#items.at(-1) : undefined;
    if ((item.kind === 'snapshot' || item.kind === 'size') && last?.kind === item.kind) {
      this.#items[this.#items.length - 1] = item;
      return;
    }
    if (item.kind === 'size' || item.kind === 'prompt') {
      if (this.#marks >= MARKS) return;
      this.#marks += 1;
    }
    if (item.kind === 'bytes') this.#span += item.span;
    this.#items.push(item);
  }

  shift(): void {
    const item = this.#items[this.#first];
    if (item === undefined) return;
    if (item.kind === 'bytes') this.#span -= item.span;
    if (item.kind === 'size' || item.kind === 'prompt') this.#marks -= 1;
    this.#first += 1;
    // Not one by one: shifting a long array is slow.
    if (this.#first === this.#items.length || this.#first >= 1024) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }
}
