/** One session, as it is known now, and what can be done with it. */

import { ItermbusError } from './errors.js';
import { InputQueue } from './input.js';
import type { Place } from './layout.js';
import type { ConfigValues, ResumeFrom, SessionChanged, SessionLeaf } from './messages.js';
import type { Answer, Request, RequestOptions } from './requests.js';
import type { Snapshot } from './snapshots.js';
import { SessionStream, type OpenOptions } from './stream.js';
import type { Subscription } from './subscription.js';

/** What a session asks of its client. */
export interface SessionHost {
  ask(request: Request, options: RequestOptions): Promise<Answer>;
  snapshot(sessionId: string, scrollback: number, options: RequestOptions): Promise<Snapshot>;
  open(sessionId: string, resume: ResumeFrom | undefined): Subscription;
  release(subscription: Subscription): void;
  whenConnected(signal: AbortSignal): Promise<void>;
}

/** A lease of a session's size. */
export interface ResizeOptions extends RequestOptions {
  columns: number;
  rows: number;
  /** Seconds, 1 to 86400; the old size returns after it, or when the connection ends. */
  lease: number;
}

/** A pane to be made by a split. */
export interface SplitOptions extends RequestOptions {
  /** The divider is vertical: the panes stand side by side. */
  vertical?: boolean;
  /** The new pane is the left or upper one. */
  before?: boolean;
  profile?: string;
}

/** What a request made. */
export interface Created {
  window_id: string;
  tab_id: string;
  session: Session;
}

/** A session: one terminal. The same object as long as the session lives, over reconnections. */
export class Session {
  /** iTerm2's id of it. */
  readonly id: string;
  readonly #host: SessionHost;
  readonly #created: (answer: Answer) => Created;
  readonly #input: InputQueue;
  #leaf: SessionLeaf;
  #place: Place;
  #stream: SessionStream | undefined;
  #closed = false;

  /** Not for users: the client has them all. */
  constructor(place: Place, host: SessionHost, created: (answer: Answer) => Created) {
    this.id = place.session.session_id;
    this.#leaf = place.session;
    this.#place = place;
    this.#host = host;
    this.#created = created;
    this.#input = new InputQueue(async (piece, options) => {
      const data = piece.toString('base64');
      const answer = await host.ask({ type: 'input', session_id: this.id, data }, options);
      return 'written' in answer ? answer.written : piece.length;
    });
  }

  get title(): string {
    return this.#leaf.title;
  }

  get columns(): number {
    return this.#leaf.columns;
  }

  get rows(): number {
    return this.#leaf.rows;
  }

  /** Whether its bytes are read; if not, it is shown by snapshots and `reason` says why. */
  get attached(): boolean {
    return this.#leaf.attached;
  }

  get reason(): string | null {
    return this.#leaf.reason;
  }

  get path(): string | null {
    return this.#leaf.path;
  }

  /** The program in the foreground. */
  get job(): string | null {
    return this.#leaf.job;
  }

  /** Null for a buried session. */
  get windowId(): string | null {
    return this.#place.window_id;
  }

  /** Null for a buried session. */
  get tabId(): string | null {
    return this.#place.tab_id;
  }

  /** Whether it is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The stream that is open, if one is. */
  get stream(): SessionStream | undefined {
    return this.#stream;
  }

  /**
   * The session's bytes, and its keyboard: one stream at a time.
   *
   * @throws {@link ItermbusError} `already_open`, `no_such_session` when it is gone, `closed` when the client is.
   */
  open(options: OpenOptions = {}): SessionStream {
    return this.#open(options, false);
  }

  /**
   * The same for a viewer: each snapshot's repaint stands among the bytes, so what is read, written to a terminal
   * emulator, always shows the right screen.
   */
  screen(options: OpenOptions = {}): SessionStream {
    return this.#open(options, true);
  }

  #open(options: OpenOptions, inline: boolean): SessionStream {
    if (this.#closed) throw new ItermbusError('no_such_session', `session ${this.id} is gone`);
    if (this.#stream !== undefined) throw new ItermbusError('already_open', `session ${this.id} has a stream already`);
    const subscription = this.#host.open(this.id, options.resume);
    const stream = new SessionStream(subscription, (data, signal) => this.#typeWhenConnected(data, signal), inline, options);
    this.#stream = stream;
    stream.once('close', () => {
      this.#stream = undefined;
      this.#host.release(subscription);
    });
    return stream;
  }

  /** Waits for a connection, and again when it ended before the input was sent; never when its fate is unknown. */
  async #typeWhenConnected(data: Buffer, signal: AbortSignal): Promise<void> {
    for (let rest = data; rest.length > 0; ) {
      await this.#host.whenConnected(signal);
      try {
        await this.type(rest, { signal });
        return;
      } catch (error) {
        if (!(error instanceof ItermbusError) || error.code !== 'disconnected' || error.mayHaveHappened) throw error;
        rest = rest.subarray(error.written);
      }
    }
  }

  /**
   * Types. Resolves with the number of bytes once they are written to the session; rejects when they were refused, or
   * when nobody knows (`mayHaveHappened`).
   */
  type(data: string | Uint8Array, options: RequestOptions = {}): Promise<number> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return this.#input.type(bytes, options);
  }

  /** Leases the session's size; resolves with the size that iTerm2 gave. */
  async resize(options: ResizeOptions): Promise<{ columns: number; rows: number }> {
    const { columns, rows, lease } = options;
    const answer = await this.#host.ask({ type: 'resize', session_id: this.id, columns, rows, lease }, options);
    if (answer.columns === undefined || answer.rows === undefined) throw incomplete('resize');
    return { columns: answer.columns, rows: answer.rows };
  }

  /** Keeps the session's input to this client, until `release` or the connection's end. */
  async claim(options: RequestOptions = {}): Promise<void> {
    await this.#host.ask({ type: 'claim', session_id: this.id }, options);
  }

  /** Ends a claim. */
  async release(options: RequestOptions = {}): Promise<void> {
    await this.#host.ask({ type: 'release', session_id: this.id }, options);
  }

  /** Selects it: its pane, its tab, its window. */
  async activate(options: RequestOptions = {}): Promise<void> {
    await this.#host.ask({ type: 'activate', session_id: this.id }, options);
  }

  /** Divides its pane. */
  async split(options: SplitOptions = {}): Promise<Created> {
    const { vertical = false, before = false, profile = null } = options;
    const request = { type: 'split', session_id: this.id, vertical, before, profile } as const;
    return this.#created(await this.#host.ask(request, options));
  }

  /** Closes it; with `force` without a question to the user. */
  async close(options: RequestOptions & { force?: boolean } = {}): Promise<void> {
    await this.#host.ask({ type: 'close', session_id: this.id, force: options.force ?? false }, options);
  }

  /** Its screen now, with so many lines of scrollback above it. */
  snapshot(options: RequestOptions & { scrollback?: number } = {}): Promise<Snapshot> {
    return this.#host.snapshot(this.id, options.scrollback ?? 0, options);
  }

  /** Its profile: font, cursor, colours. */
  async profile(options: RequestOptions = {}): Promise<ConfigValues> {
    const answer = await this.#host.ask({ type: 'profile', session_id: this.id }, options);
    if (!('config' in answer)) throw incomplete('profile');
    return answer.config;
  }

  /** Not for users: what the gateway says of it. */
  update(what: Place | SessionChanged | 'closed'): void {
    if (what === 'closed') this.#closed = true;
    else if ('session' in what) {
      this.#place = what;
      this.#leaf = what.session;
    } else {
      // The `type` of the message comes along and is nobody's.
      this.#leaf = { ...this.#leaf, ...what };
    }
  }
}

/** The error for an answer that lacks what its contract promises. */
export function incomplete(request: string): ItermbusError {
  return new ItermbusError('protocol', `${request}: the gateway's answer is incomplete`);
}
