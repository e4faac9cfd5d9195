/** What a client tells its user, each event as it comes. A stream has its own, each in its place among the bytes. */

import type { ItermbusError } from './errors.js';
import type { Layout } from './layout.js';
import type { Closed, ConfigChanged, Focus, Gap, Iterm2, Prompt, SessionChanged, Size } from './messages.js';
import type { Snapshot } from './snapshots.js';

/** Names and arguments of a client's events. */
export interface ClientEvents {
  /** The first connection stands. */
  connect: [];
  /** The connection ended; unless the client is closed it tries to connect again. */
  disconnect: [reason: ItermbusError];
  /** It is back: streams go on where they were. Leases and claims have ended. */
  reconnect: [];
  /** It is over, by `close()` or, with an error, because it gave up. Nothing comes after it. */
  close: [error: ItermbusError | undefined];
  /** Windows, tabs or panes changed, or a connection told it for the first time. */
  layout: [layout: Layout];
  /** What changed of a session. */
  session: [change: SessionChanged];
  /** Where the user types. */
  focus: [focus: Focus];
  /** The profile of a session with an open stream changed. */
  config: [config: ConfigChanged];
  /** A session is gone. */
  closed: [closed: Closed];
  /** The gateway's connection to iTerm2 came or went. */
  iterm2: [iterm2: Iterm2];
  /** Of sessions with an open stream, ahead of its reader. */
  gap: [gap: Gap];
  snapshot: [snapshot: Snapshot];
  size: [size: Size];
  prompt: [prompt: Prompt];
  /** The gateway refused a line that was no request. */
  refused: [error: ItermbusError];
}
