/**
 * One partition on its way into the archive: records are kept until a segment is large or old enough, the segment is
 * sealed, and only then the offset moves. Refuses to move it sooner, and to take more while the store does not answer.
 */

import type { Seal } from '../../archive/seal.ts';
import type { Kept } from '../../archive/segment.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { BusRecord, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { Intake } from './intake.ts';
import { isStoreFault, type Patience } from './patience.ts';
import { checkAgainstTopic, decodeMark, encodeMark, lastSeal } from './position.ts';
import { type SealingParts, sealSegment, sweepStream } from './sealing.ts';

export interface StreamParts extends SealingParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly patience: Patience;
  /** Aborts when nothing is to be waited for any more. */
  readonly stopping: AbortSignal;
  readonly intake: Intake;
  /** Bytes and age at which a segment is sealed. */
  readonly segmentBytesMax: () => number;
  readonly rollMs: number;
  /** Opens it if it is not; whether it was stopped: what is held of it is sealed at once then. */
  readonly isStopped: (run: number) => Promise<boolean>;
  readonly writtenOf: (seal: Seal) => OutputRecord;
  /** Messages taken, and those that ended: kept in a sealed segment, or passed over. */
  readonly count: (taken: number, bytes: number) => void;
  readonly settled: (ends: { readonly kept: number; readonly passed: number }, bytes: number) => void;
  readonly returned: (messages: number, bytes: number) => void;
  readonly endOf: (partition: number) => Promise<bigint>;
}

interface Entry {
  readonly offset: bigint;
  readonly bytes: number;
  /** Null: covered, and not kept. */
  readonly kept: Kept | null;
  readonly unreadable: boolean;
}

const isItemFault = (error: unknown): error is Fault =>
  error instanceof Fault && /^(frame|packet|message)-/.test(error.code);

/** Runs until the feed ends: drained (what was taken is sealed first) or lost (its next owner takes it again). */
export const archiveStream = async (feed: PartitionFeed, parts: StreamParts): Promise<void> => {
  const { store, clock, log, patience } = parts;
  const stream = { topic: feed.topic, partition: feed.partition };
  const mark = decodeMark(feed.startMetadata);
  /** Where the growing segment begins, and the first offset that is not taken yet. */
  let firstOffset = mark?.firstOffset ?? feed.startOffset;
  let nextOffset = feed.startOffset;
  let entries: Entry[] = [];
  let heldBytes = 0;
  let openedMs: number | null = null;
  /** Run of what is kept; null while nothing is. */
  let run: number | null = null;
  /** Of the last seal. */
  let sealedRun: number | null = null;
  let lookedMs = clock.nowMs();

  const lose = (): void => {
    parts.returned(entries.length, heldBytes);
    entries = [];
    heldBytes = 0;
  };
  /** Entries before `offset` are settled; the offset moves with what is said of them. */
  const settle = async (offset: bigint, outputs: readonly OutputRecord[]): Promise<void> => {
    await feed.commit(outputs, offset, encodeMark({ firstOffset }));
    const done = entries.filter((entry) => entry.offset < offset);
    entries = entries.filter((entry) => entry.offset >= offset);
    const kept = done.filter((entry) => entry.kept !== null).length;
    const bytes = done.reduce((sum, entry) => sum + entry.bytes, 0);
    heldBytes -= bytes;
    run = entries.find((entry) => entry.kept !== null)?.kept?.run ?? null;
    parts.settled({ kept, passed: done.length - kept }, bytes);
    if (nextOffset < offset) nextOffset = offset;
    openedMs = entries.length === 0 ? null : clock.nowMs();
  };
  const follow = async (seal: Seal): Promise<void> => {
    firstOffset = seal.nextOffset;
    sealedRun = seal.run;
    await settle(seal.nextOffset, [parts.writtenOf(seal)]);
  };
  /** Seals what was taken before `offset`; another's seal of the same name is followed, the rest is kept on. */
  const seal = async (offset: bigint, given: AbortSignal): Promise<void> => {
    while (firstOffset < offset && entries.length > 0) await sealOnce(offset, given);
  };
  const sealOnce = async (offset: bigint, given: AbortSignal): Promise<void> => {
    const now = entries.filter((entry) => entry.offset < offset);
    const kept = now.map((entry) => entry.kept).filter((one) => one !== null);
    if (kept.length === 0) {
      // Nothing to keep: the segment goes on under its name, and what was passed over is not read again.
      await settle(offset, []);
      return;
    }
    const segment = {
      name: { ...stream, firstOffset },
      nextOffset: offset,
      run: kept[0]!.run,
      kept,
      unreadable: now.filter(({ unreadable }) => unreadable).length,
    };
    const { won, seal } = await patience.until(() => sealSegment(parts, segment), given);
    if (!won)
      log.warn(
        { ...stream, offset: `${firstOffset}` },
        'another owner sealed this segment: going on behind it',
      );
    await follow(seal);
  };

  /** Whether a seal covers it already: it was archived by who came before. */
  const isSettled = ({ offset, value }: BusRecord): boolean => {
    if (offset >= nextOffset) return false;
    parts.settled({ kept: 0, passed: 1 }, value.byteLength);
    return true;
  };
  const take = async (record: BusRecord, given: AbortSignal): Promise<void> => {
    const bytes = record.value.byteLength;
    if (isSettled(record)) return;
    let kept: Kept | null = null;
    let unreadable = false;
    try {
      kept = parts.intake(record);
    } catch (error) {
      if (!isItemFault(error)) throw error;
      unreadable = true;
      const place = { ...stream, offset: `${record.offset}`, fault: error.code };
      if (feed.topic.endsWith('_frames'))
        log.info(place, 'a frame that cannot be read is not for the archive');
      else log.error(place, `a message is not archived: ${error.detail}`);
    }
    if (kept !== null && run !== null && run !== kept.run) {
      await seal(record.offset, given);
      if (isSettled(record)) return;
    }
    run ??= kept?.run ?? null;
    if (openedMs === null) openedMs = lookedMs = clock.nowMs();
    entries.push({ offset: record.offset, bytes, kept, unreadable });
    heldBytes += bytes;
    nextOffset = record.offset + 1n;
  };
  const full = (): boolean =>
    heldBytes >= (run === null ? limits.archivePassedBytesMax : parts.segmentBytesMax());

  // Whoever waits for the end cannot wait for a store.
  const given = AbortSignal.any([feed.revoked, parts.stopping]);

  /** What the last owner sealed and did not come to commit is followed, and what it left is swept. */
  const begin = async (): Promise<void> => {
    const last = await patience.until(() => lastSeal(store, stream), given);
    checkAgainstTopic(store, stream, last, await parts.endOf(feed.partition));
    if (last === null) return;
    sealedRun = last.run;
    await patience.until(() => sweepStream(store, stream, sealedRun), given);
    if (last.nextOffset > nextOffset) await follow(last);
    else if (last.nextOffset > firstOffset) firstOffset = last.nextOffset;
  };

  /** Whether what is held is to be sealed however little it is. */
  const isDue = async (): Promise<boolean> => {
    if (openedMs === null) return false;
    const nowMs = clock.nowMs();
    if (nowMs - openedMs >= parts.rollMs) return true;
    if (nowMs - lookedMs < limits.archiveLookMs) return false;
    lookedMs = nowMs;
    return run === null || parts.isStopped(run);
  };
  /** The next records, [] at the feed's end; null when it is time to look whether a seal is due. */
  const next = async (taking: Promise<readonly BusRecord[]>): Promise<readonly BusRecord[] | null> => {
    if (openedMs === null) return taking;
    const dueMs = Math.min(openedMs + parts.rollMs, lookedMs + limits.archiveLookMs);
    const enough = new AbortController();
    const waited = clock.sleep(Math.max(0, dueMs - clock.nowMs()), enough.signal).then(() => null);
    try {
      return await Promise.race([taking, waited]);
    } finally {
      enough.abort();
    }
  };

  const archive = async (): Promise<void> => {
    await begin();
    let taking: Promise<readonly BusRecord[]> | null = null;
    for (;;) {
      taking ??= feed.take({ recordsMax: limits.batchRecordsMax, bytesMax: limits.batchBytesMax });
      const records = await next(taking);
      if (records !== null) {
        taking = null;
        if (records.length === 0) break;
        parts.count(
          records.length,
          records.reduce((bytes, record) => bytes + record.value.byteLength, 0),
        );
        for (const record of records) {
          await take(record, given);
          if (full()) await seal(nextOffset, given);
        }
      }
      if (await isDue()) await seal(nextOffset, given);
    }
    if (feed.revoked.aborted) return;
    const once = AbortSignal.abort();
    if (entries.length > 0) await seal(nextOffset, once);
    // Who goes on sweeps, where the store does not answer now.
    await patience
      .until(() => sweepStream(store, stream, sealedRun), once)
      .catch((error) => {
        if (!isStoreFault(error)) throw error;
      });
  };
  try {
    await archive();
  } finally {
    if (entries.length > 0) lose();
  }
};
