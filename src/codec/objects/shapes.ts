/**
 * Clusters as object tokens and back, in whole numbers alone, so that every machine makes the same tokens: which patch
 * a cluster lies in, where in the patch, and what it looks like. Refuses instruments without clusters.
 */

import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import { fitsKeys, Sum } from '../../kernels/clusters/cluster_sums.ts';

/** Steps of a position in a cell: an error of a sixteenth at most, 0.036 cells r.m.s.; the noise is some hundredths. */
export const placeSteps = 8;
/** Codes of a charge in an octave, evenly laid: an error of 1/16 of the charge at most. */
const chargeSteps = 8;
/** Codes of each width, in steps of 1/8 pad and of 1/4 time bin; the last one holds all that is wider. */
export const widthCodes = 16;
export const widthSteps = { pad: 8, bin: 4 } as const;
/** No cluster has 2^24 ADC counts: 77 cells of 16 bits are fewer. */
export const chargeCodes = 24 * chargeSteps;
const shapesOfCharge = widthCodes * widthCodes;

/** Objects of one frame as columns, `count` of them, in order of patch, place and shape. */
export interface ObjectTokens {
  count: number;
  /** The position token: a patch of the frame's grid. */
  readonly patch: Uint32Array;
  /** Where in the patch: cells in eighths along azimuth and time, after the layer where patches span several. */
  readonly place: Uint16Array;
  /** (charge code · 16 + pad width code) · 16 + bin width code. */
  readonly shape: Uint16Array;
}

/** The grid of patches as positions of objects see it. */
export interface ObjectGrid {
  readonly patches: readonly [layers: number, pads: number, bins: number];
  readonly patch: readonly [layers: number, pads: number, bins: number];
  readonly sizes: readonly [layers: number, pads: number, bins: number];
  readonly patchCount: number;
  readonly placeCount: number;
}

/** Whether clusters are an instrument's objects: hits on layers of azimuths and times, none too large for the numbers here. */
export const hasClusters = (card: Pick<InstrumentCard, 'kind' | 'axes' | 'patch' | 'adcBits'>): boolean =>
  card.kind === 'digits' &&
  card.axes.map(({ name }) => name).join() === 'layer,azimuth,time' &&
  placesOf(card.patch) <= 2 ** 16 &&
  fitsKeys(card);

const placesOf = (patch: readonly number[]): number =>
  patch.reduce((all, size, axis) => all * (axis === 0 ? size : size * placeSteps), 1);

export const objectGrid = (card: Pick<InstrumentCard, 'axes' | 'patch'>): ObjectGrid => {
  const patches = patchesPerAxis(card);
  const three = (sizes: readonly number[]) => sizes as unknown as readonly [number, number, number];
  return {
    patches: three(patches),
    patch: three(card.patch),
    sizes: three(card.axes.map(({ size }) => size)),
    patchCount: patches.reduce((all, count) => all * count, 1),
    placeCount: placesOf(card.patch),
  };
};

/** Code of a charge, at least 1 ADC count: eight to an octave, evenly laid in it. */
export const chargeCode = (charge: number): number => {
  const octave = 31 - Math.clz32(charge);
  const within = octave >= 3 ? (charge >> (octave - 3)) & 7 : (charge << (3 - octave)) & 7;
  return octave * chargeSteps + within;
};

/** The middle of what has this code, ADC counts. */
export const chargeOf = (code: number): number =>
  2 ** Math.floor(code / chargeSteps) * (1 + ((code % chargeSteps) + 0.5) / chargeSteps);

/**
 * Code of a standard deviation in `steps` a cell: the largest k ≤ 15 with k ≤ steps · √(squares/charge − (sum/charge)²),
 * asked of squares of whole numbers below 2^53.
 */
const widthCode = (charge: number, sum: number, squares: number, steps: number): number => {
  const spread = (charge * squares - sum * sum) * steps * steps;
  let code = Math.min(widthCodes - 1, Math.floor(Math.sqrt(spread) / charge));
  // A root is not exact everywhere; its neighbour's square is.
  while (code > 0 && code * code * charge * charge > spread) code--;
  while (code < widthCodes - 1 && (code + 1) * (code + 1) * charge * charge <= spread) code++;
  return code;
};

/** The middle of a width code, cells; a single row or column has width 0, and the code's first step is of those. */
export const widthOf = (code: number, steps: number): number => (code === 0 ? 0 : (code + 0.5) / steps);

/** Eighths of a cell from the lower edge of cell 0 to a mean, half up. */
const placeAlong = (peak: number, sum: number, charge: number): number =>
  peak * placeSteps + (placeSteps >> 1) + Math.floor((2 * placeSteps * sum + charge) / (2 * charge));

/** Room for the objects of one frame at a time. */
export interface ObjectRoom {
  readonly grid: ObjectGrid;
  /** By patch: its objects, then where the next of them goes. */
  readonly tally: Int32Array;
  tokens: ObjectTokens;
  /** Objects as they were found: patch, and place · 2^16 + shape. */
  found: { readonly patch: Int32Array; readonly rest: Float64Array };
}

const columns = (objectsMax: number): ObjectTokens => ({
  count: 0,
  patch: new Uint32Array(objectsMax),
  place: new Uint16Array(objectsMax),
  shape: new Uint16Array(objectsMax),
});

export const openObjectRoom = (grid: ObjectGrid): ObjectRoom => ({
  grid,
  tally: new Int32Array(grid.patchCount + 1),
  tokens: columns(0),
  found: { patch: new Int32Array(0), rest: new Float64Array(0) },
});

/** Tokens of clusters as `kernels/clusters/cluster_sums` leaves them; they lie in `room.tokens` until the next call. */
export const tokensOf = (sums: Int32Array, count: number, room: ObjectRoom): ObjectTokens => {
  const { grid } = room;
  const [, patchesAlong, patchesAcross] = grid.patches;
  const [layersIn, padsIn, binsIn] = grid.patch;
  const [padPlaces, binPlaces] = [padsIn * placeSteps, binsIn * placeSteps];
  if (count > room.tokens.patch.length) {
    room.tokens = columns(2 * count);
    room.found = { patch: new Int32Array(2 * count), rest: new Float64Array(2 * count) };
  }
  const { tokens, found } = room;
  for (let i = 0; i < count; i++) {
    const at = i * Sum.count;
    const charge = sums[at + Sum.charge]!;
    const [pads, bins] = [sums[at + Sum.pads]!, sums[at + Sum.bins]!];
    const layer = sums[at + Sum.layer]!;
    const pad = placeAlong(sums[at + Sum.peakPad]!, pads, charge);
    const bin = placeAlong(sums[at + Sum.peakBin]!, bins, charge);
    const [row, column, plane] = [
      Math.floor(pad / padPlaces),
      Math.floor(bin / binPlaces),
      Math.floor(layer / layersIn),
    ];
    const patch = (plane * patchesAlong + row) * patchesAcross + column;
    const place =
      ((layer - plane * layersIn) * padPlaces + pad - row * padPlaces) * binPlaces + bin - column * binPlaces;
    const shape =
      chargeCode(charge) * shapesOfCharge +
      widthCode(charge, pads, sums[at + Sum.padSquares]!, widthSteps.pad) * widthCodes +
      widthCode(charge, bins, sums[at + Sum.binSquares]!, widthSteps.bin);
    found.patch[i] = patch;
    found.rest[i] = place * 65536 + shape;
  }
  arrange(count, room);
  tokens.count = count;
  return tokens;
};

/**
 * By patch, and within one by place and shape, put in one by one: many objects each into the room of its patch, and few
 * behind those before, who are nearly in order.
 */
const arrange = (count: number, { grid, tally, found, tokens }: ObjectRoom): void => {
  const { patch, place, shape } = tokens;
  const isFew = count * 8 < grid.patchCount;
  if (!isFew) tallyPatches(count, found.patch, tally);
  // Rooms not taken yet are of a patch before any other, so that nothing an earlier frame left is moved.
  patch.fill(0, 0, count);
  for (let i = 0; i < count; i++) {
    const of = found.patch[i]!;
    const rest = found.rest[i]!;
    let at = i;
    if (!isFew) {
      at = tally[of]!;
      tally[of] = at + 1;
    }
    while (at > 0) {
      const before = patch[at - 1]!;
      if (before < of || (before === of && place[at - 1]! * 65536 + shape[at - 1]! <= rest)) break;
      patch[at] = before;
      place[at] = place[at - 1]!;
      shape[at] = shape[at - 1]!;
      at--;
    }
    patch[at] = of;
    place[at] = Math.floor(rest / 65536);
    shape[at] = rest % 65536;
  }
};

/** Leaves by patch where its first object goes. */
const tallyPatches = (count: number, patches: Int32Array, tally: Int32Array): void => {
  tally.fill(0);
  for (let i = 0; i < count; i++) tally[patches[i]! + 1]! += 1;
  for (let patch = 1; patch < tally.length; patch++) tally[patch]! += tally[patch - 1]!;
};

/** An object's tokens in physical words: cells of the grid and ADC counts. */
export interface DecodedObject {
  readonly patch: number;
  readonly layer: number;
  /** Centroid in cells from the centre of the axis' first one; within 1/16. */
  readonly pad: number;
  readonly bin: number;
  /** Summed ADC counts, within 1/16 of it. */
  readonly charge: number;
  /** Standard deviations of the charge, in cells: within 1/16 pad and 1/8 bin, except a code of 0 (below 1/8 pad or 1/4
   * bin, told as 0) and the last (at least 15/8 pads or 15/4 bins). */
  readonly padSigma: number;
  readonly binSigma: number;
}

export const objectOf = (tokens: ObjectTokens, index: number, grid: ObjectGrid): DecodedObject => {
  const patch = tokens.patch[index]!;
  const place = tokens.place[index]!;
  const shape = tokens.shape[index]!;
  const [, patchesAlong, patchesAcross] = grid.patches;
  const [layersIn, padsIn, binsIn] = grid.patch;
  const [padPlaces, binPlaces] = [padsIn * placeSteps, binsIn * placeSteps];
  const row = Math.floor(patch / patchesAcross) % patchesAlong;
  const placeRow = Math.floor(place / binPlaces);
  const half = placeSteps >> 1;
  return {
    patch,
    layer: Math.floor(patch / (patchesAlong * patchesAcross)) * layersIn + Math.floor(placeRow / padPlaces),
    pad: (row * padPlaces + (placeRow % padPlaces) - half) / placeSteps,
    bin: ((patch % patchesAcross) * binPlaces + (place % binPlaces) - half) / placeSteps,
    charge: chargeOf(Math.floor(shape / shapesOfCharge)),
    padSigma: widthOf(Math.floor(shape / widthCodes) % widthCodes, widthSteps.pad),
    binSigma: widthOf(shape % widthCodes, widthSteps.bin),
  };
};
