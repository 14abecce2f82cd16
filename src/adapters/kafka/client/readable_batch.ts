/**
 * Reads a batch to its end whatever it holds: what cannot be opened comes as one record that says why, with the
 * batch as it came, so that whoever consumes can set it aside and go on. It refuses to let bytes stop a partition.
 */

import { Fault } from '../../../domain/fault.ts';
import { type BatchCursor, type FetchedBatch, openBatch } from './record_batch.ts';

/** The whole batch as one record at its last offset: behind it, the next batch begins. */
function unopened(batch: FetchedBatch, cause: unknown): BatchCursor {
  if (!(cause instanceof Fault)) throw cause;
  const { bytes, nextOffset } = batch;
  let left = bytes.length;
  return {
    peekBytes: () => left,
    next(topic, partition) {
      left = 0;
      const offset = nextOffset - 1n;
      const timestampMs = Number(bytes.readBigInt64BE(27));
      return {
        topic,
        partition,
        offset,
        timestampMs,
        key: null,
        value: bytes,
        headers: {},
        unreadable: cause.detail,
      };
    },
  };
}

/** As `openBatch`, but never throws for what the batch holds. */
export function readBatch(batch: FetchedBatch, fromOffset: bigint): BatchCursor {
  let cursor: BatchCursor;
  try {
    cursor = openBatch(batch, fromOffset);
  } catch (cause) {
    return unopened(batch, cause);
  }
  return {
    peekBytes: () => cursor.peekBytes(),
    next(topic, partition) {
      try {
        return cursor.next(topic, partition);
      } catch (cause) {
        cursor = unopened(batch, cause);
        return cursor.next(topic, partition);
      }
    },
  };
}
