/** Requests that wait for their answers. */

import type { Connection } from './connection.js';
import { ItermbusError, errorFrom } from './errors.js';
import type { Error as ErrorMessage, FromClient, Result } from './messages.js';
import type { Snapshot } from './snapshots.js';

/** Per request: how long to wait, and how to stop waiting. */
export interface RequestOptions {
  /** Stops the waiting: the promise rejects with `aborted`. What was sent already may still be carried out. */
  signal?: AbortSignal | undefined;
  /** Milliseconds until the promise rejects with `timeout`. */
  timeout?: number | undefined;
}

/** A request without its `id`. */
export type Request = Exclude<FromClient, { type: 'hello' | 'credit' }>;

/** What answers a request that was carried out. */
export type Answer = Result | Snapshot;

/** Longer than the gateway itself waits for iTerm2, or for a program that does not read. */
const PATIENCE = 30_000;

interface Waiting {
  answered(answer: Answer): void;
  failed(error: ItermbusError): void;
}

/** The requests of one connection; ids are given here. */
export class Requests {
  readonly #waiting = new Map<number, Waiting>();
  readonly #connection: Connection;
  readonly #most: number;
  #last = 0;

  constructor(connection: Connection, most: number) {
    this.#connection = connection;
    this.#most = most;
  }

  /**
   * Sends a request. Rejects with {@link ItermbusError} alone.
   *
   * @param onAnswer - is called at once with the answer, before the line behind it is looked at.
   */
  ask(request: Request, options: RequestOptions = {}, onAnswer?: (answer: Answer) => void): Promise<Answer> {
    const { signal, timeout = PATIENCE } = options;
    const name = request.type;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw new ItermbusError('aborted', `${name}: aborted`, { cause: signal.reason });
      if (this.#waiting.size >= this.#most) {
        throw new ItermbusError('busy', `${name}: ${this.#most} requests wait for their answers already`);
      }
      const id = ++this.#last;
      this.#connection.send({ ...request, id });
      const settle = (): void => {
        this.#waiting.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      const failed = (error: ItermbusError): void => {
        settle();
        reject(error);
      };
      const abort = (): void => {
        failed(new ItermbusError('aborted', `${name}: aborted`, { cause: signal?.reason, mayHaveHappened: true }));
      };
      const timer = setTimeout(() => {
        failed(new ItermbusError('timeout', `${name}: no answer within ${timeout} ms`, { mayHaveHappened: true }));
      }, timeout);
      signal?.addEventListener('abort', abort);
      this.#waiting.set(id, {
        failed,
        answered: (answer) => {
          settle();
          onAnswer?.(answer);
          resolve(answer);
        },
      });
    });
  }

  /** Settles the request that this answers. An answer that nobody waits for any more is dropped. */
  answered(id: Result['id'], answer: Answer): void {
    this.#find(id)?.answered(answer);
  }

  /** Settles the request that this refuses; false when it is none of them. */
  refused(message: ErrorMessage): boolean {
    if (typeof message.id !== 'number') return false;
    this.#find(message.id)?.failed(errorFrom(message));
    return true;
  }

  /** The connection is gone: nobody knows what became of these. */
  fail(reason: ItermbusError): void {
    for (const waiting of [...this.#waiting.values()]) {
      waiting.failed(new ItermbusError(reason.code, reason.message, { cause: reason, mayHaveHappened: true }));
    }
  }

  #find(id: Result['id']): Waiting | undefined {
    return typeof id === 'number' ? this.#waiting.get(id) : undefined;
  }
}
