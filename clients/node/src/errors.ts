/** What can go wrong, as one class with a code. */

import type { Error as ErrorMessage } from './messages.js';

/** The codes with which the gateway refuses a request. */
export type GatewayCode = ErrorMessage['code'];

/**
 * The codes of this package:
 * - `disconnected`: there is no connection to the gateway, or it ended before the answer came;
 * - `closed`: the client, or the stream, was closed by its user;
 * - `aborted`: the request's `AbortSignal` fired; its reason is the `cause`;
 * - `already_open`: a session has one stream at a time;
 * - `protocol`: the gateway sent what its contract does not allow.
 *
 * `timeout` and `busy` are the gateway's, and are used here too: no answer in time, and too much waits already.
 */
export type LocalCode = 'disconnected' | 'closed' | 'aborted' | 'already_open' | 'protocol';

/** Every code. */
export type ErrorCode = GatewayCode | LocalCode;

/** What else is known of an error. */
export interface ErrorDetails {
  cause?: unknown;
  holder?: string | undefined;
  written?: number | undefined;
  mayHaveHappened?: boolean;
}

/** The one error that this package throws, rejects with and emits. */
export class ItermbusError extends Error {
  override readonly name = 'ItermbusError';
  readonly code: ErrorCode;
  /** Who has claimed the session, or leased its size. */
  readonly holder: string | undefined;
  /** How many bytes of a refused input were written for certain. */
  readonly written: number;
  /**
   * Whether what was asked may have been carried out all the same, and nobody knows: the connection ended, or time
   * ran out, between the request and its answer. Such a request is never sent again by this package.
   */
  readonly mayHaveHappened: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.holder = details.holder;
    this.written = details.written ?? 0;
    this.mayHaveHappened = details.mayHaveHappened ?? false;
  }
}

const UNKNOWN_FATE: ReadonlySet<GatewayCode> = new Set<GatewayCode>(['timeout', 'internal']);

/** The error that an `error` message stands for. */
export function errorFrom(message: ErrorMessage): ItermbusError {
  const { code, holder, written } = message;
  return new ItermbusError(code, message.message, { holder, written, mayHaveHappened: UNKNOWN_FATE.has(code) });
}
