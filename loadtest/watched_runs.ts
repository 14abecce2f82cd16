/**
 * Runs of the shipped instruments before a watch, cycle by cycle: frames as the simulator replays them, without a bus, a clock or
 * tokens. Refuses to run a model: what tokens tell is tested where they are made.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { home, loadCards } from '../src/assemble.ts';
import type { Digits } from '../src/domain/frame.ts';
import { voxelCount } from '../src/domain/instrument.ts';
import { watchHits } from '../src/dqm/cycles/hits.ts';
import { packetLayout } from '../src/dqm/cycles/packets.ts';
import { placesOf } from '../src/dqm/cycles/places.ts';
import { openWatch, type Watch } from '../src/dqm/cycles/watch.ts';
import type { Reference, Watched } from '../src/dqm/cycles/watched.ts';
import type { Cell } from '../src/dqm/judging/verdicts.ts';
import { objectLayout } from '../src/dqm/layout.ts';
import { triggerLayout } from '../src/dqm/trigger/layout.ts';
import { watchTrigger } from '../src/dqm/trigger/watched.ts';
import { readMishaps, withMishaps } from '../src/sim/mishaps/planned.ts';
import { readLists, triggerObjects } from '../src/sim/objects/lists.ts';
import { createObjectsWorld } from '../src/sim/objects/world.ts';
import { parseParticles } from '../src/sim/particles.ts';
import { createReplayWorld, poolOf } from '../src/sim/replay.ts';
import { createWorld } from '../src/sim/world.ts';
import { parseUsualCard, type UsualCard } from '../src/wire/cards/usual.ts';

export const instruments = ['sphenix-tpc-auau', 'sphenix-tpc-pp', 'l1-objects'] as const;
export type Instrument = (typeof instruments)[number];

const particles = (name: string): Buffer => readFileSync(join(home, 'models/particles', `${name}.bin`));

export const usualText = (instrument: Instrument): string => {
  const path = join(home, 'instruments/usual', `${instrument}.json`);
  if (!existsSync(path)) throw new Error(`${path}: make it by models/train/make_usual.ts`);
  return readFileSync(path, 'utf8');
};

export const watchedOf = (instrument: Instrument, usual: UsualCard | null): Watched => {
  const { card, model } = loadCards(instrument);
  const shapes = usual?.shapes ?? null;
  if (card.kind === 'objects') return watchTrigger(triggerLayout(card, model), shapes);
  const layout = objectLayout(card, { cardLayers: 4, cardLanes: 64, chipLanes: 32 }, model);
  return watchHits(layout, placesOf(layout, card), shapes);
};

export interface WatchedRun {
  readonly watch: Watch;
  readonly watched: Watched;
  /** Another cycle comes and is judged; what of it is not good, in words. */
  cycle(change?: (digits: Digits) => Digits): readonly string[];
  cell(region: number, check: string): Cell;
  /** When a cell was bad first, since the start, at the end of a cycle or before; null while none was. */
  readonly badMs: number | null;
  readonly regions: number;
  /** All of its cycles, as a reference for another. */
  soFar(): Reference;
}

const cycleMs = 5000;

export interface RunPlan {
  readonly instrument: Instrument;
  readonly seed: number;
  readonly timeFramesPerCycle: number;
  /** Time frames that come again and again; without, all are made anew. */
  readonly pool?: number;
  readonly mishap?: string;
  /** Without what is shipped. */
  readonly plain?: boolean;
  readonly run?: number;
  /** Good runs it is compared with. */
  readonly references?: readonly Reference[];
}

export const openWatchedRun = ({
  instrument,
  seed,
  timeFramesPerCycle,
  pool,
  mishap = '',
  plain = false,
  run = 3,
  references = [],
}: RunPlan): WatchedRun => {
  const { card } = loadCards(instrument);
  const usual = plain ? null : parseUsualCard(usualText(instrument));
  const watched = watchedOf(instrument, usual);
  const packets = packetLayout(voxelCount(card));
  const regions = card.regions.length;
  const watch = openWatch({ watched, packets, regions, cycleMs, usual });
  watch.compareWith(references);
  const start = { run, startNanos: 0n };
  const world =
    card.kind === 'objects'
      ? createObjectsWorld(card, triggerObjects(card, readLists(particles), { seed, split: 'all' }), start)
      : createWorld(card, parseParticles(particles(String(card.conditions.particles))), {
          ...{ seed, ...start, split: 'all' },
        });
  const rate = timeFramesPerCycle / (cycleMs / 1000);
  const frames = pool === undefined ? world : createReplayWorld(poolOf(world, pool));
  const source = withMishaps(frames, readMishaps(mishap, card), {
    ...{ card, rate, seed },
  });
  const filler = watched.openFiller();
  const dueOf = watched.parts.openDue();
  const all = Array.from({ length: regions }, () => new Float64Array(watched.size + packets.size));
  let [number, cycles, badMs] = [0, 0, null as number | null];
  const cell = (region: number, check: string): Cell => watch.cell(region, check)!;
  return {
    ...{ watch, watched, regions, cell },
    get badMs() {
      return badMs;
    },
    soFar: () => ({ run, values: all }),
    cycle(change = (digits) => digits) {
      const values = Array.from({ length: regions }, () => new Float64Array(watched.size + packets.size));
      const frames = new Float64Array(regions);
      for (let i = 0; i < timeFramesPerCycle; i++, number++) {
        for (const [region, frame] of source.timeFrame(number).entries()) {
          const digits = change(frame.digits);
          const into = values[region]!.subarray(0, watched.size);
          const had = watched.parts.of(into);
          filler.addHits(digits, into);
          watch.frame(
            region,
            watched.parts.of(into).map((one, part) => one - had[part]!),
            dueOf?.(digits) ?? null,
          );
          frames[region] = frames[region]! + 1;
        }
        const nowMs = (cycles + (i + 1) / timeFramesPerCycle) * cycleMs;
        if (i + 1 < timeFramesPerCycle && watch.judgeSilence(nowMs)) badMs ??= nowMs;
      }
      cycles += 1;
      for (const [region, sum] of all.entries())
        for (let bin = 0; bin < sum.length; bin++) sum[bin] = sum[bin]! + values[region]![bin]!;
      const [fromMs, untilMs] = [(cycles - 1) * cycleMs, cycles * cycleMs];
      for (const _ of watch.judge({ values, frames, fromMs, untilMs }, untilMs));
      const notGood = watched.checks.flatMap((check) =>
        card.regions.flatMap((name, region) => {
          const one = watch.cell(region, check);
          return one === null || one.quality === 'good' || one.quality === 'null'
            ? []
            : [`${one.quality}: ${name}, ${check}: ${one.reason}`];
        }),
      );
      if (notGood.some((words) => words.startsWith('bad'))) badMs ??= untilMs;
      return notGood;
    },
  };
};
