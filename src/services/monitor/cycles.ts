/**
 * A monitor's cycles: objects fill, a cycle ends, every cell is judged, and what came of it is shown, published and kept. Refuses to
 * hold the process up: between regions others have their turn.
 */

import { limits } from '../../domain/limits.ts';
import type { BoardSnapshot, CellShown, ObjectShown, Span } from '../../dqm/board.ts';
import { trendNames, trendsOf } from '../../dqm/checks/trend.ts';
import { completenessOf, ratioOf, shareUnder } from '../../dqm/cycles/packets.ts';
import { openSpans, type RunSoFar, type Spans, type SpanValues } from '../../dqm/cycles/spans.ts';
import { openWatch, type Reference, type Watch, type WatchSetup } from '../../dqm/cycles/watch.ts';
import { qualityNumbers } from '../../dqm/quality.ts';
import { boardOf, cellsOf, referencesShown } from '../../dqm/shown/boards.ts';
import { binsIn, objectShown, plansOf } from '../../dqm/shown/objects.ts';
import type { Bus, OutputRecord } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { History } from '../../ports/history.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { RunsKept } from './kept/runs.ts';
import type { TrendPoint } from './kept/trends.ts';
import { keepVersions, type Version } from './kept/versions.ts';
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
  /** Ends a cycle; resolves when it is judged, with its trends and what is still to do: to publish and to keep it. */
  end(counted: CycleCounted): Promise<{ readonly point: TrendPoint; publish(): Promise<void> }>;
  readonly objectTree: readonly { readonly region: string; readonly objects: readonly string[] }[];
  object(region: string, name: string, span: Span, version?: number): ObjectShown | null;
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

const text = new TextEncoder();
const words = new TextDecoder();

export const openCycles = (parts: CycleParts): Cycles => {
  const { bus, clock, log, history, runs, topic, instrument, setup } = parts;
  const { layout, packets, cycleMs } = setup;
  const { regions } = instrument;
  const width = layout?.size ?? 0;
  const size = width + packets.size;
  const plans = plansOf(layout, packets);
  const versions = keepVersions(history, regions.length);
  const watch = openWatch(setup);
  const cyclesMoving = Math.max(1, Math.round(60_000 / cycleMs));
  const wallMs = (): number => Number(clock.nowNanos() / 1_000_000n);
  const cycleNumber = (nowMs: number): number => Math.round(nowMs / cycleMs);
  let spans = openSpans(regions.length, size, cyclesMoving, wallMs());
  let [generation, number, run, keptMs, normKnown, sequence] = [0, 0, 0, 0, 0, 0];
  let beginningKept = false;
  let board: BoardSnapshot;

  const show = (counted: CycleCounted | null, endedMs: number | null): readonly CellShown[] => {
    const nowMs = wallMs();
    const cells = cellsOf(regions, watch, nowMs);
    const share = counted === null || counted.packets === 0 ? 0 : counted.frames / counted.packets;
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
          frames: counted?.frames ?? 0,
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

  /** All regions of a version; null where one lacks or is of another layout. */
  const loaded = (kind: 'run' | 'beginning', key: number | string): Version[] | null => {
    const found: Version[] = [];
    for (let region = 0; region < regions.length; region++) {
      const one = versions.get(kind, key, region);
      if (one === null || one.values.length !== size) return null;
      found.push(one);
    }
    return found;
  };
  const valuesOf = (all: readonly Version[]): Float64Array[] => all.map(({ values }) => values);

  const compare = (): void => {
    const good = runs.references.flatMap((one): Reference[] => {
      const found = one === run ? null : loaded('run', one);
      return found === null ? [] : [{ run: one, values: valuesOf(found) }];
    });
    const own = Array.from({ length: limits.dqmProvisionalCycles }, (_, i) =>
      loaded('beginning', `${run}.${i}`),
    );
    const beginning = own.flatMap((found) => (found === null ? [] : [{ run: 0, values: valuesOf(found) }]));
    const entry = history.get('norm', String(run));
    const norm = entry === null ? null : words.decode(entry.value);
    beginningKept = good.length === 0 && beginning.length > 0;
    if (beginningKept) watch.compareWith(beginning, { provisional: true, norm });
    else watch.compareWith(good, { provisional: false, norm });
    normKnown = watch.known;
  };

  const keepNorm = (nowMs: number): void => {
    if (watch.known === normKnown) return;
    normKnown = watch.known;
    history.put('norm', [{ key: String(run), atMs: nowMs, value: text.encode(watch.saveNorm()) }], 2);
  };

  function* keepRegions(kind: 'minute' | 'run', key: number, of: SpanValues): Generator<void> {
    for (const [region, values] of of.values.entries()) {
      const { fromMs, untilMs } = of;
      versions.put(kind, key, region, { values, fromMs, untilMs, frames: of.frames[region]! });
      yield;
    }
  }

  function* keepBeginning(nowMs: number): Generator<void> {
    if (beginningKept || !watch.provisional) return;
    for (const [i, { values }] of watch.references.entries())
      for (const [region, one] of values.entries()) {
        versions.put('beginning', `${run}.${i}`, region, {
          values: one,
          fromMs: nowMs,
          untilMs: nowMs,
          frames: 0,
        });
        yield;
      }
    beginningKept = watch.references.length > 0;
  }

  /** Once a minute, and what a restart would miss. */
  const keep = async (nowMs: number): Promise<void> => {
    await paced(keepBeginning(nowMs));
    // From here on a restart would otherwise judge by what it meets, however bad that is.
    if (normKnown < limits.dqmGoodRunsMin && watch.known >= limits.dqmGoodRunsMin) keepNorm(nowMs);
    if (nowMs - keptMs < 60_000 - cycleMs / 2) return;
    keptMs = nowMs;
    keepNorm(nowMs);
    await paced(keepRegions('minute', number, spans.of('moving')));
    await paced(keepRegions('run', run, spans.of('run')));
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
      const seen = wasSeen(cycle, index) && layout !== null;
      const trends = seen ? trendsOf(layout, values.subarray(0, width)) : null;
      for (const name of layout === null ? [] : trendNames)
        point[`region/${region}/${name}`] = trends?.[name] ?? null;
      point[`region/${region}/ratio`] = ratioOf(packets, ofPackets);
      point[`region/${region}/rare share`] = shareUnder(packets, ofPackets, 0.01);
      point[`region/${region}/absent`] = completenessOf(packets, ofPackets).absent;
      point[`region/${region}/quality`] = qualityNumbers[qualities[index]!.quality];
    }
    return point;
  };

  const moment = (span: Span, of: SpanValues, index: number) => ({
    ...{ span, fromMs: of.fromMs, untilMs: of.untilMs },
    frames: index < 0 ? of.frames.reduce((sum, one) => sum + one, 0) : of.frames[index]!,
  });

  show(null, null);
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
        for (const _ of keepRegions('run', run, spans.of('run')));
        log.info({ run: over.run, good }, 'a run is over');
      }
      if (over !== null && good)
        runs.change({ command: 'good', activity: over.activity, run: over.run, atMs: nowMs });
      run = next;
      const before = loaded('run', run);
      const soFar: RunSoFar | null =
        before === null
          ? null
          : {
              values: valuesOf(before),
              frames: before.map(({ frames }) => frames),
              fromMs: before[0]!.fromMs,
            };
      spans = openSpans(regions.length, size, cyclesMoving, nowMs, soFar);
      keptMs = nowMs;
      compare();
    },
    compareAnew(activity) {
      if (runs.current?.activity !== activity) return;
      generation += 1;
      compare();
      show(null, board.cycle.endedMs);
    },
    close() {
      if (run === 0) return;
      keepNorm(wallMs());
      for (const _ of keepRegions('run', run, spans.of('run')));
    },
    async end(counted) {
      const nowMs = wallMs();
      number = cycleNumber(nowMs);
      const cycle = spans.turn(nowMs);
      await paced(watch.judge(cycle, nowMs));
      const cells = show(counted, nowMs);
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
    get objectTree() {
      const objects = plans.map(({ name }) => name);
      return ['all', ...regions].map((region) => ({ region, objects }));
    },
    object(region, name, span, version) {
      const index = regions.indexOf(region);
      const plan = plans.find((one) => one.name === name);
      if (plan === undefined || (index < 0 && region !== 'all')) return null;
      const wanted = index < 0 ? [...regions.keys()] : [index];
      const shownPlan = name === 'scores' ? { ...plan, title: scoresTitle(packets.scoreNames) } : plan;
      if (version !== undefined) {
        const kind = versions.get('minute', version, wanted[0]!) === null ? 'run' : 'minute';
        const found = wanted.flatMap((one) => versions.get(kind, version, one) ?? []);
        const [first] = found;
        if (first === undefined || first.values.length !== size) return null;
        const frames = found.reduce((sum, one) => sum + one.frames, 0);
        const when = { span, fromMs: first.fromMs, untilMs: first.untilMs, frames };
        return objectShown(region, shownPlan, when, binsIn(plan, valuesOf(found)), referenceOf(wanted, plan));
      }
      const of = spans.of(span);
      const values = binsIn(
        plan,
        wanted.map((one) => of.values[one]!),
      );
      return objectShown(region, shownPlan, moment(span, of, index), values, referenceOf(wanted, plan));
    },
  };

  function referenceOf(wanted: readonly number[], plan: (typeof plans)[number]): Float64Array | null {
    const all = wanted.map((one) => watch.combined(one));
    return all.some((one) => one === null) ? null : binsIn(plan, all as Float64Array[]);
  }
};

const scoresTitle = (names: readonly string[]): string =>
  `Scores of frames, in half octaves from 0: ${names.map((name, i) => `${i} ${name}`).join(', ')}`;
