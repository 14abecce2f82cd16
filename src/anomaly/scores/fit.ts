/**
 * Fits score tables to good frames of an instrument: which channels are silent or noisy, how often a bit is the same in
 * many values, and what each gauge reads at a hit count. Two passes: channels first, then gauges with those left out.
 * Refuses to fit fewer frames than tell a channel that is silent from one that had no luck.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import { openGatherer } from '../../kernels/patches/gather.ts';
import { patchGrid } from '../../kernels/patches/patch.ts';
import { openMapMaker } from '../../kernels/survey/maps.ts';
import { codeScale, type SurveyGrid, type Wiring } from '../../kernels/survey/survey.ts';
import { type GaugeName, gaugeNames } from './gauges.ts';
import { openGaugeWatch, spareBytesOf } from './scorers.ts';
import { bandPosition, bandsMax, gridOf, knotExceedances, type ScoreTables } from './tables.ts';

export interface GoodFrame {
  readonly region: number;
  readonly digits: Digits;
}

/** Hits a channel's neighbours have on average before one without any counts as silent: e⁻³⁰ otherwise. */
const hitsToTell = 30;
/** A noisy channel has so many times the lone hits of the typical one, and at least some. */
const [noisyTimes, noisyAloneMin] = [20, 10];

interface ChannelSums {
  readonly hits: Float64Array;
  readonly alone: Float64Array;
}

const openSums = (card: InstrumentCard, model: ModelCard, grid: SurveyGrid) => {
  const maker = openMapMaker(grid, codeScale(card, model.inputTable), Uint8Array.from(model.inputTable));
  const sums = {
    regions: card.regions.map(
      (): ChannelSums => ({
        hits: new Float64Array(grid.channels),
        alone: new Float64Array(grid.channels),
      }),
    ),
    ones: new Float64Array(card.adcBits),
    count: 0,
    hitCount: 0,
  };
  return {
    sums,
    add({ region, digits }: GoodFrame): void {
      const { hits, alone } = maker.mapsOf(digits);
      const { hits: hitSums, alone: aloneSums } = sums.regions[region]!;
      for (let channel = 0; channel < grid.channels; channel++) {
        hitSums[channel]! += hits[channel]!;
        aloneSums[channel]! += alone[channel]!;
      }
      for (let hit = 0; hit < digits.count; hit++)
        for (let bit = 0; bit < card.adcBits; bit++) sums.ones[bit]! += (digits.adc[hit]! >>> bit) & 1;
      sums.hitCount += digits.count;
      sums.count += 1;
    },
  };
};

const silentOf = ({ hits }: ChannelSums, grid: SurveyGrid): number[] => {
  const silent: number[] = [];
  const reach = 8;
  for (let channel = 0; channel < grid.channels; channel++) {
    if (hits[channel]! > 0) continue;
    const lane = channel % grid.lanes;
    let [sum, beside] = [0, 0];
    for (let at = Math.max(0, lane - reach); at <= Math.min(grid.lanes - 1, lane + reach); at++) {
      sum += hits[channel - lane + at]!;
      beside += 1;
    }
    if (sum / beside >= hitsToTell) silent.push(channel);
  }
  return silent;
};

const aloneOf = ({ alone }: ChannelSums, silent: readonly number[], grid: SurveyGrid): number[] => {
  const typical = alone.reduce((sum, one) => sum + one, 0) / grid.channels;
  const noisy = new Set<number>();
  alone.forEach((count, channel) => {
    if (count >= noisyAloneMin && count > noisyTimes * typical) noisy.add(channel);
  });
  // Beside a silent channel a hit has one neighbour less.
  for (const channel of silent)
    for (const beside of [channel - 1, channel, channel + 1])
      if (beside >= 0 && beside < grid.channels) noisy.add(beside);
  return [...noisy].sort((a, b) => a - b);
};

/** Neighbouring values of a channel are alike: one value of a high bit tells less than its share says. */
const [lowBits, likeness] = [5, 0.25];

/** −log2 of a bit's share, in 1/64 bit; a bit above the lowest ones is trusted with a quarter of it. */
const bitWeightsOf = (ones: Float64Array, hitCount: number) => {
  const weight = (share: number, bit: number): number =>
    Math.min(
      255,
      Math.max(0, Math.round(-64 * Math.log2(Math.max(share, 1e-3)) * (bit < lowBits ? 1 : likeness))),
    );
  const shares = Array.from(ones, (count) => (count + 1) / (hitCount + 2));
  return {
    one: shares.map((share, bit) => weight(share, bit)),
    zero: shares.map((share, bit) => weight(1 - share, bit)),
  };
};

/** Frames that give a band its knots: enough for the last one. */
const bandFramesMin = 1500;
/** Knots lie at least this far apart, as a share of the one before, and absolutely: counts come in whole numbers. */
const knotGap = { share: 0.002, least: 1e-3, count: 0.5 } as const;
/** Gauges that are no counts. */
const fine = new Set<GaugeName>([
  'card-empty',
  'code-high',
  'code-low',
  'card-seam',
  'saturated-high',
  'saturated-low',
]);

/** Knots of every band, from the frames nearest to it in hits. */
const knotsOf = (positions: Float64Array, gauges: readonly Float64Array[]): ScoreTables['knots'] => {
  const order = Uint32Array.from(positions.keys()).sort((a, b) => positions[a]! - positions[b]!);
  const window = Math.min(order.length, bandFramesMin);
  const bands = Array.from({ length: bandsMax }, (_, band) => {
    let middle = 0;
    while (middle < order.length && positions[order[middle]!]! < band) middle++;
    let [from, to] = [middle, middle];
    // What lies within a quarter of a band counts in any case; then the nearest on both sides.
    while (from > 0 && positions[order[from - 1]!]! >= band - 0.25) from--;
    while (to < order.length && positions[order[to]!]! <= band + 0.25) to++;
    while (to - from < window) {
      const before = from > 0 ? band - positions[order[from - 1]!]! : Number.POSITIVE_INFINITY;
      const behind = to < order.length ? positions[order[to]!]! - band : Number.POSITIVE_INFINITY;
      if (before <= behind) from--;
      else to++;
    }
    return order.subarray(from, to);
  });
  return Object.fromEntries(
    gaugeNames.map((name, gauge) => [
      name,
      bands.map((frames) =>
        ascending(Float64Array.from(frames, (frame) => gauges[frame]![gauge]!).sort(), fine.has(name)),
      ),
    ]),
  ) as unknown as ScoreTables['knots'];
};

const ascending = (sorted: Float64Array, isFine: boolean): number[] => {
  const knots: number[] = [];
  for (const share of knotExceedances) {
    const value = sorted[Math.min(sorted.length - 1, Math.floor((1 - share) * sorted.length))]!;
    const last = knots.at(-1);
    const gap = isFine ? Math.max(knotGap.least, knotGap.share * Math.abs(last ?? 0)) : knotGap.count;
    knots.push(Number((last === undefined ? value : Math.max(value, last + gap)).toPrecision(6)));
  }
  return knots;
};

/** Takes the same good frames twice, one by one: first all for their channels, then all again for their gauges. */
export interface ScoreFit {
  learnChannels(frame: GoodFrame): void;
  /** Throws file-invalid at the first frame when too few were learnt before. */
  learnGauges(frame: GoodFrame): void;
  /** @param provenance what is kept with the tables on how they came about */
  tables(provenance: Readonly<Record<string, unknown>>): ScoreTables;
}

export const openScoreFit = (card: InstrumentCard, model: ModelCard, wiring: Wiring): ScoreFit => {
  const grid = gridOf(card, wiring);
  const { sums, add } = openSums(card, model, grid);
  let surveyor: ReturnType<typeof openGauges> | null = null;
  const begin = () => {
    const hitsMean = sums.hitCount / grid.channels / card.regions.length;
    if (hitsMean < hitsToTell)
      throw new Fault(
        'file-invalid',
        `${sums.count} frames leave ${hitsMean.toFixed(1)} hits a channel of ${card.id}; to tell which are silent it takes ${hitsToTell}`,
      );
    const silent = sums.regions.map((one) => silentOf(one, grid));
    const alone = sums.regions.map((one, region) => aloneOf(one, silent[region]!, grid));
    const bitWeights = bitWeightsOf(sums.ones, sums.hitCount);
    return openGauges(card, model, grid, { instrument: card.id, wiring, bitWeights, silent, alone });
  };
  return {
    learnChannels: add,
    learnGauges(frame) {
      surveyor ??= begin();
      surveyor.add(frame);
    },
    tables(provenance) {
      surveyor ??= begin();
      const { known, positions, gauges } = surveyor;
      const knots = knotsOf(Float64Array.from(positions), gauges);
      return { ...known, knots, fit: { ...provenance, frames: sums.count, hits: sums.hitCount } };
    },
  };
};

const openGauges = (
  card: InstrumentCard,
  model: ModelCard,
  grid: SurveyGrid,
  known: Omit<ScoreTables, 'knots' | 'fit'>,
) => {
  const codes = Uint8Array.from(model.inputTable);
  const spareBytes = spareBytesOf(grid, card);
  const gatherer = openGatherer(patchGrid(card), card.adcBits, codes, spareBytes);
  const watch = openGaugeWatch(
    {
      tables: { ...known, knots: {} as ScoreTables['knots'], fit: {} },
      grid,
      scale: codeScale(card, model.inputTable),
      codes,
      adcBits: card.adcBits,
      axisSizes: card.axes.map(({ size }) => size),
    },
    gatherer,
  );
  const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
  const gauges: Float64Array[] = [];
  const positions: number[] = [];
  return {
    known,
    gauges,
    positions,
    add({ region, digits }: GoodFrame): void {
      gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
      gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
      gatherer.hits.count = digits.count;
      const one = new Float64Array(gaugeNames.length);
      watch(gatherer.gather(rows, 0), region, digits.count, one, 0);
      gauges.push(one);
      positions.push(bandPosition(digits.count));
    },
  };
};
