/** One connection to the gateway: messages out, messages in, and its end, which is told once. */

import { connect, type Socket } from 'node:net';
import { ItermbusError } from './errors.js';
import { LineSplitter } from './lines.js';
import type { FromClient, ToClient } from './messages.js';

/** Bytes that may wait to be sent; a request past it is refused with `busy`. */
export const OUTGOING_BYTES = 8 * 1024 * 1024;

/** Who is told what comes. */
export interface ConnectionListener {
  received(message: ToClient): void;
  ended(reason: ItermbusError): void;
}

/** A socket that speaks JSON lines. What is sent before it is connected goes first. */
export class Connection {
  readonly #socket: Socket;
  readonly #lines = new LineSplitter();
  /** Resolves when the socket is closed. */
  readonly ended: Promise<void>;
  #reason: ItermbusError | undefined;

  constructor(path: string, listener: ConnectionListener) {
    this.#socket = connect(path);
    this.#socket.on('data', (chunk) => {
      try {
        for (const line of this.#lines.split(chunk)) {
          if (this.#socket.destroyed) return;
          listener.received(parse(line));
        }
      } catch (error) {
        if (!(error instanceof ItermbusError)) throw error;
        this.end(error);
      }
    });
    this.#socket.on('error', (cause) => {
      this.#reason ??= new ItermbusError('disconnected', `${path}: ${cause.message}`, { cause });
    });
    this.ended = new Promise((resolve) => this.#socket.once('close', () => { resolve(); }));
    this.#socket.on('close', () => {
      listener.ended(this.#reason ?? new ItermbusError('disconnected', 'the gateway ended the connection'));
    });
  }

  /** @throws {@link ItermbusError} `busy` when too much waits to be sent already. */
  send(message: FromClient): void {
    if (this.#socket.writableLength > OUTGOING_BYTES) {
      throw new ItermbusError('busy', `${OUTGOING_BYTES} bytes wait to be sent to the gateway already`);
    }
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends it; the listener is told the reason, unless there was one before. */
  end(reason: ItermbusError): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }
}

function parse(line: string): ToClient {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new ItermbusError('protocol', 'a line of the gateway is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    throw new ItermbusError('protocol', 'a line of the gateway is not a message');
  }
  return value as ToClient;
}
