/**
 * The monitor, as its data flows: packets tell of every frame, a sampled share of frames is looked into, cycles are judged
 * against references, rare frames make the feed, heartbeats and alarms are followed, and all who look are told. Refuses to stand
 * in anybody's way: it reads beside the stream, and what it cannot keep up with it passes over.
 */

import { alarmsShown } from '../../anomaly/alarms.ts';
import type { AlarmBook } from '../../domain/alarm.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { ConditionReading } from '../../domain/status.ts';
import type { AlarmsShown, FeedItem } from '../../dqm/board.ts';
import { feedItemOf } from '../../dqm/shown/anomalies.ts';
import { detectorCondition } from '../../dqm/shown/boards.ts';
import { openFeed } from '../../dqm/shown/feed.ts';
import type { BusRecord } from '../../ports/bus.ts';
import { decodeAnomaly } from '../../wire/anomaly.ts';
import { followAlarms } from '../alarms/follower.ts';
import type { Topics } from '../topics.ts';
import { doAct } from './acts.ts';
import { type CycleParts, openCycles, trendUnits } from './cycles.ts';
import { keepPeople, type PeopleKept } from './kept/people.ts';
import { itemOf, keepRareFrames } from './kept/rare_frames.ts';
import { keepRuns } from './kept/runs.ts';
import { keepTrends } from './kept/trends.ts';
import { type OpenedParts, openFrames } from './opened_frames.ts';
import { lookIntoFrames } from './seen/frame_looks.ts';
import { follow } from './seen/intake.ts';
import { watchPackets } from './seen/packet_watch.ts';
import { seeServices, serviceTrendUnits } from './seen/services_seen.ts';
import type { MonitorView } from './view.ts';

export interface MonitorParts
  extends Omit<CycleParts, 'runs' | 'topic'>,
    Omit<OpenedParts, 'rare' | 'people' | 'topics'> {
  readonly topics: Topics;
  /** Processor time of this thread, ms. */
  readonly busyMs: () => number;
  /** Frames that were looked into in a cycle. */
  readonly looked: (frames: number) => void;
}

export interface Monitor {
  readonly view: MonitorView;
  /** What its heartbeat says of the detector. */
  readonly condition: ConditionReading;
  readonly failed: Promise<never>;
  /** Writes what waits, closes what it opened; the history stays open. */
  stop(): Promise<void>;
}

type Listener = Parameters<MonitorView['watch']>[0];

const alarmsOf = (book: AlarmBook | null, people: PeopleKept): AlarmsShown => ({
  alarms: alarmsShown(book).map((alarm) => ({
    ...alarm,
    handbook: `/handbook/${alarm.cause}`,
    comments: people.comments(alarm.cause),
  })),
  past: (book?.past ?? []).map(({ cause, severity, message, sinceMs, clearedMs }) => ({
    ...{ cause, severity, message, sinceMs, untilMs: clearedMs },
  })),
});

export const startMonitor = async (parts: MonitorParts): Promise<Monitor> => {
  const { bus, clock, log, topics, history, card, setup, model } = parts;
  const wallMs = (): number => Number(clock.nowNanos() / 1_000_000n);
  const runs = keepRuns(history, card.id);
  const [trends, rare, people] = [keepTrends(history), keepRareFrames(history), keepPeople(history)];
  const cycles = openCycles({ ...parts, runs, topic: topics.dqm });
  const feed = openFeed();
  const services = seeServices();
  const opened = openFrames({ ...parts, rare, people });
  const alarms = await followAlarms(bus, topics.alarmState, log);
  const stopping = new AbortController();
  const { signal } = stopping;
  const listeners = new Set<Listener>();
  const tell: Listener = (name, value) => {
    for (const listener of listeners) listener(name, value);
  };

  const looks = lookIntoFrames(
    { bus, clock, log },
    {
      ...{ topic: topics.frames, card, model, packets: setup.packets, watched: setup.watched },
      ...{ busyMs: parts.busyMs, spans: () => cycles.spans, onFrame: cycles.watch.frame },
    },
    signal,
  );
  const packets = watchPackets({
    ...{ card, clock, setup, busyMs: parts.busyMs },
    spans: () => cycles.spans,
    onRun: (run) => cycles.begin(run),
    onSettled: (one) => looks.offer(one),
  });
  const takeAnomaly = ({ value, partition, offset, timestampMs }: BusRecord): void => {
    try {
      const item = feedItemOf(decodeAnomaly(value), card, timestampMs);
      feed.take(item);
      rare.take({ ...item, partition, offset: String(offset) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  };

  let badCycles = 0;
  let condition: ConditionReading = { cause: 'detector-quality', severity: 'ok', total: 0, message: '' };
  /** Says in the condition whether all cells are sound. */
  const saySound = (): boolean => {
    const found = detectorCondition(cycles.board.cells);
    condition =
      found === null
        ? { ...condition, severity: 'ok', message: '' }
        : { ...condition, severity: 'major', total: badCycles + 1, message: found.message };
    return found === null;
  };
  const endCycle = async (): Promise<void> => {
    const { seen, rare: rareFrames } = packets.counts();
    const counted = { packets: seen, frames: looks.count(), rare: rareFrames };
    parts.looked(counted.frames);
    const ended = await cycles.end(counted);
    const point = { ...ended.point, ...services.trends(wallMs()) };
    badCycles += saySound() ? 0 : 1;
    trends.add(cycles.board.atMs, point);
    tell('board', cycles.board);
    tell('runs', runs.shown(cycles.board.overall));
    tell('trends', { atMs: cycles.board.atMs, values: point });
    await ended.publish();
  };

  const cycling = async (): Promise<void> => {
    while (!signal.aborted) {
      const leftMs = setup.cycleMs - (wallMs() % setup.cycleMs);
      await clock.sleep(Math.min(leftMs, limits.dqmSilenceMs), signal);
      if (signal.aborted) return;
      if (leftMs <= limits.dqmSilenceMs) await endCycle();
      else if (cycles.lookForSilence()) {
        saySound();
        tell('board', cycles.board);
      }
    }
  };
  let [toldAlarms, toldBeats] = ['', -1];
  const telling = async (): Promise<void> => {
    for (let turn = 0; !signal.aborted; turn++) {
      await clock.sleep(limits.dqmTellMs, signal);
      rare.write();
      if (feed.fresh) tell('feed', view.feed);
      if (turn % 4 !== 0) continue;
      const words = JSON.stringify(view.alarms);
      if (words !== toldAlarms) tell('alarms', view.alarms);
      toldAlarms = words;
      if (services.beats !== toldBeats) tell('services', view.services);
      toldBeats = services.beats;
    }
  };

  const view: MonitorView = {
    get board() {
      return cycles.board;
    },
    get feed() {
      return feed.shown(wallMs());
    },
    get alarms() {
      return alarmsOf(alarms.current, people);
    },
    get services() {
      return services.shown(wallMs());
    },
    get runs() {
      return runs.shown(cycles.board.overall);
    },
    get references() {
      return cycles.board.references;
    },
    get objectTree() {
      return cycles.objects.tree;
    },
    object: async (region, name, span, version) => cycles.objects.show(region, name, span, version),
    get trendNames() {
      return trends.names.map((name) => ({ name, unit: unitOf(name) }));
    },
    trends: async (names, fromMs, untilMs) =>
      trends.read(names, fromMs, untilMs).map((one) => ({ ...one, unit: unitOf(one.name) })),
    anomalies: async (query) => rare.find(query),
    anomaly: (id) => opened.anomaly(id),
    frame: (id) => opened.frame(id),
    labels: async () => people.labels().map((label) => ({ ...label, item: shownOf(label.id) })),
    layouts: async () => people.layouts(),
    saveLayout: async (name, words) => people.saveLayout(name, words, wallMs()),
    async act(act) {
      await doAct({ bus, clock, topics, people, runs, onReferences: cycles.compareAnew }, act);
      if (act.act === 'comment') tell('alarms', view.alarms);
    },
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const shownOf = (id: string): FeedItem | null => {
    const row = rare.get(id);
    return row === null ? null : itemOf(row);
  };

  const intake = { bus, clock, log };
  const [end, large] = [{ at: 'end' } as const, limits.dqmLookBytesMax];
  const recent = { at: 'time', timestampMs: wallMs() - limits.alarmServiceSilentMs } as const;
  const past = { at: 'beginning' } as const;
  const small = limits.controlBufferBytesMax;
  const running = Promise.all([
    follow(
      intake,
      { topic: topics.tokens, from: end, bufferBytesMax: large },
      packets.take,
      signal,
      packets.passedOver,
    ),
    follow(intake, { topic: topics.anomalies, from: end, bufferBytesMax: small }, takeAnomaly, signal),
    follow(intake, { topic: topics.status, from: recent, bufferBytesMax: small }, services.take, signal),
    follow(intake, { topic: topics.runs, from: past, bufferBytesMax: small }, runs.take, signal),
    looks.done,
    cycling(),
    telling(),
  ]);
  const failed = new Promise<never>((_, reject) => {
    running.catch(reject);
  });
  failed.catch(() => {});
  return {
    view,
    get condition() {
      return condition;
    },
    failed,
    async stop() {
      stopping.abort();
      await running.catch(() => undefined);
      rare.write();
      cycles.close();
      await opened.close();
      await alarms.stop();
    },
  };
};

const unitOf = (name: string): string => serviceTrendUnits[name] ?? trendUnits[name.split('/').at(-1)!] ?? '';
