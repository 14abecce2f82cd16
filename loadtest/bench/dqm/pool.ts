/**
 * Frames that good and bad runs are made of. A unit is some frames of a region, with what it adds to the region's objects
 * at each step of gain; a run is a sum of units drawn with replacement. Frames are kept before the ADC's limit and down to
 * below the threshold, so that gain and faults act on samples. Refuses to reuse a chamber's collisions of training.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { type Cards, loadCards } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { type Filler, openFiller } from '../../../src/dqm/fill.ts';
import { type ObjectLayout, objectLayout } from '../../../src/dqm/layout.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { type Channels, prepareChannels } from '../../../src/sim/channels.ts';
import { type Detector, prepareDetector } from '../../../src/sim/detector.ts';
import { wideCard, wiring } from '../../../src/sim/mishaps/site.ts';
import { parseParticles } from '../../../src/sim/particles.ts';
import { prepareResponse, type Response } from '../../../src/sim/response.ts';
import { createWorld } from '../../../src/sim/world.ts';
import { chamberSeed, longestList } from '../anomaly/frames.ts';
import { drift, regions, type SetPlan } from './grid.ts';

/** ADC counts down to which samples are kept, so that a higher gain finds what it lifts over the threshold of 64. */
const keptAdc = 58;
/** Charge is kept in units of so many ADC counts: a pool's sums then fit 16 bits. */
const chargeStep = 4;

export interface Unit {
  readonly frames: readonly Digits[];
  /** The frame before each. */
  readonly before: readonly Digits[];
  /** What it adds to the objects, by step of gain. */
  readonly sums: readonly Uint16Array[];
}

export interface Bench {
  readonly plan: SetPlan;
  readonly cards: Cards;
  readonly detector: Detector;
  readonly response: Response;
  readonly channels: Channels;
  readonly layout: ObjectLayout;
  readonly adcMax: number;
  /** Adds a frame as the front-end gives it. */
  addFrame(digits: Digits, before: Digits, into: Float64Array): Promise<void>;
  /** The same of a frame whose gain is in it already. */
  addRaw(digits: Digits, before: Digits, into: Float64Array): Promise<void>;
  /** [rate step][region][unit] */
  readonly pool: readonly (readonly (readonly Unit[])[])[];
  /** Units of one run of fresh collisions with the given conditions, region by region. */
  fresh(run: number, gain: number, rate: number, units: number): { frames: Digits[]; before: Digits[] }[];
  close(): Promise<void>;
}

/** As the front-end gives it at this gain: scaled, limited, zero-suppressed. */
export const readOut = (
  { count, voxel, adc }: Digits,
  gain: number,
  thresholdAdc: number,
  adcMax: number,
): Digits => {
  const [voxels, values] = [new Uint32Array(count), new Uint16Array(count)];
  let kept = 0;
  for (let hit = 0; hit < count; hit++) {
    const value = Math.round(adc[hit]! * gain);
    if (value < thresholdAdc) continue;
    voxels[kept] = voxel[hit]!;
    values[kept] = Math.min(adcMax, value);
    kept += 1;
  }
  return { count: kept, voxel: voxels.subarray(0, kept), adc: values.subarray(0, kept) };
};

const conditionsOf = (card: InstrumentCard, gain: number, rate: number): InstrumentCard => ({
  ...wideCard(card),
  thresholdAdc: keptAdc,
  conditions: {
    ...card.conditions,
    adcPerElectron: Number(card.conditions.adcPerElectron) * gain,
    collisionRateHz: Number(card.conditions.collisionRateHz) * rate,
  },
});

export const openBench = async (
  plan: SetPlan,
  units: number,
  say: (text: string) => void,
): Promise<Bench> => {
  const cards = loadCards(plan.instrument);
  const { card, model } = cards;
  const wide = conditionsOf(card, 1, 1);
  const detector = prepareDetector(wide);
  const layout = objectLayout(
    card,
    { cardLayers: wiring.cardLayers, cardLanes: wiring.cardPads, chipLanes: wiring.chipPads },
    model,
  );
  const filler: Filler = openFiller(layout);
  const gatherer = openGatherer(patchGrid(card), card.adcBits, Uint8Array.from(model.inputTable));
  const grid = patchGrid(card);
  const rows = {
    patches: new Uint32Array(grid.patchCount),
    cells: new Uint8Array(grid.patchCount * grid.cellsPerPatch),
  };
  const symbols = new Uint8Array(grid.patchCount * model.symbolsPerPatch);
  const encoder = await openModel({
    path: join(cards.modelFolder, model.encoder.file),
    file: model.encoder,
    provider: 'cpu',
  });
  const particles = parseParticles(readFileSync(longestList(String(wide.conditions.particles))));
  const adcMax = 2 ** card.adcBits - 1;

  const addFrame = async (digits: Digits, before: Digits, into: Float64Array): Promise<void> => {
    filler.addHits(digits, into);
    filler.addRepeats(digits, before, into);
    gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
    gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
    gatherer.hits.count = digits.count;
    const count = gatherer.gather(rows, 0);
    if (count > 0) await encoder.run(rows.cells, count, symbols);
    filler.addSymbols(symbols, count, into);
  };

  const fresh: Bench['fresh'] = (run, gain, rate, unitCount) => {
    const world = createWorld(conditionsOf(card, gain, rate), particles, {
      seed: chamberSeed,
      run,
      startNanos: 0n,
      split: 'test',
    });
    const made = regions.map(() => ({ frames: [] as Digits[], before: [] as Digits[] }));
    let last: readonly Digits[] | null = null;
    for (let number = 2; number < 3 + unitCount * plan.framesPerUnit; number++) {
      const all = world.timeFrame(number);
      const now = regions.map((region) => all[region]!.digits);
      if (last !== null)
        for (const [i, one] of made.entries()) {
          one.frames.push(now[i]!);
          one.before.push(last[i]!);
        }
      last = now;
    }
    return made;
  };

  const sumsOf = async (frames: readonly Digits[], before: readonly Digits[]): Promise<Uint16Array[]> => {
    const sums: Uint16Array[] = [];
    for (const gain of drift.gain.steps) {
      const into = new Float64Array(layout.size);
      for (const [i, frame] of frames.entries())
        await addFrame(
          readOut(frame, gain, card.thresholdAdc, adcMax),
          readOut(before[i]!, gain, card.thresholdAdc, adcMax),
          into,
        );
      const { offset, size } = layout.plans.charge;
      for (let bin = offset; bin < offset + size; bin++) into[bin] = Math.round(into[bin]! / chargeStep);
      sums.push(Uint16Array.from(into, (value) => Math.min(65_535, value)));
    }
    return sums;
  };

  const pool: Unit[][][] = [];
  for (const [step, rate] of drift.rate.steps.entries()) {
    const made = fresh(100 + step, 1, rate, units);
    const byRegion: Unit[][] = [];
    for (const { frames, before } of made) {
      const row: Unit[] = [];
      for (let unit = 0; unit < units; unit++) {
        const part = (all: readonly Digits[]) =>
          all.slice(unit * plan.framesPerUnit, (unit + 1) * plan.framesPerUnit);
        row.push({
          frames: part(frames),
          before: part(before),
          sums: await sumsOf(part(frames), part(before)),
        });
      }
      byRegion.push(row);
    }
    pool.push(byRegion);
    say(`${plan.instrument}: pool at ${rate} of the usual rate`);
  }

  return {
    plan,
    cards,
    detector,
    response: prepareResponse(detector),
    channels: prepareChannels(detector, [chamberSeed]),
    layout,
    adcMax,
    addFrame,
    addRaw: (digits, before, into) =>
      addFrame(
        readOut(digits, 1, card.thresholdAdc, adcMax),
        readOut(before, 1, card.thresholdAdc, adcMax),
        into,
      ),
    pool,
    fresh,
    close: () => encoder.close(),
  };
};

/** Where among ascending steps a value lies: the step below, and its distance from there as a share of the way. */
export const between = (steps: readonly number[], value: number): { at: number; share: number } => {
  let at = 0;
  while (at < steps.length - 2 && steps[at + 1]! <= value) at += 1;
  const share = (value - steps[at]!) / (steps[at + 1]! - steps[at]!);
  return { at, share: Math.min(1, Math.max(0, share)) };
};

/** Adds a unit as it is at a gain between two steps: in proportion to how near they are. */
export const addUnit = (unit: Unit, gain: number, into: Float64Array): void => {
  const { at, share } = between(drift.gain.steps, gain);
  const [low, high] = [unit.sums[at]!, unit.sums[at + 1]!];
  for (let bin = 0; bin < into.length; bin++)
    into[bin] = into[bin]! + low[bin]! * (1 - share) + high[bin]! * share;
};

/** Whole counts again, and charge in ADC counts. */
export const rounded = (into: Float64Array, layout: ObjectLayout): Float64Array => {
  const { offset, size } = layout.plans.charge;
  for (let bin = offset; bin < offset + size; bin++) into[bin] = into[bin]! * chargeStep;
  for (let bin = 0; bin < into.length; bin++) into[bin] = Math.round(into[bin]!);
  return into;
};
