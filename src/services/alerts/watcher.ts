/**
 * Watches the rare time frames of one instrument for bursts and tells the world: anomalies and commands in, alerts,
 * answers and the state out, all of a step in one transaction with the commands' offset. The next watcher goes on from
 * the state and reads again what it had not judged. Time is the stream's own and the broker's: it refuses to judge by
 * a clock.
 */

import { emptyAlertBook, obey, openBurst, takeTelling } from '../../anomaly/bursts/alerts.ts';
import { type BurstFinder, openBurstFinder } from '../../anomaly/bursts/finder.ts';
import { openEventOrder } from '../../anomaly/bursts/order.ts';
import type { Severity } from '../../domain/alarm.ts';
import type { AlertBook, AlertMode, BurstState, BurstTelling, Notice } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import type { BusRecord, OutputRecord, PartitionFeed } from '../../ports/bus.ts';
import { readBeat } from '../../wire/alarms/beat.ts';
import { isAlertCommand, readCommand } from '../../wire/alarms/command.ts';
import { type EncodedAlert, encodeAlertHeartbeat, encodeNotice } from '../../wire/alerts/message.ts';
import { type AlertState, decodeAlertState, encodeAlertState } from '../../wire/alerts/state.ts';
import { decodeAnomaly } from '../../wire/anomaly.ts';
import { answerRecord } from '../alarms/answers.ts';
import { latestState, readState } from '../alarms/latest.ts';
import { keepTerms, type Term, type Termed, type TermParts } from '../alarms/terms.ts';

export interface AlertSettings {
  /** Who speaks: the instrument. */
  readonly detectorName: string;
  readonly mode: AlertMode;
  readonly windowsMs: readonly number[];
  readonly falseAlarmsPerYear: number;
  readonly heartbeatMs: number;
}

export interface AlertWatcher extends Termed {
  /** What the heartbeat says of bursts; nothing while another process watches. */
  readonly conditions: readonly ConditionReading[];
}

const group = 'tessera-alerts';

/** With other windows only the background is still true. */
const finderState = (found: AlertState | null, windowsMs: readonly number[]): BurstState | null => {
  if (found === null) return null;
  const same = found.windowsMs.join() === windowsMs.join();
  return same ? found.finder : { ...found.finder, instantsMs: [], weights: [], episode: null };
};

/** A time frame with a rare frame: its start, ms since the epoch; null: not rare, or not readable. */
const rareMs = (record: BusRecord, log: TermParts['log']): number | null => {
  const anomaly = readState(decodeAnomaly, record, log);
  return anomaly?.verdict === 'rare' ? Number(anomaly.identity.timestampNanos) / 1e6 : null;
};

interface Watch {
  readonly parts: TermParts;
  readonly settings: AlertSettings;
  /** What stands in the book; null: another process has it now. */
  readonly show: (book: AlertBook | null) => void;
}

const openTerm = async ({ parts, settings, show }: Watch, feed: PartitionFeed): Promise<Term> => {
  const { topics, log } = parts;
  const { detectorName, mode, windowsMs, falseAlarmsPerYear } = settings;
  const sender = { detectorName, mode };
  const found = await latestState(parts.bus, topics.alertState, decodeAlertState, log);
  const finder: BurstFinder = openBurstFinder(
    { windowsMs, falseAlarmsPerYear },
    finderState(found, windowsMs),
  );
  const order = openEventOrder(limits.alertWaitMs, limits.alertPendingMax, found?.watchedMs ?? null);
  const next = new Map(found?.offsets.map(({ partition, offset }) => [partition, offset]));
  const bounds = await parts.bus.offsets(topics.anomalies);
  for (const { partition, low, high } of bounds)
    if (!next.has(partition)) next.set(partition, found === null ? high : low);
  /** Partitions of which something is still to be read that others have passed: till then nothing is judged. */
  const behind = new Map(
    bounds
      .filter(({ partition, high }) => next.get(partition)! < high)
      .map(({ partition, high }) => [partition, high]),
  );
  let book: AlertBook = found?.book ?? emptyAlertBook;
  let heartbeatMs = found?.heartbeatMs ?? 0;
  let writtenMs = 0;
  let offset = feed.startOffset;
  let [nowMs, seenMs, recordsSeen] = [0, 0, 0];

  const record = (key: string, { form, value }: EncodedAlert): OutputRecord => ({
    topic: topics.alerts,
    key: Buffer.from(key),
    value,
    headers: { form: Buffer.from(form) },
  });
  const outputsOf = (notices: readonly Notice[]): OutputRecord[] =>
    notices.flatMap((notice) => encodeNotice(sender, notice).map((one) => record(notice.alert.id, one)));
  /** Finder and book have moved already; when the bus refuses, the term ends and the next goes on from what it holds. */
  const write = async (outputs: readonly OutputRecord[], nextOffset = offset): Promise<void> => {
    const offsets = [...next].map(([partition, at]) => ({
      partition,
      offset: order.firstWaiting(partition) ?? at,
    }));
    const state = {
      windowsMs,
      finder: finder.state(),
      watchedMs: order.judgedMs,
      offsets,
      heartbeatMs,
      book,
    };
    const value = encodeAlertState(state);
    const kept = { topic: topics.alertState, partition: 0, key: Buffer.from('alerts'), value };
    await feed.commit([...outputs, kept], nextOffset, '');
    offset = nextOffset;
    writtenMs = nowMs;
    show(book);
  };
  const take = (tellings: readonly BurstTelling[]): OutputRecord[] =>
    tellings.flatMap((telling) => {
      const step = takeTelling(book, telling, nowMs);
      book = step.book;
      return outputsOf(step.notices);
    });
  /** Judges what has waited long enough. */
  const judge = (): OutputRecord[] => {
    const outputs = order.ready(behind.size > 0 ? null : nowMs).flatMap((atMs) => take(finder.observe(atMs)));
    const judgedMs = order.judgedMs;
    const silentMs = nowMs - seenMs;
    // Without further rare frames a burst ends by the broker's time.
    if (
      judgedMs !== null &&
      openBurst(book) !== null &&
      silentMs > windowsMs.at(-1)! + 2 * limits.alertWaitMs
    )
      outputs.push(...take(finder.advance(judgedMs + windowsMs.at(-1)!)));
    return outputs;
  };
  const takeAnomaly = async (anomaly: BusRecord): Promise<void> => {
    const { partition, timestampMs } = anomaly;
    nowMs = Math.max(nowMs, timestampMs);
    seenMs = nowMs;
    recordsSeen += 1;
    const atMs = rareMs(anomaly, log);
    if (atMs !== null) order.add(atMs, timestampMs, partition, anomaly.offset);
    next.set(partition, anomaly.offset + 1n);
    if (anomaly.offset + 1n >= (behind.get(partition) ?? 0n)) behind.delete(partition);
    const outputs = judge();
    if (outputs.length > 0) await write(outputs);
  };
  const takeBeat = async ({ value, timestampMs }: BusRecord): Promise<void> => {
    const beat = readBeat(value);
    if (beat === null) return;
    nowMs = Math.max(nowMs, timestampMs);
    // A record may be a mark that no reader sees: a second without any says that all is read.
    if (recordsSeen === 0) behind.clear();
    recordsSeen = 0;
    const outputs = judge();
    if (nowMs - heartbeatMs >= settings.heartbeatMs) {
      heartbeatMs = nowMs;
      outputs.push(record('heartbeat', encodeAlertHeartbeat(sender, beat.state === 'running', nowMs)));
    }
    if (outputs.length > 0 || nowMs - writtenMs >= limits.alertCheckpointMs) await write(outputs);
  };
  const takeCommands = async (records: readonly BusRecord[]): Promise<void> => {
    const outputs: OutputRecord[] = [];
    for (const { value, timestampMs } of records) {
      const { messageId, asked } = readCommand(value);
      if (!isAlertCommand(asked)) continue;
      nowMs = Math.max(nowMs, timestampMs);
      const step = obey(book, asked, nowMs);
      book = step.book;
      outputs.push(...outputsOf(step.notices));
      if (messageId !== null) outputs.push(answerRecord(topics, { messageId, fault: step.fault }));
      if (step.fault !== null) log.warn({ topic: topics.commands }, `command refused: ${step.fault}`);
    }
    await write(outputs, records.at(-1)!.offset + 1n);
  };

  // Whoever comes next, whatever happens to this one, begins where this one began.
  if (found === null) await write([]);
  show(book);
  feed.revoked.addEventListener('abort', () => show(null));
  return {
    reads: [
      { topic: topics.anomalies, from: { at: 'offsets', offsets: new Map(next) }, take: takeAnomaly },
      { topic: topics.status, from: { at: 'end' }, take: takeBeat },
    ],
    takeCommands,
    close: () => write([]),
  };
};

/** Watches until it is stopped. */
export const watchAlerts = (parts: TermParts, settings: AlertSettings): AlertWatcher => {
  let shown: AlertBook | null = null;
  /** Bursts that were found before this process looked: of these it does not tell. */
  let earlier: number | null = null;
  const show = (book: AlertBook | null): void => {
    shown = book;
    earlier ??= book?.bursts ?? null;
  };
  const watch: Watch = { parts, settings, show };
  const terms = keepTerms(parts, {
    group,
    what: 'alerts',
    openTerm: (feed) => openTerm(watch, feed),
  });
  return {
    get conditions() {
      if (shown === null) return [];
      const sentence = openBurst(shown);
      const severity: Severity = sentence === null ? 'ok' : 'major';
      const total = shown.bursts - (earlier ?? 0);
      return [{ cause: 'anomaly-burst', severity, total, message: sentence ?? '' }];
    },
    stop: terms.stop,
  };
};
