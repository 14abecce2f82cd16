/**
 * `tessera simulate`: a simulated detector feeding `<i>_frames` on a plan, or writing wedges for training. It
 * refuses to pass for a real one: what it sends carries a run number of its own and the instrument's simulated card.
 */

import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createSystemClock } from './adapters/system/clock.ts';
import { endWithin } from './adapters/system/deadline.ts';
import { brokerList, home, loadCards, openBus, openTelemetry } from './assemble.ts';
import { type WrittenWedges, writeWedges } from './commands/wedges.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { InstrumentCard, ObjectsCard } from './domain/instrument.ts';
import { limits } from './domain/limits.ts';
import { hashKey } from './kernels/prng.ts';
import type { Bus } from './ports/bus.ts';
import type { Clock } from './ports/clock.ts';
import { type FeedSummary, type FrameSource, feed } from './services/feeder.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { type LabelledFrame, labelHead, labelLines } from './sim/mishaps/labels.ts';
import { readMishaps, withMishaps } from './sim/mishaps/planned.ts';
import { readLists, triggerObjects } from './sim/objects/lists.ts';
import { plainObjects } from './sim/objects/plain.ts';
import { createObjectsWorld, type ObjectsOf } from './sim/objects/world.ts';
import { parseParticles, type Split } from './sim/particles.ts';
import { createRenewedWorld, createReplayWorld, type Pool } from './sim/replay.ts';
import { createWorld, type World } from './sim/world.ts';

export interface SimulateFlags {
  readonly forMs?: number;
  readonly timeFrames?: string;
  readonly to?: string;
  readonly out?: string;
  readonly plan?: string;
  readonly split?: string;
  readonly mode?: string;
  readonly labels?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const say = (line: string): void => {
  process.stderr.write(`tessera simulate: ${line}\n`);
};

const oneOf = <Choice extends string>(flag: string, value: string, choices: readonly Choice[]): Choice => {
  if ((choices as readonly string[]).includes(value)) return value as Choice;
  throw new Fault('config-invalid', `${flag} = '${value}': one of ${choices.join(', ')}`);
};

const countOf = (flag: string, value: string | undefined): number | null => {
  if (value === undefined) return null;
  if (/^\d+$/.test(value) && Number(value) > 0) return Number(value);
  throw new Fault('config-invalid', `${flag} = '${value}': a whole number above 0`);
};

const splitOf = (flags: SimulateFlags): Split =>
  oneOf<Split>('--split', flags.split ?? 'all', ['train', 'test', 'all']);

/** An export depends on its seed alone; what is sent begins now, as a run of its own. */
const exportStartNanos = 1_767_225_600_000_000_000n;

const particlesOf = (card: InstrumentCard) =>
  parseParticles(readFileSync(join(home, 'models/particles', `${String(card.conditions.particles)}.bin`)));

/** Cards that name event lists get a trigger's objects, others plain ones. */
const objectsOf = (card: ObjectsCard, seed: number, run: number, split: Split): ObjectsOf => {
  if (card.conditions.events !== 'l1') return plainObjects(card, [seed, run]);
  const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
  return triggerObjects(card, lists, { seed: hashKey([seed, run]), split });
};

const openWorld = (card: InstrumentCard, config: Config, flags: SimulateFlags, nowNanos: bigint): World => {
  const { seed } = config;
  // Seconds of the start: later runs have higher numbers, which is what admission expects of a new run.
  const run = Number(nowNanos / 1_000_000_000n);
  const split = splitOf(flags);
  const mode = oneOf('--mode', flags.mode ?? 'continuous', ['continuous', 'triggered']);
  if (card.kind === 'objects')
    return createObjectsWorld(card, objectsOf(card, seed, run, split), { run, startNanos: nowNanos });
  return createWorld(card, particlesOf(card), { seed, run, startNanos: nowNanos, split, mode });
};

/** A crossing costs a tenth of a millisecond and is one frame: as many for one of the pool's as cost what wedges do. */
const crossingsPerPooled = 256;
/** It shares no factor with the partitions: each of them meets all of the pool. */
const pooled = 47;
/** A sparse time frame takes some 20 ms: so many a second are a fifth of a core. */
const freshPerSecond = 10;

/**
 * How large a pool is, and after how many uses its time frames give way to new ones, where that is little work: what comes
 * again and again fluctuates less than a detector does.
 */
const poolPlan = ({ pool, rate }: Config, card: InstrumentCard): { size: number; uses: number } => {
  if (pool !== 'auto') return { size: pool, uses: Number.POSITIVE_INFINITY };
  const sparse = card.kind !== 'objects' && Number(card.conditions.centralShare ?? 0) === 0;
  const uses = sparse && rate > 0 ? Math.ceil(rate / freshPerSecond) : Number.POSITIVE_INFINITY;
  return { size: uses === 1 ? 0 : pooled, uses };
};

/**
 * The world itself, or a pool of its time frames replayed under new numbers: full physics costs milliseconds a wedge.
 * Others in the process take their turns between time frames of the pool.
 */
const sourceOf = async (world: World, config: Config, clock: Clock, signal: AbortSignal): Promise<World> => {
  const { size, uses } = poolPlan(config, world.card);
  if (size === 0) return world;
  const count = size * (world.card.kind === 'objects' ? crossingsPerPooled : 1);
  say(`simulating a pool of ${count} time frames, replayed under new numbers …`);
  const timeFrames: Pool['timeFrames'][number][] = [];
  for (let turnMs = clock.nowMs(); timeFrames.length < count && !signal.aborted; ) {
    timeFrames.push(world.timeFrame(timeFrames.length));
    if (clock.nowMs() - turnMs < limits.simulatorTurnMs) continue;
    await clock.sleep(0);
    turnMs = clock.nowMs();
  }
  const pool = { card: world.card, identify: world.identify, timeFrames };
  return Number.isFinite(uses) ? createRenewedWorld(world, pool, uses) : createReplayWorld(pool);
};

/** The same frames, the truth of each written down as it is sent. */
const labelled = (
  told: { timeFrame(number: number): readonly LabelledFrame[] },
  card: InstrumentCard,
  path: string,
): { readonly source: FrameSource; close(): void } => {
  if (card.kind === 'objects')
    throw new Fault('config-invalid', '--labels is of digits: nothing is recorded of what made objects');
  const file = openSync(path, 'w');
  writeSync(file, labelHead);
  return {
    source: {
      timeFrame(number) {
        const frames = told.timeFrame(number);
        writeSync(file, labelLines(frames));
        return frames;
      },
    },
    close: () => closeSync(file),
  };
};

const progressLine = ({ timeFrames, frames, bytes, lateMsMax }: FeedSummary): string =>
  `${timeFrames} time frames, ${frames} frames, ${(bytes / 1e6).toFixed(1)} MB sent; at most ${lateMsMax.toFixed(0)} ms late`;

const sayWritten = (file: string, { card }: World, { wedges, hits, bytes }: WrittenWedges): void => {
  const voxels = card.axes.reduce((n, axis) => n * axis.size, 1);
  const occupancy = (hits / wedges / voxels).toPrecision(3);
  say(`${file}: ${wedges} wedges, occupancy ${occupancy}, ${(bytes / 1e6).toFixed(1)} MB`);
};

/** A line for every tenth of the way. */
const sayProgress = (name: string, timeFrames: number) => {
  const step = Math.max(1, Math.ceil(timeFrames / 10));
  return (done: number): void => {
    if (done % step === 0 || done === timeFrames) say(`${name}: ${done} of ${timeFrames} time frames`);
  };
};

const writeOne = (world: World, out: string, flags: SimulateFlags): number => {
  const timeFrames = countOf('--time-frames', flags.timeFrames) ?? 8;
  const plan = { world, split: splitOf(flags), firstTimeFrame: 0, timeFrames, seed: 0 };
  sayWritten(out, world, writeWedges({ ...plan, progress: sayProgress(out, timeFrames) }, out));
  return 0;
};

const whole = z.number().int();
/** One file of a plan; `name` is the file's without its ending. Other keys (a hash, a remark) are the reader's. */
const plannedFile = z.object({
  name: z.string().regex(/^[a-z0-9_]+$/),
  instrument: z.string(),
  split: z.enum(['train', 'test', 'all']),
  timeFrames: whole.min(1),
  /** Regions taken of each time frame: few of many, because those of one time frame share their collisions. */
  regions: whole.min(1),
  seed: whole.min(0),
});
export type PlannedFile = z.infer<typeof plannedFile>;

/** Files of a plan: a JSON array. Throws config-invalid with all its faults. */
export const readPlan = (path: string): readonly PlannedFile[] => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Fault('config-invalid', `--plan ${path} is no JSON file: ${(cause as Error).message}`, {
      cause,
    });
  }
  const parsed = z.array(plannedFile).min(1).safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Fault('config-invalid', `--plan ${path}: ${faults.join('; ')}`);
};

/** A planned file's world and export, a function of the plan, the cards and the particle lists alone. */
export const plannedExport = ({ instrument, split, timeFrames, regions, seed }: PlannedFile) => {
  const { card } = loadCards(instrument);
  if (card.kind === 'objects')
    throw new Fault('config-invalid', `--plan names ${instrument}: a plan is of wedges, not of objects`);
  const world = createWorld(card, particlesOf(card), { seed, run: 1, startNanos: 0n, split });
  // The first time frames of a world are left out, as ever: files made before must come out again.
  return { world, split, firstTimeFrame: 3, timeFrames, regionsPerTimeFrame: regions, seed };
};

/** Every file of a plan into a folder; those that are there stay. */
export const writePlanned = (planPath: string, folder: string): number => {
  for (const file of readPlan(planPath)) {
    const path = join(folder, `${file.name}.npz`);
    if (existsSync(path)) {
      say(`${path} is there already`);
      continue;
    }
    const planned = plannedExport(file);
    const progress = sayProgress(file.name, file.timeFrames);
    sayWritten(path, planned.world, writeWedges({ ...planned, progress }, path));
  }
  return 0;
};

const writeFiles = (config: Config, flags: SimulateFlags): number => {
  const { out, plan } = flags;
  if (out === undefined)
    throw new Fault('config-invalid', '--to npz needs --out: a file, or a folder with --plan');
  if (plan !== undefined) return writePlanned(plan, out);
  return writeOne(openWorld(loadCards(config.instrument).card, config, flags, exportStartNanos), out, flags);
};

/** A world's frames, with the mishaps that are planned. */
const simulatedOf = async (world: World, config: Config, clock: Clock, signal: AbortSignal) => {
  const { card } = world;
  const { rate, seed } = config;
  const source = await sourceOf(world, config, clock, signal);
  return withMishaps(source, readMishaps(config.mishap, card), { card, rate, seed });
};

const send = async (
  to: { readonly bus: Bus; readonly clock: Clock; readonly card: InstrumentCard },
  source: FrameSource,
  { rate }: Config,
  timeFrames: number | null,
  signal: AbortSignal,
  told: (now: FeedSummary) => void,
): Promise<FeedSummary> => {
  const topic = topicsOf(to.card.id).frames;
  const plan = {
    topic,
    partitions: (await to.bus.offsets(topic)).length,
    rate,
    sendsInFlightMax: limits.feederSendsInFlightMax,
    ...(timeFrames === null ? {} : { timeFrames }),
  };
  return feed(to, source, plan, signal, told);
};

/** A simulator within a process whose bus nobody else can reach; it takes turns with all else there. */
export const simulateWithin = async (
  config: Config,
  to: { readonly bus: Bus; readonly clock: Clock; readonly card: InstrumentCard },
): Promise<{ readonly failed: Promise<never>; stop(): Promise<void> }> => {
  const world = openWorld(to.card, config, {}, to.clock.nowNanos());
  const stopping = new AbortController();
  const { signal } = stopping;
  const sent = simulatedOf(world, config, to.clock, signal).then((source) =>
    send(to, source, config, null, signal, () => {}),
  );
  return {
    failed: sent.then(() => new Promise<never>(() => {})),
    async stop() {
      stopping.abort();
      await sent.catch(() => {});
    },
  };
};

export const simulate = async (config: Config, flags: SimulateFlags): Promise<number> => {
  if (flags.to !== undefined) {
    oneOf('--to', flags.to, ['npz']);
    return writeFiles(config, flags);
  }
  if (flags.plan !== undefined) throw new Fault('config-invalid', '--plan goes with --to npz');
  const { labels } = flags;
  const clock = createSystemClock();
  const { card } = loadCards(config.instrument);
  const world = openWorld(card, config, flags, clock.nowNanos());
  if (brokerList(config.brokers).length === 0)
    throw new Fault(
      'config-invalid',
      '--brokers is empty: name the cluster that frames go to, or use `tessera up`',
    );

  const stopping = new AbortController();
  const stop = (withinMs: number = limits.drainMs): void => {
    stopping.abort();
    // Frames on their way to a broker that is gone would otherwise be tried again for a minute.
    endWithin(withinMs, 3, () =>
      say(
        `not every frame was acknowledged within ${withinMs / 1000} s of the end: the last ones may be lost`,
      ),
    );
  };
  process.once('SIGINT', () => stop());
  process.once('SIGTERM', () => stop());
  // Started by `tessera up`: it ends with its parent, however that ends, and so does the broker of both.
  if (process.channel !== undefined) process.once('disconnect', () => stop(limits.orphanMs));
  if (flags.forMs !== undefined) setTimeout(() => stop(), flags.forMs).unref();

  const target = {
    kind: 'pretty',
    write: (text: string) => void process.stderr.write(text),
    colour: false,
  } as const;
  const telemetry = openTelemetry({ ...config, logLevel: 'warn' }, 'simulator', target);
  const bus = openBus(config, clock, telemetry.telemetry.log);
  const timeFrames = countOf('--time-frames', flags.timeFrames);
  let labelling: ReturnType<typeof labelled> | null = null;
  let last: FeedSummary | null = null;
  const ticker =
    flags.quiet === true ? null : setInterval(() => last !== null && say(progressLine(last)), 5000);
  try {
    await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
    const told = (now: FeedSummary): void => {
      last = now;
    };
    const simulated = await simulatedOf(world, config, clock, stopping.signal);
    labelling = labels === undefined ? null : labelled(simulated, card, labels);
    const source = labelling?.source ?? simulated;
    const summary = await send({ bus, clock, card }, source, config, timeFrames, stopping.signal, told);
    if (flags.quiet !== true) say(progressLine(summary));
    if (flags.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
  } finally {
    if (ticker !== null) clearInterval(ticker);
    labelling?.close();
    await bus.close();
    telemetry.close();
    if (process.channel !== undefined) process.disconnect();
  }
  return 0;
};
