/**
 * From the levels a plane gives to ADC values, with a learnt guess of where in its interval each hit lies. The
 * guess is floating point and costs no bits: it serves readers and never coding. No value leaves its interval.
 * Refuses (packet-model) a model made for other planes or another instrument, (packet-layer) a level a plane has not.
 */

import type { DequantiserCard } from '../domain/dequantiser.ts';
import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import type { InstrumentCard } from '../domain/instrument.ts';
import {
  clearCells,
  gatherNeighbourhoods,
  type NeighbourhoodGrid,
  neighbourhoodGrid,
  placeCells,
} from '../kernels/neighbourhood.ts';

/** Hits whose rows are made and run together: rows and activations stay in the cache. */
const slabRows = 4096;

/** The first `count` hits of a frame as a plane leaves them: voxels ascending, levels 0 … levels − 1. */
export interface LevelHits {
  readonly count: number;
  readonly voxel: Uint32Array;
  readonly level: Uint8Array;
}

/** Runs a model: `rowCount` rows of bytes in, one byte a row out (`ports/model.ts` has such a `run`). */
export type RunRows = (input: Uint8Array, rowCount: number, output: Uint8Array) => Promise<void>;

/** A plane made ready: number of its first interval, then by level lowest ADC, number of ADC values, and code. */
interface ReadyPlane {
  readonly firstInterval: number;
  readonly lowest: Uint16Array;
  readonly size: Uint32Array;
  readonly code: Uint8Array;
}

/** A dequantiser for one instrument, with its scratch space: one frame at a time, never shared. */
export interface Dequantiser {
  /** By the reader's planes, in their order. */
  readonly planes: readonly ReadyPlane[];
  readonly grid: NeighbourhoodGrid;
  readonly rows: Uint8Array;
  readonly scratch: { own: Uint8Array; code: Uint8Array; position: Uint8Array; busy: boolean };
}

/**
 * `planes`: the reader's own planes in order, each as the lowest ADC of its levels. Throws `packet-model` when the
 * card was made for another instrument, or knows no plane with just these levels.
 */
export const prepareDequantiser = (
  card: DequantiserCard,
  instrument: Pick<InstrumentCard, 'id' | 'axes' | 'adcBits'>,
  planes: readonly ArrayLike<number>[],
): Dequantiser => {
  const model = `${card.name}/${card.version}`;
  if (!card.instruments.includes(instrument.id))
    throw new Fault('packet-model', `${model} is for ${card.instruments.join(', ')}, not ${instrument.id}`);
  const axes = instrument.axes.map(({ name }) => name);
  if (axes.join() !== card.axes.join() || card.adcMax !== 2 ** instrument.adcBits - 1) {
    throw new Fault(
      'packet-model',
      `${model} is for the axes ${card.axes.join(', ')} and ADC up to ${card.adcMax}; ${instrument.id} has others`,
    );
  }
  return {
    planes: planes.map((lowest) => readyPlane(card, Array.from(lowest))),
    grid: neighbourhoodGrid(instrument.axes, card.neighbours),
    rows: new Uint8Array(slabRows * (1 + card.neighbours.length)),
    scratch: { own: new Uint8Array(0), code: new Uint8Array(0), position: new Uint8Array(0), busy: false },
  };
};

const readyPlane = (card: DequantiserCard, lowestAdc: readonly number[]): ReadyPlane => {
  let firstInterval = 0;
  for (const plane of card.planes) {
    if (plane.lowestAdc.join() === lowestAdc.join()) {
      const ends = [...plane.lowestAdc.slice(1), card.adcMax + 1];
      return {
        firstInterval,
        lowest: Uint16Array.from(plane.lowestAdc),
        size: Uint32Array.from(ends, (end, level) => end - plane.lowestAdc[level]!),
        code: Uint8Array.from(plane.code),
      };
    }
    firstInterval += plane.levels;
  }
  const known = card.planes.map((plane) => plane.lowestAdc.join(' ')).join('; ');
  throw new Fault(
    'packet-model',
    `${card.name}/${card.version} is for planes whose levels begin at ADC ${known}, not at ${lowestAdc.join(' ')}`,
  );
};

/**
 * The digits of a frame known to the end of the reader's plane number `plane`: the voxels given, and ADC values
 * inside the hits' intervals. Throws `packet-layer` for a level beyond the plane's, and what `run` throws.
 */
export const dequantise = async (
  dequantiser: Dequantiser,
  hits: LevelHits,
  plane: number,
  run: RunRows,
): Promise<Digits> => {
  const { grid, rows, scratch } = dequantiser;
  const { count, voxel } = hits;
  const ready = dequantiser.planes[plane];
  if (ready === undefined) throw new Error(`plane ${plane} of ${dequantiser.planes.length}`);
  if (scratch.busy) throw new Error('a dequantiser takes one frame at a time');
  reserve(dequantiser, count);
  readLevels(hits, ready, scratch.own, scratch.code);
  placeCells(grid, voxel, scratch.code, count);
  scratch.busy = true;
  try {
    for (let first = 0; first < count; first += slabRows) {
      const end = Math.min(count, first + slabRows);
      gatherNeighbourhoods(grid, scratch.own, first, end, rows);
      await run(
        rows.subarray(0, (end - first) * grid.rowBytes),
        end - first,
        scratch.position.subarray(first, end),
      );
    }
  } finally {
    clearCells(grid, count);
    scratch.busy = false;
  }
  return { count, voxel, adc: readPositions(hits, ready, scratch.position) };
};

const reserve = ({ grid, scratch }: Dequantiser, count: number): void => {
  if (scratch.own.length >= count) return;
  if (count > grid.voxelCount) throw new Error(`${count} hits in a grid of ${grid.voxelCount} voxels`);
  const length = Math.min(grid.voxelCount, 2 * count);
  scratch.own = new Uint8Array(length);
  scratch.code = new Uint8Array(length);
  scratch.position = new Uint8Array(length);
};

const readLevels = (hits: LevelHits, plane: ReadyPlane, own: Uint8Array, code: Uint8Array): void => {
  const levels = plane.code.length;
  for (let i = 0; i < hits.count; i++) {
    const level = hits.level[i]!;
    if (level >= levels)
      throw new Fault('packet-layer', `hit ${i} has level ${level} of a plane with ${levels}`);
    own[i] = plane.firstInterval + level;
    code[i] = plane.code[level]!;
  }
};

/** The middle of each position's 256th of the interval, rounded down: always inside. */
const readPositions = (hits: LevelHits, { lowest, size }: ReadyPlane, position: Uint8Array): Uint16Array => {
  const adc = new Uint16Array(hits.count);
  for (let i = 0; i < hits.count; i++) {
    const level = hits.level[i]!;
    adc[i] = lowest[level]! + (Math.imul(2 * position[i]! + 1, size[level]!) >>> 9);
  }
  return adc;
};
