/**
 * Fits the lossless rung's static tables to frames of an instrument: counts by context, thinly seen contexts
 * leaning on coarser ones. It refuses nothing; more frames than it can hold only feed the occupancy counts.
 */

import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import {
  amplitudeContexts,
  cellsPerHit,
  contextOf,
  levels,
  lookAround,
  neighbourhoods,
  predictionUnits,
  weightCount,
} from '../kernels/amplitude.ts';
import { normalizeFrequencies } from '../kernels/frequencies.ts';
import {
  bitContexts,
  chunkContexts,
  clearOccupancy,
  markOccupancy,
  tileContext,
  tileContexts,
} from '../kernels/occupancy.ts';
import { gapBucket, gapBuckets } from './gaps.ts';
import { tilesByGaps } from './lossless.ts';
import { clearGrades, markGrades, putChunks } from './lossless_writer.ts';
import { builtInTables, codeOfOdds, type LosslessTables, readyTables } from './tables.ts';

/** Hits whose contexts are kept for the amplitude fit: 6 M are 70 MB and far more than its cells need. */
const hitsKeptMax = 6_000_000;
/** How many hits a coarser context's word is worth against a finer one's. */
const parentWeight = 6;
const backfitRounds = 12;

interface Counts {
  readonly gaps: number[];
  /** [context][bit] */
  readonly tile: Float64Array;
  readonly chunk: Float64Array;
  readonly bit: Float64Array;
  /** Of each kept hit: its predictor cells, its neighbourhood and its symbol. */
  readonly cells: Uint16Array;
  readonly neighbours: Uint8Array;
  readonly symbol: Uint8Array;
  hits: number;
  frames: number;
}

export const fitTables = (
  frames: Iterable<Digits>,
  card: InstrumentCard,
  provenance: Readonly<Record<string, unknown>> = {},
): LosslessTables => {
  const tables = builtInTables(card);
  const counts: Counts = {
    gaps: new Array<number>(gapBuckets).fill(0),
    tile: new Float64Array(tileContexts * 2),
    chunk: new Float64Array(chunkContexts * 2),
    bit: new Float64Array(bitContexts * 2),
    cells: new Uint16Array(hitsKeptMax * cellsPerHit),
    neighbours: new Uint8Array(hitsKeptMax),
    symbol: new Uint8Array(hitsKeptMax),
    hits: 0,
    frames: 0,
  };
  for (const digits of frames) {
    countOccupancy(digits, tables, counts);
    countAmplitudes(digits, tables, counts);
    counts.frames++;
  }
  const weights = fitWeights(counts);
  const parts = {
    gaps: normalizeFrequencies(counts.gaps),
    tile: codesOf(counts.tile, []),
    // Coarser contexts: stage, fullness above and the row's last bits; then those above alone.
    chunk: codesOf(counts.chunk, [0xff, 0x38]),
    // The row's state with the three voxels above; then the row's state alone.
    bit: codesOf(counts.bit, [(31 << 12) | (0b011100 << 6), 31 << 12]),
    weights,
    amplitude: fitAmplitudes(counts, tables, weights),
  };
  return readyTables(card, parts, { by: 'fitTables', frames: counts.frames, ...provenance });
};

/** Steps that name their context and bit instead of coding it: what `putChunks` then writes can be counted. */
const chunkNames = Uint32Array.from({ length: chunkContexts * 2 }, (_, i) => i);
const bitNames = Uint32Array.from({ length: bitContexts * 2 }, (_, i) => chunkContexts * 2 + i);

const countOccupancy = (digits: Digits, tables: LosslessTables, counts: Counts): void => {
  const { occupancy } = tables;
  const { active, tile, tileOrigin } = occupancy.scratch;
  const { stride, chunks, layerTiles, tileEnd } = occupancy;
  const tileCount = markOccupancy(digits.voxel, digits.count, occupancy);
  if (tilesByGaps(tileCount, tileEnd)) {
    for (let i = 0; i < tileCount; i++) {
      counts.gaps[gapBucket(active[i]! - (i === 0 ? -1 : active[i - 1]!) - 1)]!++;
    }
  } else {
    for (let id = 0; id < tileEnd; id++) {
      if (id % stride >= chunks) continue;
      const at = tileOrigin + id;
      counts.tile[(tileContext(tile, at, stride, layerTiles) << 1) | tile[at]!]!++;
    }
  }
  const steps = new Uint32Array(tileCount * 8 + Math.min(tileCount * 64, digits.count * 8));
  const end = putChunks(steps, 0, tileCount, occupancy, chunkNames, bitNames);
  for (let i = 0; i < end; i++) {
    const name = steps[i]!;
    if (name < chunkContexts * 2) counts.chunk[name]!++;
    else counts.bit[name - chunkContexts * 2]!++;
  }
  clearOccupancy(tileCount, occupancy);
};

const countAmplitudes = (digits: Digits, tables: LosslessTables, counts: Counts): void => {
  const { grade, origin, columns } = tables.amplitude;
  const { symbolOf } = tables.scale;
  const { view } = tables.scratch;
  markGrades(tables, digits);
  for (let i = 0; i < digits.count && counts.hits < hitsKeptMax; i++) {
    const at = origin + digits.voxel[i]!;
    const first = counts.hits * cellsPerHit;
    lookAround(grade, at, columns, view);
    for (let cell = 0; cell < cellsPerHit; cell++) counts.cells[first + cell] = view[cell]!;
    counts.neighbours[counts.hits] = view[cellsPerHit]!;
    counts.symbol[counts.hits++] = symbolOf[digits.adc[i]!]!;
  }
  clearGrades(tables, digits.voxel, digits.count);
};

/** Probability codes: each context's own counts, leaning on the same context with fewer bits (`coarser` masks). */
const codesOf = (counts: Float64Array, coarser: readonly number[]): Uint8Array => {
  const size = counts.length / 2;
  const whole = [0, 0];
  for (let i = 0; i < counts.length; i++) whole[i & 1]! += counts[i]!;
  const overall = (whole[1]! + 0.5) / (whole[0]! + whole[1]! + 1);
  const parents = [...coarser].reverse().map((mask) => {
    const sums = new Map<number, [number, number]>();
    for (let context = 0; context < size; context++) {
      const sum = sums.get(context & mask) ?? [0, 0];
      sum[0] += counts[context * 2]!;
      sum[1] += counts[context * 2 + 1]!;
      sums.set(context & mask, sum);
    }
    return { mask, sums };
  });
  const codeOf = Uint8Array.from({ length: 4096 }, (_, parts) => codeOfOdds(parts));
  return Uint8Array.from({ length: size }, (_, context) => {
    let p = overall;
    for (const { mask, sums } of parents) {
      const [zeros, ones] = sums.get(context & mask)!;
      p = (ones + parentWeight * p) / (zeros + ones + parentWeight);
    }
    const zeros = counts[context * 2]!;
    const ones = counts[context * 2 + 1]!;
    p = (ones + parentWeight * p) / (zeros + ones + parentWeight);
    return codeOf[Math.min(4095, Math.max(1, Math.round(p * 4096)))]!;
  });
};

/** An additive model by backfitting: each table in turn takes the mean of what the others leave over. */
const fitWeights = (counts: Counts): Int16Array => {
  const { cells, symbol, hits } = counts;
  const weights = new Float64Array(weightCount);
  const left = Float64Array.from(
    { length: hits },
    (_, i) => symbol[i]! * predictionUnits + predictionUnits / 2,
  );
  const sum = new Float64Array(weightCount);
  const seen = new Float64Array(weightCount);
  for (let round = 0; round < backfitRounds; round++) {
    for (let table = 0; table < cellsPerHit; table++) {
      sum.fill(0);
      seen.fill(0);
      for (let i = 0; i < hits; i++) {
        const cell = cells[i * cellsPerHit + table]!;
        sum[cell]! += left[i]!;
        seen[cell]!++;
      }
      for (let cell = 0; cell < weightCount; cell++) sum[cell] = sum[cell]! / (seen[cell]! + parentWeight);
      for (let i = 0; i < hits; i++) left[i]! -= sum[cells[i * cellsPerHit + table]!]!;
      for (let cell = 0; cell < weightCount; cell++) weights[cell]! += sum[cell]!;
    }
  }
  return Int16Array.from(weights, Math.round);
};

/** Symbol frequencies by level and neighbourhood, leaning on those of the level and the ones beside it. */
const fitAmplitudes = (counts: Counts, tables: LosslessTables, weights: Int16Array): Uint16Array => {
  const { symbols, levelOf } = tables.scale;
  const { cells, neighbours, symbol, hits } = counts;
  const byContext = new Float64Array(amplitudeContexts * symbols);
  for (let i = 0; i < hits; i++) {
    const first = i * cellsPerHit;
    let prediction = 0;
    for (let table = 0; table < cellsPerHit; table++) prediction += weights[cells[first + table]!]!;
    byContext[contextOf(prediction, neighbours[i]!, levelOf) * symbols + symbol[i]!]!++;
  }
  const perLevel = neighbourhoods * symbols;
  const frequencies = new Uint16Array(byContext.length);
  for (let level = 0; level < levels; level++) {
    const near = new Float64Array(symbols);
    const nearEnd = Math.min(levels, level + 2) * perLevel;
    for (let i = Math.max(0, level - 1) * perLevel; i < nearEnd; i++) near[i % symbols]! += byContext[i]!;
    const nearTotal = near.reduce((n, count) => n + count, 0);
    for (let first = level * perLevel; first < (level + 1) * perLevel; first += symbols) {
      const mixed = Array.from({ length: symbols }, (_, s) => {
        const parent = (near[s]! + 0.2) / (nearTotal + 0.2 * symbols);
        return Math.round(256 * (byContext[first + s]! + 2 * parentWeight * parent));
      });
      frequencies.set(normalizeFrequencies(mixed), first);
    }
  }
  return frequencies;
};
