/** Snapshots that come in several lines, put together. */

import { ItermbusError } from './errors.js';
import type { Snapshot as SnapshotMessage } from './messages.js';

/** A whole repaint of a session's screen, as of `offset`; its modes are restored by `data` too. */
export interface Snapshot extends Omit<SnapshotMessage, 'type' | 'data' | 'more' | 'id'> {
  data: Buffer;
}

/** The longest repaint that is put together; the bus carries none that is longer. */
const REPAINT_BYTES = 16 * 1024 * 1024;

interface Partial {
  id: SnapshotMessage['id'];
  parts: Buffer[];
  bytes: number;
}

/** The unfinished snapshot of each session. */
export class SnapshotAssembler {
  readonly #partial = new Map<string, Partial>();

  /**
   * The whole snapshot, once its last line is here.
   *
   * @throws {@link ItermbusError} `protocol` when there is no end to it.
   */
  take(message: SnapshotMessage): Snapshot | undefined {
    const { session_id, id = null } = message;
    const data = Buffer.from(message.data, 'base64');
    let partial = this.#partial.get(session_id);
    if (partial?.id !== id) partial = { id, parts: [], bytes: 0 };
    partial.parts.push(data);
    partial.bytes += data.length;
    if (partial.bytes > REPAINT_BYTES) throw new ItermbusError('protocol', 'a snapshot has no end');
    if (message.more) {
      this.#partial.set(session_id, partial);
      return undefined;
    }
    this.#partial.delete(session_id);
    const { epoch, offset, columns, rows, cursor, modes, approximate } = message;
    const repaint = partial.parts.length === 1 ? data : Buffer.concat(partial.parts);
    return { session_id, epoch, offset, columns, rows, cursor, modes, approximate, data: repaint };
  }
}
