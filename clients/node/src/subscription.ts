/** One session's bytes as they come: in order, by offset, over reconnections, as much of them as there is credit. */

import { CreditAccount } from './credit.js';
import { Inbox, type Item } from './inbox.js';
import type { Data, Gap, Prompt, Size } from './messages.js';
import { advanced, painted, type Position } from './position.js';
import type { Snapshot } from './snapshots.js';

/** What a subscription asks of its client. */
export interface SubscriptionHost {
  /** Sends `subscribe` with the position, and calls `begin` when it is accepted; waits for a connection if need be. */
  subscribe(subscription: Subscription): void;
  credit(sessionId: string, bytes: number): void;
}

/** Between the client, which puts in what comes, and the stream, which takes it out at its reader's pace. */
export class Subscription {
  readonly sessionId: string;
  /** Called whenever something was put in. */
  onItem: () => void = () => undefined;
  readonly #host: SubscriptionHost;
  readonly #inbox = new Inbox();
  readonly #account: CreditAccount;
  #position: Position | undefined;
  #subscribed = false;
  #fresh = false;
  #postponed = false;
  #ended = false;

  constructor(sessionId: string, host: SubscriptionHost, window: number, resume?: Position) {
    this.sessionId = sessionId;
    this.#host = host;
    this.#account = new CreditAccount(window);
    this.#position = resume;
  }

  /** The first byte that has not come yet. */
  get position(): Position | undefined {
    return this.#position;
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether it may be subscribed to now; if not, it asks for it itself once its reader has read enough. */
  mayBegin(): boolean {
    this.#postponed = !this.#account.mayBegin(this.#inbox.span);
    return !this.#postponed;
  }

  /** It is subscribed to: what comes from here on is for it. */
  begin(): void {
    this.#subscribed = this.#fresh = true;
    this.#postponed = false;
    this.#account.begin(this.#inbox.span);
  }

  /** The connection ended. */
  interrupt(): void {
    this.#subscribed = this.#postponed = false;
  }

  /** @throws {@link ItermbusError} `protocol` when a byte is missing. */
  receive(message: Data | Gap | Size | Prompt): void {
    if (!this.#subscribed) return;
    if (message.type === 'size' || message.type === 'prompt') {
      this.#put(message.type === 'size' ? { kind: 'size', message } : { kind: 'prompt', message });
      return;
    }
    const next = advanced(this.#position, message);
    this.#position = next;
    this.#fresh = false;
    if (message.type === 'gap') this.#put({ kind: 'gap', message });
    else {
      const span = message.next - message.offset;
      this.#put({ kind: 'bytes', data: Buffer.from(message.data, 'base64'), span, next });
    }
  }

  /** @throws {@link ItermbusError} `protocol` when it stands at a wrong place. */
  show(snapshot: Snapshot): void {
    if (!this.#subscribed) return;
    // A resume that the gateway knows nothing of begins with a snapshot, wherever that is.
    this.#position = painted(this.#fresh ? undefined : this.#position, snapshot) ?? this.#position;
    this.#fresh = false;
    this.#put({ kind: 'snapshot', message: snapshot });
  }

  /** The session is gone: the stream ends behind what has come. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#subscribed = false;
    this.#put({ kind: 'end' });
  }

  get head(): Item | undefined {
    return this.#inbox.head;
  }

  /** The reader has the first item. */
  shift(): void {
    const item = this.#inbox.head;
    this.#inbox.shift();
    if (item?.kind !== 'bytes') return;
    if (this.#postponed) {
      if (this.mayBegin()) this.#host.subscribe(this);
    } else if (this.#subscribed) {
      const credit = this.#account.take(item.span);
      if (credit > 0) this.#host.credit(this.sessionId, credit);
    }
  }

  #put(item: Item): void {
    this.#inbox.add(item);
    this.onItem();
  }
}
