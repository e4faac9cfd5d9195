/** Places in a session's bytes. Pure. */

import { ItermbusError } from './errors.js';
import type { Data, Gap, ResumeFrom } from './messages.js';
import type { Snapshot } from './snapshots.js';

/** The first byte that a reader does not have: give it back to {@link Session.open} to go on from there. */
export type Position = Readonly<ResumeFrom>;

/**
 * The place after a message, checked against the one before it.
 *
 * @throws {@link ItermbusError} `protocol` when a byte would be missing, doubled or moved without a word.
 */
export function advanced(before: Position | undefined, message: Data | Gap): Position {
  const { epoch } = message;
  const [from, to] = message.type === 'gap' ? [message.from, message.to] : [message.offset, message.next];
  if (before !== undefined && (epoch !== before.epoch || from !== before.offset)) {
    const place = `${epoch}:${from} after ${before.epoch}:${before.offset}`;
    throw new ItermbusError('protocol', `a ${message.type} of session ${message.session_id} at ${place}`);
  }
  if (!Number.isSafeInteger(to) || to < from) {
    throw new ItermbusError('protocol', `a ${message.type} of session ${message.session_id} from ${from} to ${to}`);
  }
  return { epoch, offset: to };
}

/**
 * The place of a snapshot: the same one in the same epoch, or the beginning of another epoch.
 *
 * @throws {@link ItermbusError} `protocol` when it is another place of the same epoch.
 */
export function painted(before: Position | undefined, snapshot: Snapshot): Position | undefined {
  const { epoch, offset } = snapshot;
  if (epoch === null) return before;
  if (before?.epoch === epoch && before.offset !== offset) {
    const place = `${epoch}:${offset} after ${before.offset}`;
    throw new ItermbusError('protocol', `a snapshot of session ${snapshot.session_id} at ${place}`);
  }
  return { epoch, offset };
}
