/**
 * Object tokens as a layer of a packet and back: gaps between patches, places and shapes by rANS with static tables, so
 * that a reader needs nothing but the instrument's card. Refuses (packet-layer) payloads that are cut, damaged or do not
 * fit the grid or the frame's hits.
 */

import { Fault } from '../../domain/fault.ts';
import { type Layer, LayerCodec, LayerKind } from '../../domain/packet.ts';
import {
  closeRans,
  openRans,
  type RansReader,
  ransBytesMax,
  ransEncode,
  rawStep,
  readRaw,
  readSymbol,
  readUniform,
  type SymbolTable,
  uniformStep,
} from '../../kernels/rans.ts';
import { putVarint, takeVarint, varintBytesMax } from '../../kernels/varint.ts';
import { takeGap } from '../gaps.ts';
import { type ObjectGrid, type ObjectTokens, placeSteps, widthCodes } from './shapes.ts';
import { objectPrecision, objectTables } from './tables.ts';

/** First byte of a payload: version in the high four bits, which gaps in the low ones. The tables are the version's. */
const version = 1;
const gapModes = ['sparse', 'dense'] as const;
type GapMode = (typeof gapModes)[number];
/** Places of one object take their low bits as they are, what is above as one of so many. */
const placeLowBits = 6;
/** Gap of two or three steps, place of two, charge, two widths. */
const stepsPerObjectMax = 8;

export interface ObjectCoder {
  readonly grid: ObjectGrid;
  steps: Uint32Array;
  bytes: Uint8Array;
}

export const openObjectCoder = (grid: ObjectGrid): ObjectCoder => ({
  grid,
  steps: new Uint32Array(0),
  bytes: new Uint8Array(0),
});

const modeOf = (count: number, { patchCount }: ObjectGrid): GapMode =>
  count * 8 < patchCount ? 'sparse' : 'dense';
const placeHighs = ({ placeCount }: ObjectGrid): number => Math.ceil(placeCount / 2 ** placeLowBits);

/** The layer of a frame's objects; the same tokens give the same bytes on every machine. */
export const encodeObjects = (tokens: ObjectTokens, coder: ObjectCoder): Layer => {
  const { count } = tokens;
  const { grid } = coder;
  const mode = modeOf(count, grid);
  const head = new Uint8Array(1 + varintBytesMax);
  head[0] = (version << 4) | gapModes.indexOf(mode);
  const headBytes = putVarint(head, 1, count);
  const layer = { kind: LayerKind.objects, codec: LayerCodec.objectRans1, symbolCount: count };
  if (count === 0) return { ...layer, payload: head.slice(0, headBytes) };
  if (coder.steps.length < count * stepsPerObjectMax) {
    coder.steps = new Uint32Array(2 * count * stepsPerObjectMax);
    coder.bytes = new Uint8Array(ransBytesMax(coder.steps.length));
  }
  const steps = putSteps(tokens, objectTables.gaps[mode], coder);
  const from = ransEncode(coder.steps, steps, objectPrecision, coder.bytes);
  const stream = coder.bytes.subarray(from);
  const payload = new Uint8Array(headBytes + stream.length);
  payload.set(head.subarray(0, headBytes));
  payload.set(stream, headBytes);
  return { ...layer, payload };
};

/** Lists the coding steps of all objects; returns how many. */
const putSteps = (tokens: ObjectTokens, gaps: SymbolTable, { grid, steps }: ObjectCoder): number => {
  const { count, patch, place, shape } = tokens;
  const highs = placeHighs(grid);
  const { charge, padWidth, binWidth } = objectTables;
  let at = 0;
  let before = 0;
  for (let i = 0; i < count; i++) {
    const gap = patch[i]! - before;
    before = patch[i]!;
    if (gap < 16) steps[at++] = gaps.step[gap]!;
    else {
      const bits = 31 - Math.clz32(gap);
      steps[at++] = gaps.step[bits + 12]!;
      if (bits > 8) steps[at++] = rawStep((gap - (1 << bits)) >> 8, bits - 8, objectPrecision);
      const low = Math.min(bits, 8);
      steps[at++] = rawStep(gap & ((1 << low) - 1), low, objectPrecision);
    }
    const where = place[i]!;
    if (highs > 1) steps[at++] = uniformStep(where >> placeLowBits, highs, objectPrecision);
    steps[at++] = rawStep(where & (2 ** placeLowBits - 1), placeLowBits, objectPrecision);
    const code = shape[i]! >> 8;
    steps[at++] = charge.step[code]!;
    steps[at++] = padWidth[code]!.step[(shape[i]! >> 4) & (widthCodes - 1)]!;
    steps[at++] = binWidth[code]!.step[shape[i]! & (widthCodes - 1)]!;
  }
  return at;
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `the object layer is damaged or of another version: ${what}`);

/** @param hitCount the packet's: an object has two hits at least, and no more is ever made room for */
export const decodeObjects = (layer: Layer, hitCount: number, grid: ObjectGrid): ObjectTokens => {
  const { payload } = layer;
  if (layer.codec !== LayerCodec.objectRans1)
    throw new Fault(
      'packet-layer',
      `codec ${layer.codec} of a layer of kind ${layer.kind} is not known here`,
    );
  const mode = gapModes[(payload[0] ?? 0) & 15];
  if (payload.length === 0 || payload[0]! >> 4 !== version || mode === undefined)
    throw damaged('its head is not one this version writes');
  const { value: count, next } = takeVarint(payload, 1);
  const voxels = grid.sizes.reduce((all, size) => all * size, 1);
  if (count !== layer.symbolCount)
    throw damaged(`it has ${count} objects, not the ${layer.symbolCount} declared`);
  if (2 * count > Math.min(hitCount, voxels))
    throw damaged(`${count} objects are more than ${hitCount} hits make`);
  if (mode !== modeOf(count, grid)) throw damaged('its gaps are of another number of objects');
  const tokens: ObjectTokens = {
    count,
    patch: new Uint32Array(count),
    place: new Uint16Array(count),
    shape: new Uint16Array(count),
  };
  if (count === 0) {
    if (next !== payload.length) throw damaged('bytes follow no objects');
    return tokens;
  }
  const reader = openRans(payload, next, payload.length, objectPrecision);
  takeTokens(reader, objectTables.gaps[mode], tokens, grid);
  closeRans(reader);
  return tokens;
};

const takeTokens = (reader: RansReader, gaps: SymbolTable, tokens: ObjectTokens, grid: ObjectGrid): void => {
  const { count, patch, place, shape } = tokens;
  const highs = placeHighs(grid);
  const { charge, padWidth, binWidth } = objectTables;
  let of = 0;
  let before = -1;
  for (let i = 0; i < count; i++) {
    const gap = takeGap(reader, gaps);
    of += gap;
    if (of >= grid.patchCount) throw damaged(`object ${i} lies in patch ${of} of ${grid.patchCount}`);
    const high = highs > 1 ? readUniform(reader, highs) : 0;
    const where = (high << placeLowBits) | readRaw(reader, placeLowBits);
    if (!inGrid(of, where, grid)) throw damaged(`object ${i} lies outside the grid`);
    const code = readSymbol(reader, charge);
    const widths = readSymbol(reader, padWidth[code]!) * widthCodes + readSymbol(reader, binWidth[code]!);
    const shaped = (code << 8) | widths;
    const rest = where * 65536 + shaped;
    if (gap === 0 && i > 0 && rest < before) throw damaged(`object ${i} is out of order`);
    before = rest;
    patch[i] = of;
    place[i] = where;
    shape[i] = shaped;
  }
};

/** Whether a place in a patch is one of its cells, which at an axis' end it need not be. */
const inGrid = (
  patch: number,
  place: number,
  { patches, patch: inPatch, sizes, placeCount }: ObjectGrid,
): boolean => {
  if (place >= placeCount) return false;
  const [, along, across] = patches;
  const [layersIn, padsIn, binsIn] = inPatch;
  const binPlaces = binsIn * placeSteps;
  const padPlaces = padsIn * placeSteps;
  const bin = (patch % across) * binPlaces + (place % binPlaces);
  const row = Math.floor(place / binPlaces);
  const pad = (Math.floor(patch / across) % along) * padPlaces + (row % padPlaces);
  const layer = Math.floor(patch / (along * across)) * layersIn + Math.floor(row / padPlaces);
  return layer < sizes[0] && pad < sizes[1] * placeSteps && bin < sizes[2] * placeSteps;
};
