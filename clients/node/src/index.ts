/**
 * The client of itermbus: iTerm2's sessions as Node streams.
 *
 * @packageDocumentation
 */

export type { ReconnectOptions } from './backoff.js';
export { Client, connect, defaultPath } from './client.js';
export type { ConnectOptions, CreateOptions, Iterm2Connection } from './client.js';
export { ItermbusError } from './errors.js';
export type { ErrorCode, ErrorDetails, GatewayCode, LocalCode } from './errors.js';
export type { ClientEvents } from './events.js';
export { panes, sessionsOf } from './layout.js';
export type { Layout, Place } from './layout.js';
export type {
  Closed,
  ConfigChanged,
  ConfigValues,
  Cursor,
  Focus,
  Gap,
  Iterm2,
  Limits,
  Modes,
  Prompt,
  SessionChanged,
  SessionLeaf,
  Size,
  SplitNode,
  TabNode,
  WindowNode,
} from './messages.js';
export type { Position } from './position.js';
export type { RequestOptions } from './requests.js';
export type { Created, ResizeOptions, Session, SplitOptions } from './session.js';
export type { Snapshot } from './snapshots.js';
export type { OpenOptions, SessionStream, SessionStreamEvents } from './stream.js';
