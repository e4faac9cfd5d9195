/**
 * The messages of the gateway's dialect 2.
 *
 * Generated from docs/schema/dialect2.schema.json by `npm run generate`; not to be edited.
 */

export type Dialect2 = FromClient | ToClient;
export type FromClient =
  | Hello
  | Subscribe
  | Unsubscribe
  | InputRequest
  | ResizeRequest
  | Claim
  | Release
  | ActivateRequest
  | CreateWindowRequest
  | CreateTabRequest
  | SplitRequest
  | CloseRequest
  | SnapshotRequest
  | ProfileRequest
  | Credit
  | Ping;
export type ToClient =
  | Welcome
  | Layout
  | SessionChanged
  | Focus
  | Iterm2
  | Closed
  | ConfigChanged
  | Data
  | Snapshot
  | Size
  | Prompt
  | Gap
  | Result
  | Error;

/**
 * Begins dialect 2. `window` is the credit in bytes that each session begins with; without it there is no limit.
 */
export interface Hello {
  type: 'hello';
  id?: string | number | null;
  version: 2;
  client?: string;
  sessions?: ('all' | 'none') | string[];
  read_only?: boolean;
  strip_queries?: boolean;
  resume?: {
    [k: string]: ResumeFrom;
  };
  window?: number | null;
}
/**
 * The position of the first byte that the client does not have.
 */
export interface ResumeFrom {
  epoch: string;
  offset: number;
}
/**
 * Sends these sessions' bytes from now on; of one that is sent already it begins anew.
 */
export interface Subscribe {
  type: 'subscribe';
  id?: string | number | null;
  sessions: 'all' | string[];
  resume?: {
    [k: string]: ResumeFrom;
  };
}
/**
 * Ends that, for these sessions or for all.
 */
export interface Unsubscribe {
  type: 'unsubscribe';
  id?: string | number | null;
  sessions: 'all' | string[];
}
/**
 * Writes `data` to the session as if typed.
 */
export interface InputRequest {
  type: 'input';
  id?: string | number | null;
  session_id: string;
  data: string;
}
/**
 * Sets a session's grid for `lease` seconds, or as long as the connection lasts if that is shorter.
 */
export interface ResizeRequest {
  type: 'resize';
  id?: string | number | null;
  session_id: string;
  columns: number;
  rows: number;
  lease: number;
}
/**
 * Keeps the session's input to this client.
 */
export interface Claim {
  type: 'claim';
  id?: string | number | null;
  session_id: string;
}
/**
 * Ends a claim.
 */
export interface Release {
  type: 'release';
  id?: string | number | null;
  session_id: string;
}
/**
 * Selects one of these.
 */
export interface ActivateRequest {
  type: 'activate';
  id?: string | number | null;
  session_id?: string;
  tab_id?: string;
  window_id?: string;
}
export interface CreateWindowRequest {
  type: 'create_window';
  id?: string | number | null;
  profile?: string | null;
  command?: string | null;
}
/**
 * A tab in `window_id`, else in the current window, else in a new one.
 */
export interface CreateTabRequest {
  type: 'create_tab';
  id?: string | number | null;
  window_id?: string | null;
  profile?: string | null;
  command?: string | null;
}
/**
 * Divides a session's pane. `vertical`: the divider is. `before`: the new pane is the left or upper one.
 */
export interface SplitRequest {
  type: 'split';
  id?: string | number | null;
  session_id: string;
  vertical?: boolean;
  before?: boolean;
  profile?: string | null;
}
/**
 * Closes one of these; `force`: without a question to the user.
 */
export interface CloseRequest {
  type: 'close';
  id?: string | number | null;
  session_id?: string;
  tab_id?: string;
  window_id?: string;
  force?: boolean;
}
/**
 * A repaint, with `scrollback` lines above the screen.
 */
export interface SnapshotRequest {
  type: 'snapshot';
  id?: string | number | null;
  session_id: string;
  scrollback?: number;
}
/**
 * A session's profile.
 */
export interface ProfileRequest {
  type: 'profile';
  id?: string | number | null;
  session_id: string;
}
/**
 * So many bytes more may be sent of a session. Has no answer unless it is refused.
 */
export interface Credit {
  type: 'credit';
  id?: string | number | null;
  session_id: string;
  bytes: number;
}
/**
 * Answered at once.
 */
export interface Ping {
  type: 'ping';
  id?: string | number | null;
}
/**
 * The answer to `hello`.
 */
export interface Welcome {
  type: 'welcome';
  id?: string | number | null;
  version?: number;
  server: string;
  iterm2: Iterm2State;
  layout: LayoutTree;
  limits?: Limits;
}
export interface Iterm2State {
  connected: boolean;
  version: string | null;
}
/**
 * Windows, tabs and panes; `buried` sessions are in none.
 *
 *     `more`: the next `layout` continues this one, its first window perhaps with more tabs of the last one here.
 */
export interface LayoutTree {
  windows: WindowNode[];
  active_window_id: string | null;
  active_tab_id: string | null;
  active_session_id: string | null;
  application_active: boolean;
  buried?: SessionLeaf[];
  more?: boolean;
}
export interface WindowNode {
  window_id: string;
  selected_tab_id: string | null;
  tabs: TabNode[];
}
export interface TabNode {
  tab_id: string;
  active_session_id: string | null;
  root: SplitNode;
}
/**
 * `vertical`: the dividers are, so the panes stand side by side.
 */
export interface SplitNode {
  kind: 'split';
  vertical: boolean;
  children: (SplitNode | SessionLeaf)[];
}
/**
 * A pane. `reason` says why a session is not attached.
 */
export interface SessionLeaf {
  kind: 'session';
  session_id: string;
  title: string;
  columns: number;
  rows: number;
  attached: boolean;
  reason: string | null;
  path: string | null;
  job: string | null;
}
/**
 * Sizes in bytes, seconds, and requests that may wait for their answers.
 */
export interface Limits {
  input_line?: number;
  output_line?: number;
  data?: number;
  requests?: number;
  scrollback?: number;
  lease?: number;
  credit?: number;
}
/**
 * All of it again, because windows, tabs or panes changed.
 */
export interface Layout {
  type: 'layout';
  windows: WindowNode[];
  active_window_id: string | null;
  active_tab_id: string | null;
  active_session_id: string | null;
  application_active: boolean;
  buried?: SessionLeaf[];
  more?: boolean;
}
/**
 * What changed of a session; null: there is none any more.
 */
export interface SessionChanged {
  type: 'session';
  session_id: string;
  title?: string;
  columns?: number;
  rows?: number;
  attached?: boolean;
  reason?: string | null;
  path?: string | null;
  job?: string | null;
}
/**
 * Where the user types.
 */
export interface Focus {
  type: 'focus';
  application_active: boolean;
  window_id: string | null;
  tab_id: string | null;
  session_id: string | null;
}
/**
 * The connection to iTerm2 came or went; `reason` is for the user.
 */
export interface Iterm2 {
  type: 'iterm2';
  connected: boolean;
  reason: string;
}
/**
 * A session is gone, or one that was asked for was not there.
 */
export interface Closed {
  type: 'closed';
  session_id: string;
}
/**
 * A session's profile changed, or the theme that picks among its colours.
 */
export interface ConfigChanged {
  type: 'config';
  session_id: string;
  font: string;
  cursorType: 'CURSOR_TYPE_BLOCK' | 'CURSOR_TYPE_UNDERLINE' | 'CURSOR_TYPE_VERTICAL';
  cursorBlink: boolean;
  scrollback: number;
  foreground: string;
  background: string;
  cursor: string;
  selectionColor: string;
  ansiColors: string[];
}
/**
 * The bytes from `offset` up to `next` of an epoch; with `strip_queries` less the queries among them.
 */
export interface Data {
  type: 'data';
  session_id: string;
  epoch: string;
  offset: number;
  next: number;
  data: string;
}
/**
 * A repaint as of byte `offset`; `epoch` is null for a session whose bytes nobody gets.
 *
 *     `more`: the next `snapshot` of this session continues the repaint. `id`: of the request that it answers.
 */
export interface Snapshot {
  type: 'snapshot';
  session_id: string;
  epoch: string | null;
  offset: number;
  columns: number;
  rows: number;
  cursor: Cursor;
  modes: Modes;
  approximate: boolean;
  more?: boolean;
  id?: string | number | null;
  data: string;
}
/**
 * From 0, at the left and at the top.
 */
export interface Cursor {
  column: number;
  row: number;
}
/**
 * What programs have set of a terminal's modes, as far as the bytes of this epoch tell; None: nothing was said.
 *
 *     `mouse` is the number of the DEC private mode in force (1000, 1002, 1003), `mouse_encoding` that of its encoding
 *     (1005, 1006, 1015, 1016); 0 stands for none. `cursor_shape` is DECSCUSR's number.
 */
export interface Modes {
  alternate_screen?: boolean | null;
  cursor_keys?: boolean | null;
  keypad?: boolean | null;
  bracketed_paste?: boolean | null;
  focus_reporting?: boolean | null;
  cursor_visible?: boolean | null;
  autowrap?: boolean | null;
  mouse?: number | null;
  mouse_encoding?: number | null;
  cursor_shape?: number | null;
}
/**
 * The screen's size from byte `offset` on.
 */
export interface Size {
  type: 'size';
  session_id: string;
  epoch: string;
  offset: number;
  columns: number;
  rows: number;
}
/**
 * A shell's prompt, or the beginning or end of a command, at byte `offset`.
 */
export interface Prompt {
  type: 'prompt';
  session_id: string;
  epoch: string;
  offset: number;
  state: 'finished' | 'prompt' | 'running';
  command: string | null;
  status: number | null;
  path: string | null;
}
/**
 * The bytes from `from` up to `to` are gone for this client.
 */
export interface Gap {
  type: 'gap';
  session_id: string;
  epoch: string;
  from: number;
  to: number;
}
/**
 * It was carried out. Which of the other keys there are depends on the request.
 */
export interface Result {
  type: 'result';
  id?: string | number | null;
  written?: number;
  columns?: number;
  rows?: number;
  window_id?: string;
  tab_id?: string;
  session_id?: string;
  config?: ConfigValues;
}
/**
 * A profile, spelled as in dialect 1.
 */
export interface ConfigValues {
  font: string;
  cursorType: 'CURSOR_TYPE_BLOCK' | 'CURSOR_TYPE_UNDERLINE' | 'CURSOR_TYPE_VERTICAL';
  cursorBlink: boolean;
  scrollback: number;
  foreground: string;
  background: string;
  cursor: string;
  selectionColor: string;
  ansiColors: string[];
}
/**
 * It was refused. `holder`: who has claimed the session or leased its size. `written`: what was, of an `input`.
 */
export interface Error {
  type: 'error';
  id?: string | number | null;
  code:
    | 'bad_json'
    | 'busy'
    | 'internal'
    | 'invalid'
    | 'iterm2_unavailable'
    | 'no_such_session'
    | 'no_such_tab'
    | 'no_such_window'
    | 'not_attached'
    | 'read_only'
    | 'timeout'
    | 'too_long'
    | 'unknown_type'
    | 'unsupported_version';
  message: string;
  holder?: string;
  written?: number;
}
