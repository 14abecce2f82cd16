/**
 * Which channels drive a survey score: for each score a map over channels, larger where more of it comes from. Drawn from
 * a frame's hits again, so only frames that are explained pay for it (milliseconds). Refuses to name a cause: it shows
 * where to look.
 */

import type { SurveyMaps } from '../../../kernels/survey/maps.ts';
import { type SurveyGrid, side, stuckWeights } from '../../../kernels/survey/survey.ts';
import type { SurveyScore } from '../scorers.ts';
import { continuity } from './continuity.ts';
import { type Blame, cardOf, channelsOf, chipOf, type Draw, sumsOf } from './groups.ts';
import { silent } from './silent.ts';

const noisy: Draw = ({ alone }, { grid, tables }, region) => {
  const known = new Set(tables.alone[region]);
  return channelsOf(grid).map((_, channel) => (known.has(channel) ? 0 : alone[channel]! ** 2));
};

/**
 * Cards whose mean code is off the frame's, by how surely, without what saturates, which few hot spots do; within a card
 * channels that differ most.
 */
const gain: Draw = ({ hits, codes, saturated }, { grid }) => {
  const calm = <Counts extends Uint16Array | Uint32Array>(counts: Counts): Counts =>
    counts.map((count, channel) => (saturated[channel]! > 0 ? 0 : count)) as Counts;
  const [ofAll, ofCalm] = [cardsOff(hits, codes, grid), cardsOff(calm(hits), calm(codes), grid)];
  return channelsOf(grid).map((_, channel) => {
    const card = cardOf(grid, channel);
    const own = hits[channel] === 0 ? 0 : Math.abs(codes[channel]! / hits[channel]! - ofAll.mean);
    return ofCalm.surely[card]! ** 2 + (ofAll.surely[card]! ** 2 * own) / 256;
  });
};

/** The mean code of a frame, and by how many roots of its hits each card's is away from it. */
const cardsOff = (hits: Uint16Array, codes: Uint32Array, grid: SurveyGrid) => {
  const [cardHits, cardCodes] = [sumsOf(hits, grid, cardOf), sumsOf(codes, grid, cardOf)];
  const all = cardHits.reduce((sum, one) => sum + one, 0);
  const mean = cardCodes.reduce((sum, one) => sum + one, 0) / Math.max(1, all);
  const surely = cardHits.map((count, card) =>
    count === 0 ? 0 : Math.abs(cardCodes[card]! / count - mean) * Math.sqrt(count),
  );
  return { mean, surely };
};

/** Hits in patches with many saturated hits, and in those beside them. */
const ionisation: Draw = ({ hits, grid: cells }, { grid, scale }) => {
  const { lanes, samples, layers, laneBlocks, sampleBlocks } = grid;
  const blame = channelsOf(grid);
  const hot = new Float64Array(layers * laneBlocks * sampleBlocks);
  const each = (visit: (channel: number, patch: number, code: number) => void): void => {
    for (let channel = 0; channel < grid.channels; channel++) {
      if (hits[channel] === 0) continue;
      const block = Math.floor(channel / lanes) * laneBlocks + Math.floor((channel % lanes) / side);
      for (let sample = 0; sample < samples; sample++) {
        const code = cells[channel * samples + sample]!;
        if (code > 0) visit(channel, block * sampleBlocks + Math.floor(sample / side), code);
      }
    }
  };
  each((_, patch, code) => {
    if (code >= scale.highest) hot[patch]! += 1;
  });
  each((channel, patch, code) => {
    const beside = Math.max(
      hot[patch - 1] ?? 0,
      hot[patch + 1] ?? 0,
      hot[patch - sampleBlocks] ?? 0,
      hot[patch + sampleBlocks] ?? 0,
    );
    const heat = Math.max(hot[patch]!, beside / 2);
    blame[channel]! += heat ** 2 * (code >= scale.highest ? 4 : 1);
  });
  return blame;
};

/** Channels hit at the sample at which most rows of eight of one card are full, and at the samples beside it. */
const coherent: Draw = ({ hits, grid: cells }, { grid }) => {
  const { lanes, samples } = grid;
  const blame = channelsOf(grid);
  const rows = new Float64Array(grid.cards * samples);
  const isFull = (first: number, sample: number): boolean => {
    for (let i = 0; i < side; i++) if (cells[(first + i) * samples + sample] === 0) return false;
    return true;
  };
  const eachRow = (visit: (first: number, sample: number, at: number) => void): void => {
    for (let first = 0; first < grid.channels; first += side) {
      if ((first % lanes) + side > lanes || hits[first] === 0) continue;
      for (let sample = 0; sample < samples; sample++)
        if (cells[first * samples + sample]! > 0 && isFull(first, sample))
          visit(first, sample, cardOf(grid, first) * samples + sample);
    }
  };
  eachRow((_, __, at) => {
    rows[at]! += 1;
  });
  eachRow((first, _, at) => {
    for (let i = 0; i < side; i++) blame[first + i]! += rows[at]! ** 2;
  });
  return blame;
};

/** Hits that cannot be, by channel and by chip; and bits that never change. */
const bits: Draw = ({ low, jumps, hits, all, any }, { grid, tables, adcBits }) => {
  const weights = stuckWeights(adcBits, tables.bitWeights);
  const mask = 2 ** adcBits - 1;
  const wrong = channelsOf(grid).map((_, channel) => low[channel]! + jumps[channel]!);
  const chips = sumsOf(wrong, grid, chipOf);
  const evidence = stuckEvidence({ hits, all, any }, weights, mask, grid);
  return channelsOf(grid).map((_, channel) => {
    const chip = chips[chipOf(grid, channel)]!;
    // 16 bits and more of evidence: one channel of many thousands has as much by chance.
    const stuck = Math.max(0, evidence[channel]! - 8) / 8;
    return wrong[channel]! * (1 + chip) + (chip > 1 && hits[channel]! > 0 ? chip / 4 : 0) + stuck ** 2;
  });
};

/** Bits of evidence that a bit is stuck: of each channel with those side by side in which the same bit never changes. */
const stuckEvidence = (
  { hits, all, any }: Pick<SurveyMaps, 'hits' | 'all' | 'any'>,
  weights: Uint8Array,
  mask: number,
  { lanes, channels }: SurveyGrid,
): Float64Array => {
  const evidence = new Float64Array(channels);
  for (let bit = 1; bit <= mask; bit *= 2)
    for (const [values, weight] of [
      [all, weights[bit]!],
      [any.map((one) => ~one), weights[mask + 1 + bit]!],
    ] as const)
      for (let from = 0; from < channels; ) {
        let [to, sum] = [from, 0];
        do sum += hits[to]!;
        while ((values[to++]! & bit) !== 0 && to % lanes !== 0 && (values[to]! & bit) !== 0);
        if ((values[from]! & bit) !== 0)
          for (let channel = from; channel < to; channel++)
            if (hits[channel]! > 0) evidence[channel] = Math.max(evidence[channel]!, (sum * weight) / 64);
        from = to;
      }
  return evidence;
};

/** Channels with long runs, and a little of it the channels beside them that have hits: the edge of what ran there. */
const runs: Draw = ({ full, hits }, { grid }) =>
  channelsOf(grid).map((_, channel) => {
    const lane = channel % grid.lanes;
    let beside = 0;
    for (let at = Math.max(0, lane - 2); at <= Math.min(grid.lanes - 1, lane + 2); at++)
      beside = Math.max(beside, full[channel - lane + at]!);
    return full[channel]! ** 3 + (hits[channel] === 0 ? 0 : beside ** 3 * Math.min(1, hits[channel]! / 256));
  });

export const drawBlame: Readonly<Record<SurveyScore, Draw>> = {
  'silent-channels': silent,
  'noisy-channels': noisy,
  gain,
  ionisation,
  'coherent-rows': coherent,
  continuity,
  'bad-bits': bits,
  'long-runs': runs,
};

/**
 * Positions of the largest values, largest first, ties to the lower position; zeros are never among them.
 * @param values room for as many values, overwritten
 */
export const topOf = (
  blame: Blame,
  countMax: number,
  values: Float64Array = new Float64Array(blame.length),
): Uint32Array => {
  let count = 0;
  for (let at = 0; at < blame.length; at++) if (blame[at]! > 0) values[count++] = blame[at]!;
  // From which value on; sorting all positions by it would cost more than what it explains.
  const least = count <= countMax ? Number.MIN_VALUE : nthLargest(values, count, countMax);
  const named: number[] = [];
  for (let at = 0; at < blame.length; at++) if (blame[at]! >= least) named.push(at);
  return Uint32Array.from(named.sort((a, b) => blame[b]! - blame[a]! || a - b).slice(0, countMax));
};

/** Hoare's selection, in place: the nth largest (from 1) of the first `count` values. */
const nthLargest = (values: Float64Array, count: number, nth: number): number => {
  const wanted = nth - 1;
  for (let [left, right] = [0, count - 1]; left < right; ) {
    const pivot = values[(left + right) >> 1]!;
    let [i, j] = [left, right];
    while (i <= j) {
      while (values[i]! > pivot) i += 1;
      while (values[j]! < pivot) j -= 1;
      if (i > j) break;
      [values[i], values[j]] = [values[j]!, values[i]!];
      i += 1;
      j -= 1;
    }
    if (wanted <= j) right = j;
    else if (wanted >= i) left = i;
    else break;
  }
  return values[wanted]!;
};
