/** When a stream gives the gateway more credit. Pure. */

/**
 * The account of one subscription. It begins with `window` bytes of credit; what its reader takes is given back, half a
 * window at a time. A subscription begun anew has a full window again, so what waited for the reader then is not
 * given back: never more than one and a half windows wait.
 */
export class CreditAccount {
  readonly window: number;
  #taken = 0;
  #free = 0;

  constructor(window: number) {
    this.window = window;
  }

  /** Whether a new subscription would keep to the bound, with `waiting` bytes not read yet. */
  mayBegin(waiting: number): boolean {
    return waiting <= this.window / 2;
  }

  /** A subscription begins, with `waiting` bytes of an older one not read yet. */
  begin(waiting: number): void {
    this.#taken = 0;
    this.#free = waiting;
  }

  /** The reader took `span` bytes; returns the credit to give now, or 0. */
  take(span: number): number {
    const free = Math.min(span, this.#free);
    this.#free -= free;
    this.#taken += span - free;
    if (this.#taken < this.window / 2) return 0;
    const credit = this.#taken;
    this.#taken = 0;
    return credit;
  }
}
