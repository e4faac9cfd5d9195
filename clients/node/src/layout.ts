/** The layout: put together from its lines, and looked through. */

import type { Layout as LayoutMessage, LayoutTree, SessionLeaf, SplitNode, WindowNode } from './messages.js';

/** Windows, their tabs, their panes; which of them are active; `buried` sessions are in no window. */
export type Layout = Omit<LayoutTree, 'more'>;

/** Two parts of one layout: a window that is in both has the tabs of both. */
function joined(first: LayoutTree, second: LayoutTree): LayoutTree {
  const windows: WindowNode[] = [...first.windows];
  for (const window of second.windows) {
    const index = windows.findIndex((known) => known.window_id === window.window_id);
    const known = windows[index];
    if (known === undefined) windows.push(window);
    else windows[index] = { ...known, tabs: [...known.tabs, ...window.tabs] };
  }
  return { ...second, windows, buried: [...(first.buried ?? []), ...(second.buried ?? [])] };
}

/** Puts the lines of a long layout together. */
export class LayoutAssembler {
  #partial: LayoutTree | undefined;

  /** The whole layout, once its last line is here. */
  take(part: LayoutTree | LayoutMessage): Layout | undefined {
    const tree = this.#partial === undefined ? part : joined(this.#partial, part);
    this.#partial = part.more ? tree : undefined;
    if (part.more) return undefined;
    const { windows, active_window_id, active_tab_id, active_session_id, application_active, buried = [] } = tree;
    return { windows, active_window_id, active_tab_id, active_session_id, application_active, buried };
  }
}

/** The panes of a split tree, left to right and top to bottom. */
export function* panes(node: SplitNode | SessionLeaf): Generator<SessionLeaf> {
  if (node.kind === 'session') yield node;
  else for (const child of node.children) yield* panes(child);
}

/** Where a session is. Both ids are null for a buried one. */
export interface Place {
  session: SessionLeaf;
  window_id: string | null;
  tab_id: string | null;
}

/** Every session of a layout, in its order, the buried ones last. */
export function* sessionsOf(layout: Layout): Generator<Place> {
  for (const window of layout.windows) {
    for (const tab of window.tabs) {
      for (const session of panes(tab.root)) yield { session, window_id: window.window_id, tab_id: tab.tab_id };
    }
  }
  for (const session of layout.buried ?? []) yield { session, window_id: null, tab_id: null };
}
