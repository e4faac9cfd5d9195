/** A session as a Node stream: reading gives its bytes, writing types. */

import { Duplex } from 'node:stream';
import { ItermbusError } from './errors.js';
import type { Gap, Prompt, Size } from './messages.js';
import type { Position } from './position.js';
import type { Snapshot } from './snapshots.js';
import type { Subscription } from './subscription.js';

/** How a session is opened. */
export interface OpenOptions {
  /** Begins with the bytes from there, if the session still has them; else with a snapshot. */
  resume?: Position | undefined;
  /**
   * Told of input that was refused, after which the writing side goes on with what follows. Without it a refused input
   * destroys the stream with the error, as it is with Node's own streams.
   */
  refused?: ((error: ItermbusError) => void) | undefined;
}

/** The events of a {@link SessionStream} beside those of `Duplex`; each stands exactly between the bytes around it. */
export interface SessionStreamEvents {
  /** These bytes are gone; a snapshot follows, unless the broker is away. */
  gap: [gap: Gap];
  /** The screen as of here: at the beginning, after a gap, in a new epoch. */
  snapshot: [snapshot: Snapshot];
  /** The screen's size from here on. */
  size: [size: Size];
  /** A shell's prompt, or a command's beginning or end. It may come late: its `offset` says where it belongs. */
  prompt: [prompt: Prompt];
}

type Listener<K extends keyof SessionStreamEvents> = (...values: SessionStreamEvents[K]) => void;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- Duplex itself has no types for events
export interface SessionStream {
  on<K extends keyof SessionStreamEvents>(event: K, listener: Listener<K>): this;
  on(...rest: Parameters<Duplex['on']>): this;
  once<K extends keyof SessionStreamEvents>(event: K, listener: Listener<K>): this;
  once(...rest: Parameters<Duplex['once']>): this;
  off<K extends keyof SessionStreamEvents>(event: K, listener: Listener<K>): this;
  off(...rest: Parameters<Duplex['off']>): this;
}

/** Who types for the stream: resolves when it is written, rejects when it is refused or nobody knows. */
export type Typist = (data: Buffer, signal: AbortSignal) => Promise<void>;

/** What is read ahead of the reader, beside the window. */
const READ_AHEAD = 16 * 1024;

/**
 * The bytes of one session, over reconnections. What its reader does not read waits in the session's ring, and when
 * that has no more room, becomes a `gap`.
 *
 * It ends when the session does. `destroy` leaves the session alone; `session.open` opens it again.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class SessionStream extends Duplex {
  /** The session's id. */
  readonly sessionId: string;
  readonly #subscription: Subscription;
  readonly #type: Typist;
  readonly #inline: boolean;
  readonly #refused: OpenOptions['refused'];
  readonly #gone = new AbortController();
  #wanted = false;
  #pumping = false;
  #position: Position | undefined;

  /** Not for users: `session.open()` and `session.screen()` make it. */
  constructor(subscription: Subscription, type: Typist, inline: boolean, options: OpenOptions) {
    super({ readableHighWaterMark: READ_AHEAD, allowHalfOpen: false });
    this.sessionId = subscription.sessionId;
    this.#subscription = subscription;
    this.#type = type;
    this.#inline = inline;
    this.#refused = options.refused;
    this.#position = options.resume;
    subscription.onItem = () => {
      this.#pump();
    };
  }

  /** The first byte that was not handed to the reader yet: keep it, and give it back as `resume`. */
  get position(): Position | undefined {
    return this.#position;
  }

  // --- reading ---

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    // What stands behind the last byte of a buffer has its turn once the reader has that byte.
    if (chunk !== null && this.readableLength === 0) {
      queueMicrotask(() => {
        this.#pump();
      });
    }
    return chunk;
  }

  override _read(): void {
    this.#wanted = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.destroyed && this.#step());
    } finally {
      this.#pumping = false;
    }
  }

  /** Hands the first item on; false when it has to wait, or there is none. */
  #step(): boolean {
    const item = this.#subscription.head;
    if (item === undefined) return false;
    if (item.kind === 'bytes') return this.#stepBytes(item.data, item.next);
    if (item.kind === 'end') {
      this.#subscription.shift();
      this.push(null);
      return false;
    }
    const repaint = item.kind === 'snapshot' && this.#inline ? item.message.data : undefined;
    if (repaint === undefined ? this.readableLength > 0 : !this.#wanted) return false;
    this.#subscription.shift();
    if (item.kind === 'gap') this.#position = { epoch: item.message.epoch, offset: item.message.to };
    if (item.kind === 'snapshot' && item.message.epoch !== null) {
      this.#position = { epoch: item.message.epoch, offset: item.message.offset };
    }
    if (repaint !== undefined) this.#give(repaint);
    this.emit(item.kind, item.message);
    return true;
  }

  #stepBytes(data: Buffer, next: Position): boolean {
    if (!this.#wanted) return false;
    this.#subscription.shift();
    this.#position = next;
    this.#give(data);
    return true;
  }

  #give(data: Buffer): void {
    if (data.length === 0) return;
    // Before the push, because a reader that asks for more while it is called sets it again.
    this.#wanted = false;
    if (this.push(data)) this.#wanted = true;
  }

  // --- writing ---

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#type(chunk, this.#gone.signal).then(
      () => {
        done();
      },
      (error: unknown) => {
        if (this.#refused === undefined || !(error instanceof ItermbusError) || this.destroyed) {
          done(error instanceof Error ? error : new ItermbusError('protocol', String(error)));
          return;
        }
        this.#refused(error);
        done();
      },
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#gone.abort();
    done(error);
  }
}
