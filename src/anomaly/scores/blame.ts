/**
 * Which channels drive a survey score: for each score a map over channels, larger where more of it comes from. Drawn from
 * a frame's hits again, so only frames that are explained pay for it (milliseconds). Refuses to name a cause: it shows
 * where to look.
 */

import type { SurveyMaps } from '../../kernels/survey/maps.ts';
import { type SurveyGrid, side, stuckWeights } from '../../kernels/survey/survey.ts';
import type { SurveyScore, SurveySetup } from './scorers.ts';

/** Blame of every channel (layer · lanes + lane), ≥ 0. */
export type Blame = Float64Array;

type Draw = (maps: SurveyMaps, setup: SurveySetup, region: number) => Blame;

const channelsOf = (grid: SurveyGrid): Blame => new Float64Array(grid.channels);

const cardOf = ({ lanes, wiring, cardsAbreast }: SurveyGrid, channel: number): number =>
  Math.floor(Math.floor(channel / lanes) / wiring.cardLayers) * cardsAbreast +
  Math.floor((channel % lanes) / wiring.cardLanes);

const chipOf = ({ lanes, wiring }: SurveyGrid, channel: number): number =>
  Math.floor(channel / lanes) * Math.ceil(lanes / wiring.chipLanes) +
  Math.floor((channel % lanes) / wiring.chipLanes);

/** Sums of a map over groups of channels. */
const sumsOf = (values: ArrayLike<number>, grid: SurveyGrid, groupOf: typeof cardOf): Float64Array => {
  const sums = new Float64Array(grid.channels);
  for (let channel = 0; channel < grid.channels; channel++) sums[groupOf(grid, channel)]! += values[channel]!;
  return sums;
};

/** Channels that should have had hits: as many as their neighbourhood has, and the holes they leave in it. */
const silent: Draw = ({ hits, holes }, { grid, tables }, region) => {
  const blame = channelsOf(grid);
  const known = new Set(tables.silent[region]);
  const { lanes, layers } = grid;
  const mean = hits.reduce((sum, one) => sum + one, 0) / grid.channels;
  const sums = runningSums(hits, grid);
  for (let channel = 0; channel < grid.channels; channel++) {
    if (hits[channel]! > 0 || known.has(channel)) continue;
    const [layer, lane] = [Math.floor(channel / lanes), channel % lanes];
    const [from, to] = [Math.max(0, lane - side), Math.min(lanes, lane + side + 1)];
    let [sum, live] = [0, 0];
    for (let l = Math.max(0, layer - 1); l <= Math.min(layers - 1, layer + 1); l++) {
      const row = l * (lanes + 1);
      sum += sums.hits[row + to]! - sums.hits[row + from]!;
      live += sums.live[row + to]! - sums.live[row + from]!;
    }
    blame[channel] = 4 * holes[channel]! + Math.max(mean, live === 0 ? 0 : sum / live);
  }
  return blame;
};

/** Hits, and channels with hits, of a layer's lanes before each lane: [layer][lane, and the end]. */
const runningSums = (hits: Uint16Array, { lanes, layers }: SurveyGrid) => {
  const sums = { hits: new Float64Array(layers * (lanes + 1)), live: new Float64Array(layers * (lanes + 1)) };
  for (let layer = 0; layer < layers; layer++)
    for (let lane = 0; lane < lanes; lane++) {
      const at = layer * (lanes + 1) + lane;
      const own = hits[layer * lanes + lane]!;
      sums.hits[at + 1] = sums.hits[at]! + own;
      sums.live[at + 1] = sums.live[at]! + (own > 0 ? 1 : 0);
    }
  return sums;
};

const noisy: Draw = ({ alone }, { grid, tables }, region) => {
  const known = new Set(tables.alone[region]);
  return channelsOf(grid).map((_, channel) => (known.has(channel) ? 0 : alone[channel]! ** 2));
};

/** Cards whose mean code is off the frame's, by how surely; within a card, channels that differ most. */
const gain: Draw = ({ hits, codes }, { grid }) => {
  const [cardHits, cardCodes] = [sumsOf(hits, grid, cardOf), sumsOf(codes, grid, cardOf)];
  const all = hits.reduce((sum, one) => sum + one, 0);
  const mean = codes.reduce((sum, one) => sum + one, 0) / Math.max(1, all);
  return channelsOf(grid).map((_, channel) => {
    const card = cardOf(grid, channel);
    if (cardHits[card] === 0) return 0;
    const away = Math.abs(cardCodes[card]! / cardHits[card]! - mean) * Math.sqrt(cardHits[card]!);
    const own = hits[channel] === 0 ? 0 : Math.abs(codes[channel]! / hits[channel]! - mean);
    return away ** 2 * (1 + own / 256);
  });
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

/**
 * Channels on both sides of missing pairs, those between two such places of a layer, and cards with torn seams; where no
 * card is torn, two groups in each other's place.
 */
const continuity: Draw = ({ hits, pairs }, { grid }) => {
  const { lanes, layers, wiring } = grid;
  const blame = channelsOf(grid);
  const all = hits.reduce((sum, one) => sum + one, 0);
  const share = pairs.reduce((sum, one) => sum + one, 0) / Math.max(1, all);
  const cardBlame = new Float64Array(grid.cards);
  const cardExpected = new Float64Array(grid.cards);
  for (let layer = 0; layer < layers; layer++) {
    const tears: { lane: number; missing: number }[] = [];
    for (let lane = 0; lane + 1 < lanes; lane++) {
      const channel = layer * lanes + lane;
      const expected = (share * (hits[channel]! + hits[channel + 1]!)) / 2;
      const missing = Math.min(hits[channel]!, hits[channel + 1]!) - 2 * pairs[channel]!;
      if (missing > 0) tears.push({ lane, missing });
      // A channel without hits is silent: that tears nothing from the card beside it.
      const isSeam = (lane + 1) % wiring.cardLanes === 0;
      if (!isSeam || hits[channel] === 0 || hits[channel + 1] === 0) continue;
      for (const one of [channel, channel + 1]) {
        cardBlame[cardOf(grid, one)]! += expected - pairs[channel]!;
        cardExpected[cardOf(grid, one)]! += expected;
      }
    }
    for (const { lane, missing } of tears)
      for (const one of [lane, lane + 1]) blame[layer * lanes + one]! += missing ** 2;
    tears.forEach(({ lane, missing }, i) => {
      for (const other of tears.slice(i + 1)) {
        const within = Math.min(missing, other.missing) ** 2;
        for (let at = lane + 1; at <= Math.min(other.lane, lane + wiring.cardLanes); at++)
          blame[layer * lanes + at] = Math.max(blame[layer * lanes + at]!, within);
      }
    });
  }
  const torn = cardBlame.map((lost, card) => Math.max(0, lost) / Math.sqrt(cardExpected[card]! + 1));
  if (torn.every((roots) => roots <= tornSeam)) {
    const most = blame.reduce((top, one) => Math.max(top, one), 0);
    for (const channel of exchanged({ hits, pairs }, grid, share))
      blame[channel] = Math.max(blame[channel]!, most / 2);
    return blame;
  }
  for (let channel = 0; channel < grid.channels; channel++) {
    const roots = torn[cardOf(grid, channel)]!;
    blame[channel]! += roots > tornSeam ? roots ** 4 : 0;
  }
  return blame;
};
/** A seam that has lost as many roots of its pairs is more than a few channels. */
const tornSeam = 4;

/**
 * The channels of two groups that seem to be in each other's place: equally many side by side, torn from what is beside
 * them at both ends. An end of a layer is torn from nothing. Empty where no two groups are.
 */
const exchanged = (
  { hits, pairs }: Pick<SurveyMaps, 'hits' | 'pairs'>,
  { lanes, layers, wiring }: SurveyGrid,
  share: number,
): readonly number[] => {
  /** Deviations by which pairs are missing between a lane and the one before it; a layer's ends have none. */
  const torn = new Float64Array(layers * (lanes + 1));
  for (let layer = 0; layer < layers; layer++)
    for (let lane = 1; lane < lanes; lane++) {
      const channel = layer * lanes + lane;
      const expected = share * Math.min(hits[channel - 1]!, hits[channel]!);
      torn[layer * (lanes + 1) + lane] = (expected - pairs[channel - 1]!) / Math.sqrt(expected + 1);
    }
  // Two groups side by side share an end: no four are more than twice the two largest.
  const [second = 0, first = 0] = torn.slice().sort().slice(-2);
  if (2 * (first + second) <= exchangedMin) return [];
  let best = { torn: exchangedMin, width: 0, groups: [0, 0] };
  for (let width = 1; width <= wiring.cardLanes; width++) {
    const groups = [0, 0];
    const most = [0, 0];
    for (let layer = 0; layer < layers; layer++)
      for (let lane = 0; lane + width <= lanes; lane++) {
        const at = layer * (lanes + 1) + lane;
        const ends = torn[at]! + torn[at + width]!;
        const place = layer * lanes + lane;
        const beats = groups.findIndex((other, i) => most[i]! > 0 && Math.abs(other - place) < width);
        const to = beats >= 0 ? beats : most[0]! <= most[1]! ? 0 : 1;
        if (ends <= most[to]!) continue;
        most[to] = ends;
        groups[to] = place;
      }
    const sum = most[0]! + most[1]!;
    if (sum > best.torn) best = { torn: sum, width, groups };
  }
  return best.groups.flatMap((first) => Array.from({ length: best.width }, (_, i) => first + i));
};
/** Deviations that the four ends lack together: more than those of any two groups of a good frame do, as a rule. */
const exchangedMin = 11;

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
