/**
 * `tessera simulate`: a simulated detector feeding `<i>_frames` on a plan, or writing wedges for training. It
 * refuses to pass for a real one: what it sends carries a run number of its own and the instrument's simulated card.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSystemClock } from './adapters/system/clock.ts';
import { endWithin } from './adapters/system/deadline.ts';
import { brokerList, home, loadCards, openBus, openTelemetry } from './assemble.ts';
import type { Config } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { InstrumentCard } from './domain/instrument.ts';
import { limits } from './domain/limits.ts';
import { type FeedSummary, type FrameSource, feed } from './services/feeder.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { collectWedges, encodeNpz } from './sim/export.ts';
import { parseParticles, type Split } from './sim/particles.ts';
import { createReplayWorld, poolOf } from './sim/replay.ts';
import { createWorld, type World } from './sim/world.ts';

export interface SimulateFlags {
  readonly forMs?: number;
  readonly timeFrames?: string;
  readonly to?: string;
  readonly out?: string;
  readonly split?: string;
  readonly mode?: string;
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

const openWorld = (card: InstrumentCard, config: Config, flags: SimulateFlags, nowNanos: bigint): World => {
  const name = String(card.conditions.particles);
  const particles = parseParticles(readFileSync(join(home, 'models/particles', `${name}.bin`)));
  return createWorld(card, particles, {
    seed: config.seed,
    // Seconds of the start: later runs have higher numbers, which is what admission expects of a new run.
    run: Number(nowNanos / 1_000_000_000n),
    startNanos: nowNanos,
    split: splitOf(flags),
    mode: oneOf('--mode', flags.mode ?? 'continuous', ['continuous', 'triggered']),
  });
};

/** The world itself, or a pool of its time frames replayed under new numbers: full physics costs milliseconds a wedge. */
const sourceOf = (world: World, config: Config): FrameSource => {
  if (config.pool === 0) return world;
  say(`simulating a pool of ${config.pool} time frames, replayed under new numbers …`);
  return createReplayWorld(poolOf(world, config.pool));
};

const progressLine = ({ timeFrames, frames, bytes, lateMsMax }: FeedSummary): string =>
  `${timeFrames} time frames, ${frames} frames, ${(bytes / 1e6).toFixed(1)} MB sent; at most ${lateMsMax.toFixed(0)} ms late`;

const writeWedges = (world: World, flags: SimulateFlags): number => {
  if (flags.out === undefined) throw new Fault('config-invalid', '--to npz needs --out FILE');
  const timeFrames = countOf('--time-frames', flags.timeFrames) ?? 8;
  const progress = (done: number): void => say(`${done} of ${timeFrames} time frames`);
  const plan = { world, split: splitOf(flags), firstTimeFrame: 0, timeFrames, seed: 0, progress };
  const bytes = encodeNpz(collectWedges(plan));
  writeFileSync(flags.out, bytes);
  say(
    `${flags.out}: ${timeFrames * world.card.regions.length} wedges, ${(bytes.length / 1e6).toFixed(1)} MB`,
  );
  return 0;
};

export const simulate = async (config: Config, flags: SimulateFlags): Promise<number> => {
  const clock = createSystemClock();
  const { card } = loadCards(config.instrument);
  const startNanos = flags.to === undefined ? clock.nowNanos() : exportStartNanos;
  const world = openWorld(card, config, flags, startNanos);
  if (flags.to !== undefined) {
    oneOf('--to', flags.to, ['npz']);
    return writeWedges(world, flags);
  }
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
  let last: FeedSummary | null = null;
  const ticker =
    flags.quiet === true ? null : setInterval(() => last !== null && say(progressLine(last)), 5000);
  try {
    await bus.ensureTopics(topicSpecs(card, config.partitions, config.retentionBytes));
    const topic = topicsOf(card.id).frames;
    const partitions = (await bus.offsets(topic)).length;
    const plan = {
      topic,
      partitions,
      rate: config.rate,
      sendsInFlightMax: limits.feederSendsInFlightMax,
      ...(timeFrames === null ? {} : { timeFrames }),
    };
    const summary = await feed(
      { bus, clock, card },
      sourceOf(world, config),
      plan,
      stopping.signal,
      (now) => {
        last = now;
      },
    );
    if (flags.quiet !== true) say(progressLine(summary));
    if (flags.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
  } finally {
    if (ticker !== null) clearInterval(ticker);
    await bus.close();
    telemetry.close();
    if (process.channel !== undefined) process.disconnect();
  }
  return 0;
};
