/**
 * Frames that good and bad runs are made of. A unit is some frames of a region; a run is what its units' frames hold, read
 * out at the run's gain. Frames are kept before the ADC's limit and down to below the threshold, so that gain and faults
 * act on samples. Refuses to reuse a chamber's collisions of training.
 */

import { readFileSync } from 'node:fs';
import { openEncoding } from '../../../models/train/usual/encoding.ts';
import { type Cards, loadCards } from '../../../src/assemble.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import { type Filler, openFiller } from '../../../src/dqm/fill.ts';
import { type ObjectLayout, objectLayout } from '../../../src/dqm/layout.ts';
import { mix } from '../../../src/kernels/prng.ts';
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
export interface Unit {
  readonly frames: readonly Digits[];
  /** The frame before each. */
  readonly before: readonly Digits[];
}

export interface Bench {
  readonly plan: SetPlan;
  readonly cards: Cards;
  readonly detector: Detector;
  readonly response: Response;
  readonly channels: Channels;
  readonly layout: ObjectLayout;
  readonly adcMax: number;
  /** Channels of each region, by place in `regions`, that are hot: their noise is the electronics', which no gain moves. */
  readonly hot: readonly Uint8Array[];
  /** Adds a frame as the front-end gives it. */
  addFrame(digits: Digits, before: Digits, into: Float64Array): Promise<void>;
  /** Adds a unit of a region as it is read out at this gain. */
  addUnit(unit: Unit, region: number, gain: number, into: Float64Array): Promise<void>;
  /** [rate step][region][unit] */
  readonly pool: readonly (readonly (readonly Unit[])[])[];
  /**
   * [region][unit] of fresh collisions with the given conditions, one after the other: neighbours share collisions, as
   * those of the pool do. To be read out at gain 1, the run's own being in them.
   */
  fresh(run: number, gain: number, rate: number, units: number): Unit[][];
  close(): Promise<void>;
}

/**
 * What a sample was beyond the whole counts it was kept as, −0.5 … 0.5, the same whenever it is read. Without it a gain of
 * 1.03 leaves every 34th ADC value empty, and spectra of two gains differ by combs that no front-end makes.
 */
const beyondCounts = (voxel: number, adc: number): number => mix(voxel * 65_537 + adc) / 2 ** 32 - 0.5;

/** As the front-end gives it at this gain: scaled where the channel is not hot, limited, zero-suppressed. */
export const readOut = (
  { count, voxel, adc }: Digits,
  { gain, thresholdAdc, adcMax }: { gain: number; thresholdAdc: number; adcMax: number },
  { hot, samples }: { hot: Uint8Array; samples: number },
): Digits => {
  const [voxels, values] = [new Uint32Array(count), new Uint16Array(count)];
  let kept = 0;
  for (let hit = 0; hit < count; hit++) {
    const [at, counts] = [voxel[hit]!, adc[hit]!];
    const scale = hot[Math.floor(at / samples)] === 1 ? 1 : gain;
    const value = scale === 1 ? counts : Math.round((counts + beyondCounts(at, counts)) * scale);
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
  seed: number,
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
  const encoding = await openEncoding(cards);
  const particles = parseParticles(readFileSync(longestList(String(wide.conditions.particles))));
  const adcMax = 2 ** card.adcBits - 1;

  const addFrame = async (digits: Digits, before: Digits, into: Float64Array): Promise<void> => {
    filler.addHits(digits, into);
    filler.addRepeats(digits, before, into);
    await encoding.addSymbols(digits, filler, into);
  };

  const fresh: Bench['fresh'] = (run, gain, rate, units) => {
    const world = createWorld(conditionsOf(card, gain, rate), particles, {
      seed: chamberSeed,
      // Another seed is other collisions, in the same chamber.
      run: (seed % 100_000) * 10_000 + run,
      startNanos: 0n,
      split: 'test',
    });
    const digitsAt = (number: number): Digits[] => {
      const all = world.timeFrame(number);
      return regions.map((region) => all[region]!.digits);
    };
    const made: Unit[][] = regions.map(() => []);
    let [number, last] = [3, digitsAt(2)];
    for (let unit = 0; unit < units; unit++) {
      const parts = regions.map(() => ({ frames: [] as Digits[], before: [] as Digits[] }));
      for (const end = number + plan.framesPerUnit; number < end; number++) {
        const now = digitsAt(number);
        for (const [region, part] of parts.entries()) {
          part.frames.push(now[region]!);
          part.before.push(last[region]!);
        }
        last = now;
      }
      for (const [region, part] of parts.entries()) made[region]!.push(part);
    }
    return made;
  };

  const channels = prepareChannels(detector, [chamberSeed]);
  const hot = regions.map((region) =>
    Uint8Array.from(channels.extraNoise[region]!, (noise) => (noise > 0 ? 1 : 0)),
  );
  const addUnit: Bench['addUnit'] = async ({ frames, before }, region, gain, into) => {
    const how = { gain, thresholdAdc: card.thresholdAdc, adcMax };
    const where = { hot: hot[region]!, samples: layout.samples };
    for (const [i, frame] of frames.entries())
      await addFrame(readOut(frame, how, where), readOut(before[i]!, how, where), into);
  };

  const pool: Unit[][][] = [];
  for (const [step, rate] of drift.rate.steps.entries()) {
    pool.push(fresh(100 + step, 1, rate, units));
    say(`${plan.instrument}: pool at ${rate} of the usual rate`);
  }

  return {
    plan,
    cards,
    detector,
    response: prepareResponse(detector),
    channels,
    layout,
    adcMax,
    hot,
    addFrame,
    addUnit,
    pool,
    fresh,
    close: () => encoding.close(),
  };
};
