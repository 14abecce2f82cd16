/**
 * A monitor's cycles: objects fill, a cycle ends, every cell is judged, and what came of it is shown, published and kept. Refuses to
 * hold the process up: between regions others have their turn.
 */

import { limits } from '../../domain/limits.ts';
import type { BoardSnapshot, CellShown } from '../../dqm/board.ts';
import { completenessOf, ratioOf, shareUnder } from '../../dqm/cycles/packets.ts';
import { openSpans, type Spans, type SpanValues } from '../../dqm/cycles/spans.ts';
import { openWatch, type Watch, type WatchSetup } from '../../dqm/cycles/watch.ts';
import { qualityNumbers } from '../../dqm/quality.ts';
import { boardOf, cellsOf, referencesShown } from '../../dqm/shown/boards.ts';
import { plansOf } from '../../dqm/shown/objects.ts';
import type { Bus, OutputRecord } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { History } from '../../ports/history.ts';
import type { Log } from '../../ports/telemetry.ts';
import { keepRunMemory } from './kept/run_memory.ts';
import type { RunsKept } from './kept/runs.ts';
import type { TrendPoint } from './kept/trends.ts';
import { type ObjectViews, openObjectViews } from './object_views.ts';
import { objectRecords, qualityRecord, wasSeen } from './publishing.ts';

export interface CycleParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly history: History;
  readonly runs: RunsKept;
  readonly topic: string;
  readonly instrument: BoardSnapshot['instrument'];
  readonly setup: WatchSetup;
}

/** What the samplers counted in a cycle. */
export interface CycleCounted {
  readonly packets: number;
  readonly frames: number;
  readonly rare: number;
}

export interface Cycles {
  readonly spans: Spans;
  readonly board: BoardSnapshot;
  readonly watch: Watch;
  /** A run's first packet came. */
  begin(run: number): void;
  /** References of an activity changed: the present run is judged anew by them, if it is of it. */
  compareAnew(activity: string): void;
  /** Keeps what a restart goes on from. */
  close(): void;
  /** Between ends of cycles: what has fallen silent is not waited with. Returns whether the board changed. */
  lookForSilence(): boolean;
  /** Ends a cycle; resolves when it is judged, with its trends and what is still to do: to publish and to keep it. */
  end(counted: CycleCounted): Promise<{ readonly point: TrendPoint; publish(): Promise<void> }>;
  readonly objects: ObjectViews;
}

export const trendUnits: Readonly<Record<string, string>> = {
  hits: 'hits/frame',
  'mean ADC': 'ADC',
  'pulse length': 'samples',
  ratio: '',
  'rare share': '',
  absent: 'time frames',
  quality: '',
};

export const openCycles = (parts: CycleParts): Cycles => {
  const { bus, clock, log, history, runs, topic, instrument, setup } = parts;
  const { watched, packets, cycleMs } = setup;
  const { regions } = instrument;
  const width = watched.size;
  const size = width + packets.size;
  const plans = plansOf(watched, packets);
  const watch = openWatch(setup);
  const memory = keepRunMemory(history, { runs, watch, regions: regions.length, size });
  const cyclesMoving = Math.max(1, Math.round(60_000 / cycleMs));
  const wallMs = (): number => Number(clock.nowNanos() / 1_000_000n);
  const cycleNumber = (nowMs: number): number => Math.round(nowMs / cycleMs);
  let spans = openSpans(regions.length, size, cyclesMoving, wallMs());
  let [generation, number, run, keptMs, sequence] = [0, 0, 0, 0, 0];
  /** Of the cycle that ended last. */
  let [counted, endedMs] = [{ packets: 0, frames: 0, rare: 0 } as CycleCounted, null as number | null];
  let board: BoardSnapshot;

  const show = (): readonly CellShown[] => {
    const nowMs = wallMs();
    const cells = cellsOf(regions, watch, nowMs);
    const share = counted.packets === 0 ? 0 : counted.frames / counted.packets;
    board = boardOf(
      {
        sequence: sequence++,
        atMs: nowMs,
        instrument,
        activity: runs.current,
        cycle: {
          number,
          seconds: cycleMs / 1000,
          endedMs,
          frames: counted.frames,
          share: Math.min(1, share),
        },
        staleAfterMs: 3 * cycleMs,
        references: referencesShown(runs.book, runs.current?.activity ?? null, watch),
      },
      cells,
    );
    return cells;
  };

  /** Does a part at a time; stops where another run began meanwhile. */
  const paced = async (work: Iterable<void>): Promise<boolean> => {
    const from = generation;
    let turnMs = clock.nowMs();
    for (const _ of work) {
      if (clock.nowMs() - turnMs > limits.dqmTurnMs) {
        await clock.sleep(0);
        turnMs = clock.nowMs();
      }
      if (from !== generation) return false;
    }
    return true;
  };

  /** Once a minute, and what a restart would miss. */
  const keep = async (nowMs: number): Promise<void> => {
    await paced(memory.keepBeginning(run, nowMs));
    memory.keepFirstNorm(nowMs);
    if (nowMs - keptMs < 60_000 - cycleMs / 2) return;
    keptMs = nowMs;
    memory.keepNorm(nowMs);
    await paced(memory.keepRegions('minute', number, spans.of('moving')));
    await paced(memory.keepRegions('run', run, spans.of('run')));
  };

  /** All in one sending: a broker's answer for each region would take longer than the cycle where the machine is busy. */
  const publish = async (cycle: SpanValues, cells: readonly CellShown[], nowMs: number): Promise<void> => {
    const records: OutputRecord[] = [];
    for (const [index, region] of regions.entries()) {
      if (wasSeen(cycle, index))
        records.push(...objectRecords(topic, region, plans, cycle.values[index]!, nowMs));
      const own = cells.filter((cell) => cell.region === region);
      records.push(qualityRecord(topic, region, own, nowMs));
      await clock.sleep(0);
    }
    await bus.send(records);
  };

  const trendPoint = (cycle: SpanValues, qualities: BoardSnapshot['regions']): TrendPoint => {
    const point: Record<string, number | null> = {};
    for (const [index, region] of regions.entries()) {
      const values = cycle.values[index]!;
      const ofPackets = values.subarray(width);
      const trends = wasSeen(cycle, index) ? watched.trends(values) : null;
      for (const name of watched.trendNames) point[`region/${region}/${name}`] = trends?.[name] ?? null;
      point[`region/${region}/ratio`] = ratioOf(packets, ofPackets);
      point[`region/${region}/rare share`] = shareUnder(packets, ofPackets, 0.01);
      point[`region/${region}/absent`] = completenessOf(packets, ofPackets).absent;
      point[`region/${region}/quality`] = qualityNumbers[qualities[index]!.quality];
    }
    return point;
  };

  show();
  return {
    get spans() {
      return spans;
    },
    get board() {
      return board;
    },
    watch,
    begin(next) {
      const nowMs = wallMs();
      const { over, good } = runs.begin(next, nowMs);
      generation += 1;
      if (over !== null && over.run === run) {
        for (const _ of memory.keepRegions('run', run, spans.of('run')));
        log.info({ run: over.run, good }, 'a run is over');
      }
      if (over !== null && good)
        runs.change({ command: 'good', activity: over.activity, run: over.run, atMs: nowMs });
      run = next;
      spans = openSpans(regions.length, size, cyclesMoving, nowMs, memory.soFar(run));
      keptMs = nowMs;
      memory.compare(run);
    },
    compareAnew(activity) {
      if (runs.current?.activity !== activity) return;
      generation += 1;
      memory.keepNorm(wallMs());
      memory.compare(run);
      show();
    },
    close() {
      if (run === 0) return;
      memory.keepNorm(wallMs());
      for (const _ of memory.keepRegions('run', run, spans.of('run')));
    },
    lookForSilence() {
      const changed = watch.judgeSilence(wallMs());
      if (changed) show();
      return changed;
    },
    async end(of) {
      const nowMs = wallMs();
      number = cycleNumber(nowMs);
      const cycle = spans.turn(nowMs);
      await paced(watch.judge(cycle, nowMs));
      [counted, endedMs] = [of, nowMs];
      const cells = show();
      const { overall, regions: qualities } = board;
      runs.cycle({ nowMs, overall, frames: counted.packets, rareFrames: counted.rare });
      const point = trendPoint(cycle, qualities);
      const publishing = async (): Promise<void> => {
        try {
          await publish(cycle, cells, nowMs);
          await keep(nowMs);
        } catch (error) {
          log.warn({ error: String(error) }, 'a cycle was not published or kept in full');
        }
      };
      return { point, publish: publishing };
    },
    objects: openObjectViews({ regions, plans, packets, watch, memory, spans: () => spans }),
  };
};
