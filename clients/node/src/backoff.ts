/** How long to wait between attempts to connect. */

/** Milliseconds, and attempts in a row. */
export interface ReconnectOptions {
  /** The wait after the first failure; it doubles with each further one. Default 50. */
  minimum?: number;
  /** The longest wait. Default 2000. */
  maximum?: number;
  /** After so many failures in a row the client gives up and closes. Default 100, some three minutes. */
  attempts?: number;
}

/** A connection that lived for so many milliseconds was a good one: the waits begin anew. */
const GOOD_CONNECTION = 2000;

/** The waits, doubled each time and bounded, with a part left to chance so that clients do not come all at once. */
export class Backoff {
  readonly #options: Required<ReconnectOptions>;
  readonly #now: () => number;
  #failures = 0;
  #since = 0;

  constructor(options: ReconnectOptions = {}, now: () => number = Date.now) {
    this.#options = { minimum: 50, maximum: 2000, attempts: 100, ...options };
    this.#now = now;
  }

  /** A connection stands. */
  connected(): void {
    this.#since = this.#now();
  }

  /** The milliseconds until the next attempt; undefined to give up. */
  next(): number | undefined {
    if (this.#since > 0 && this.#now() - this.#since >= GOOD_CONNECTION) this.#failures = 0;
    this.#since = 0;
    const { minimum, maximum, attempts } = this.#options;
    if (this.#failures >= attempts) return undefined;
    const wait = Math.min(minimum * 2 ** this.#failures++, maximum);
    return wait * (0.75 + Math.random() / 4);
  }
}
