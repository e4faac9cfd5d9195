/** The client: one gateway, over as many connections as it takes. */

import { EventEmitter } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Backoff, type ReconnectOptions } from './backoff.js';
import { Connection } from './connection.js';
import { ItermbusError, errorFrom } from './errors.js';
import type { ClientEvents } from './events.js';
import { LayoutAssembler, sessionsOf, type Layout } from './layout.js';
import type { Focus, Hello, Iterm2, LayoutTree, Limits, ResumeFrom, ToClient, Welcome } from './messages.js';
import { Requests, type Answer, type Request, type RequestOptions } from './requests.js';
import { Session, incomplete, type Created, type SessionHost } from './session.js';
import { SnapshotAssembler, type Snapshot } from './snapshots.js';
import { Subscription, type SubscriptionHost } from './subscription.js';

/** How to connect. */
export interface ConnectOptions {
  /** The gateway's socket; `~/.itermbus/run/gateway.sock` by default. */
  path?: string;
  /** The client's name, which others are told when they get `busy`; 64 characters at most. */
  name?: string;
  /** Refuses everything that would change something. */
  readOnly?: boolean;
  /** Takes terminal queries out of the bytes, so that a viewer does not answer them. */
  stripQueries?: boolean;
  /** Bytes of a session that may be on their way to its reader. Default 256 KiB. */
  window?: number;
  /** How to connect again after the connection ended; false: not at all. */
  reconnect?: ReconnectOptions | false;
  /** Milliseconds that the gateway has for its welcome. Default 10,000. */
  timeout?: number;
}

/** A tab or window to be made. */
export interface CreateOptions extends RequestOptions {
  profile?: string;
  command?: string;
}

/** Whether the gateway is connected to iTerm2, and if not, why. */
export type Iterm2Connection = Pick<Iterm2, 'connected' | 'reason'>;

/** Sessions that one `hello` may name, so that many streams may be open. */
const STREAMS = 1000;
const WINDOW_BYTES = 256 * 1024;
const WELCOME_TIMEOUT = 10_000;
const HELLO_ID = 0;

/** Connects, and resolves once the gateway has answered. Rejects with {@link ItermbusError} when it cannot. */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const client = new Client(options);
  await client.connect();
  return client;
}

/** The gateway's default path. */
export function defaultPath(): string {
  return join(homedir(), '.itermbus', 'run', 'gateway.sock');
}

/** A connection to the gateway that comes back by itself, and what is known through it. */
export class Client extends EventEmitter<ClientEvents> {
  /** Where the gateway listens. */
  readonly path: string;
  readonly #options: ConnectOptions;
  readonly #backoff: Backoff;
  readonly #window: number;
  readonly #sessions = new Map<string, Session>();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #waiters = new Set<(error?: ItermbusError) => void>();
  #connecting: Connection | undefined;
  #connection: Connection | undefined;
  #requests: Requests | undefined;
  #snapshots = new SnapshotAssembler();
  #layouts = new LayoutAssembler();
  #timer: NodeJS.Timeout | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  #welcome: Welcome | undefined;
  #layout: Layout | undefined;
  #focus: Focus | undefined;
  #iterm2: Iterm2Connection = { connected: false, reason: 'not connected to the gateway' };
  /** The next layout is all there is: sessions that are not in it have gone unseen. */
  #sweeps = true;

  /** Nothing happens before `connect`. */
  constructor(options: ConnectOptions = {}) {
    super();
    this.path = options.path ?? defaultPath();
    this.#options = options;
    this.#window = options.window ?? WINDOW_BYTES;
    this.#backoff = new Backoff(options.reconnect === false ? { attempts: 0 } : options.reconnect);
  }

  // --- what is known ---

  /** Whether there is a connection at the moment. */
  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** Whether it is closed for good. */
  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** The gateway's version and name. */
  get server(): string | undefined {
    return this.#welcome?.server;
  }

  /** What the gateway allows. */
  get limits(): Limits | undefined {
    return this.#welcome?.limits;
  }

  get iterm2(): Iterm2Connection {
    return this.#iterm2;
  }

  /** The newest layout; undefined until iTerm2 is connected. */
  get layout(): Layout | undefined {
    return this.#layout;
  }

  /** Where the user types; undefined until that changes: the layout says it too. */
  get focus(): Focus | undefined {
    return this.#focus;
  }

  /** Every session, by its id. */
  get sessions(): ReadonlyMap<string, Session> {
    return this.#sessions;
  }

  /** @throws {@link ItermbusError} `no_such_session`. */
  session(id: string): Session {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new ItermbusError('no_such_session', `there is no session ${id}`);
    return session;
  }

  // --- requests ---

  /** Opens a window. */
  async createWindow(options: CreateOptions = {}): Promise<Created> {
    const { profile = null, command = null } = options;
    return this.#created(await this.#ask({ type: 'create_window', profile, command }, options));
  }

  /** Opens a tab in that window, else in the current one, else in a new one. */
  async createTab(options: CreateOptions & { window_id?: string } = {}): Promise<Created> {
    const { profile = null, command = null, window_id = null } = options;
    return this.#created(await this.#ask({ type: 'create_tab', window_id, profile, command }, options));
  }

  /** Selects a tab. */
  async activateTab(tabId: string, options: RequestOptions = {}): Promise<void> {
    await this.#ask({ type: 'activate', tab_id: tabId }, options);
  }

  /** Brings a window to the front. */
  async activateWindow(windowId: string, options: RequestOptions = {}): Promise<void> {
    await this.#ask({ type: 'activate', window_id: windowId }, options);
  }

  /** Closes a tab; with `force` without a question to the user. */
  async closeTab(tabId: string, options: RequestOptions & { force?: boolean } = {}): Promise<void> {
    await this.#ask({ type: 'close', tab_id: tabId, force: options.force ?? false }, options);
  }

  /** Closes a window; with `force` without a question to the user. */
  async closeWindow(windowId: string, options: RequestOptions & { force?: boolean } = {}): Promise<void> {
    await this.#ask({ type: 'close', window_id: windowId, force: options.force ?? false }, options);
  }

  /** Resolves once the gateway has answered. */
  async ping(options: RequestOptions = {}): Promise<void> {
    await this.#ask({ type: 'ping' }, options);
  }

  async #ask(request: Request, options: RequestOptions, onAnswer?: () => void): Promise<Answer> {
    if (this.#state === 'closed') throw closedError();
    if (this.#requests === undefined) {
      throw new ItermbusError('disconnected', `${request.type}: there is no connection to the gateway`);
    }
    const { signal, timeout } = options;
    return await this.#requests.ask(request, { signal, timeout }, onAnswer);
  }

  #created(answer: Answer): Created {
    if (!('window_id' in answer)) throw incomplete('create');
    const { window_id, tab_id, session_id } = answer;
    const session = this.#sessions.get(session_id ?? '');
    if (tab_id === undefined || session === undefined) throw incomplete('create');
    return { window_id, tab_id, session };
  }

  // --- the connection ---

  /** Connects for the first time. Rejects with {@link ItermbusError} when that fails: it is not tried again. */
  async connect(): Promise<void> {
    if (this.#state !== 'new') throw new ItermbusError('closed', 'this client was connected before');
    this.#state = 'open';
    try {
      await this.#establish();
    } catch (error) {
      this.#state = 'closed';
      throw error;
    }
    this.emit('connect');
  }

  /** Ends the connection and every stream. Requests that wait are rejected with `closed`. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    const connection = this.#connection ?? this.#connecting;
    const ended = connection === undefined ? undefined : connection.ended;
    this.#finish(undefined);
    connection?.end(closedError());
    await ended;
  }

  #finish(error: ItermbusError | undefined): void {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    const streams = [...this.#sessions.values()].map((session) => session.stream);
    for (const stream of streams) stream?.destroy(error);
    for (const waiter of [...this.#waiters]) waiter(error ?? closedError());
    this.emit('close', error);
  }

  async #establish(): Promise<void> {
    const named = [...this.#subscriptions.values()].filter((subscription) => subscription.mayBegin());
    await new Promise<void>((resolve, reject) => {
      let welcomed = false;
      let refusal: ItermbusError | undefined;
      const connection = new Connection(this.path, {
        received: (message) => {
          if (welcomed) this.#received(message);
          else if (message.type === 'welcome') {
            welcomed = true;
            clearTimeout(timer);
            this.#welcomed(connection, message, named);
            resolve();
          } else if (message.type === 'error') {
            refusal = errorFrom(message);
            if (message.id === HELLO_ID) connection.end(refusal);
          }
        },
        ended: (reason) => {
          clearTimeout(timer);
          this.#connecting = undefined;
          if (welcomed) this.#lost(reason);
          else reject(refusal ?? reason);
        },
      });
      const timeout = this.#options.timeout ?? WELCOME_TIMEOUT;
      const timer = setTimeout(() => {
        connection.end(new ItermbusError('timeout', `the gateway did not answer within ${timeout} ms`));
      }, timeout);
      this.#connecting = connection;
      connection.send(this.#hello(named));
    });
  }

  #hello(named: Subscription[]): Hello {
    const { name = '', readOnly = false, stripQueries = false } = this.#options;
    const resume: Record<string, ResumeFrom> = {};
    for (const { sessionId, position } of named) if (position !== undefined) resume[sessionId] = position;
    return {
      type: 'hello',
      id: HELLO_ID,
      version: 2,
      client: name,
      sessions: named.length === 0 ? 'none' : named.map((subscription) => subscription.sessionId),
      read_only: readOnly,
      strip_queries: stripQueries,
      resume,
      window: this.#window,
    };
  }

  #welcomed(connection: Connection, welcome: Welcome, named: Subscription[]): void {
    const again = this.#welcome !== undefined;
    this.#connection = connection;
    this.#requests = new Requests(connection, welcome.limits?.requests ?? 1);
    this.#snapshots = new SnapshotAssembler();
    this.#layouts = new LayoutAssembler();
    this.#welcome = welcome;
    this.#backoff.connected();
    this.#sweeps = true;
    this.#iterm2 = { connected: welcome.iterm2.connected, reason: '' };
    for (const subscription of named) subscription.begin();
    if (welcome.iterm2.connected) this.#takeLayout(welcome.layout);
    this.#subscribeWaiting();
    for (const waiter of [...this.#waiters]) waiter();
    if (again) this.emit('reconnect');
  }

  #lost(reason: ItermbusError): void {
    this.#connection = undefined;
    const requests = this.#requests;
    this.#requests = undefined;
    for (const subscription of this.#subscriptions.values()) subscription.interrupt();
    requests?.fail(reason);
    this.emit('disconnect', reason);
    this.#tryAgain(reason);
  }

  #tryAgain(reason: ItermbusError): void {
    if (this.#state === 'closed') return;
    const wait = this.#backoff.next();
    if (wait === undefined) {
      this.#finish(reason);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#establish().catch((error: unknown) => {
        this.#tryAgain(error instanceof ItermbusError ? error : reason);
      });
    }, wait);
  }

  #whenConnected(signal: AbortSignal): Promise<void> {
    if (this.connected) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: ItermbusError): void => {
        this.#waiters.delete(settle);
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = (): void => {
        settle(closedError());
      };
      if (this.#state === 'closed' || signal.aborted) {
        abort();
        return;
      }
      signal.addEventListener('abort', abort);
      this.#waiters.add(settle);
    });
  }

  // --- what the gateway says ---

  #received(message: ToClient): void {
    switch (message.type) {
      case 'data':
        this.#subscriptions.get(message.session_id)?.receive(message);
        return;
      case 'gap':
        this.#subscriptions.get(message.session_id)?.receive(message);
        this.emit('gap', message);
        return;
      case 'size':
        this.#subscriptions.get(message.session_id)?.receive(message);
        this.emit('size', message);
        return;
      case 'prompt':
        this.#subscriptions.get(message.session_id)?.receive(message);
        this.emit('prompt', message);
        return;
      case 'snapshot': {
        const snapshot = this.#snapshots.take(message);
        if (snapshot !== undefined) this.#show(snapshot, message.id);
        return;
      }
      case 'result':
        this.#requests?.answered(message.id, message);
        return;
      case 'error':
        if (this.#requests?.refused(message) === false) this.emit('refused', errorFrom(message));
        return;
      case 'layout':
        this.#takeLayout(message);
        return;
      case 'session':
        this.#sessions.get(message.session_id)?.update(message);
        this.emit('session', message);
        return;
      case 'focus':
        this.#focus = message;
        this.emit('focus', message);
        return;
      case 'config':
        this.emit('config', message);
        return;
      case 'closed':
        this.#forget(message.session_id);
        return;
      case 'iterm2':
        this.#iterm2 = { connected: message.connected, reason: message.reason };
        this.#sweeps = true;
        this.emit('iterm2', message);
        return;
      default:
        // Messages of a newer gateway are ignored, as its contract asks.
        return;
    }
  }

  #show(snapshot: Snapshot, id: Welcome['id']): void {
    if (typeof id === 'number') {
      this.#requests?.answered(id, snapshot);
      return;
    }
    this.#subscriptions.get(snapshot.session_id)?.show(snapshot);
    this.emit('snapshot', snapshot);
  }

  #takeLayout(part: LayoutTree): void {
    const layout = this.#layouts.take(part);
    if (layout === undefined) return;
    this.#layout = layout;
    const there = new Set<string>();
    for (const place of sessionsOf(layout)) {
      const id = place.session.session_id;
      there.add(id);
      const known = this.#sessions.get(id);
      if (known === undefined) this.#sessions.set(id, new Session(place, this.#host, (answer) => this.#created(answer)));
      else known.update(place);
    }
    if (this.#sweeps) {
      this.#sweeps = false;
      for (const id of [...this.#sessions.keys()]) if (!there.has(id)) this.#forget(id);
    }
    this.emit('layout', layout);
    this.#subscribeWaiting();
  }

  #forget(sessionId: string): void {
    const session = this.#sessions.get(sessionId);
    this.#sessions.delete(sessionId);
    session?.update('closed');
    this.#subscriptions.get(sessionId)?.end();
    if (session !== undefined) this.emit('closed', { type: 'closed', session_id: sessionId });
  }

  // --- streams ---

  readonly #host: SessionHost & SubscriptionHost = {
    ask: (request, options) => this.#ask(request, options),
    snapshot: async (sessionId, scrollback, options) => {
      const answer = await this.#ask({ type: 'snapshot', session_id: sessionId, scrollback }, options);
      if (!('data' in answer)) throw incomplete('snapshot');
      return answer;
    },
    open: (sessionId, resume) => {
      if (this.#state === 'closed') throw closedError();
      if (this.#subscriptions.size >= STREAMS) throw new ItermbusError('busy', `${STREAMS} streams are open already`);
      const subscription = new Subscription(sessionId, this.#host, this.#window, resume);
      this.#subscriptions.set(sessionId, subscription);
      this.#host.subscribe(subscription);
      return subscription;
    },
    release: (subscription) => {
      const { sessionId, subscribed } = subscription;
      if (this.#subscriptions.get(sessionId) === subscription) this.#subscriptions.delete(sessionId);
      subscription.interrupt();
      if (!subscribed || !this.connected) return;
      this.#ask({ type: 'unsubscribe', sessions: [sessionId] }, {}).catch(() => undefined);
    },
    subscribe: (subscription) => {
      this.#subscribe(subscription);
    },
    credit: (sessionId, bytes) => {
      try {
        this.#connection?.send({ type: 'credit', session_id: sessionId, bytes });
      } catch (error) {
        // Without credit the session would stand still; a new connection begins with a full window.
        if (error instanceof ItermbusError) this.#connection?.end(error);
      }
    },
    whenConnected: (signal) => this.#whenConnected(signal),
  };

  readonly #subscribing = new Set<Subscription>();

  #subscribeWaiting(): void {
    for (const subscription of this.#subscriptions.values()) this.#subscribe(subscription);
  }

  /** Sends `subscribe`. Where that is not possible now, the next connection or the next layout leads here again. */
  #subscribe(subscription: Subscription): void {
    const { sessionId, position, subscribed, ended } = subscription;
    if (subscribed || ended || this.#subscribing.has(subscription) || !this.connected || !subscription.mayBegin()) return;
    this.#subscribing.add(subscription);
    const current = (): boolean => this.#subscriptions.get(sessionId) === subscription;
    const resume = position === undefined ? {} : { [sessionId]: position };
    this.#ask({ type: 'subscribe', sessions: [sessionId], resume }, {}, () => {
      if (current()) subscription.begin();
    })
      .catch((error: unknown) => {
        if (error instanceof ItermbusError && error.code === 'no_such_session') subscription.end();
        else if (error instanceof ItermbusError && !RECOVERABLE.has(error.code)) {
          this.#sessions.get(sessionId)?.stream?.destroy(error);
        }
      })
      .finally(() => {
        this.#subscribing.delete(subscription);
        // Its stream was destroyed meanwhile, or the connection is another one.
        if (!current() && this.connected && !this.#subscriptions.has(sessionId)) {
          this.#ask({ type: 'unsubscribe', sessions: [sessionId] }, {}).catch(() => undefined);
        }
      });
  }
}

/** Refusals of a `subscribe` after which it is tried again. */
const RECOVERABLE: ReadonlySet<string> = new Set(['disconnected', 'iterm2_unavailable', 'closed']);

function closedError(): ItermbusError {
  return new ItermbusError('closed', 'the client is closed');
}
