/**
 * What a reader does with a packet: the hits of its ladder as far up as it goes, the symbols of its token layer, its objects,
 * cells back to digits, and how faithful digits are. Refuses layers it cannot decode (packet-layer) and models
 * or tables that are not the packet's (packet-model); a rung that is absent is null, not a fault.
 */

import { Fault } from '../domain/fault.ts';
import type { Digits } from '../domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import { type Layer, LayerCodec, LayerKind, type Packet } from '../domain/packet.ts';
import type { Rungs } from '../domain/policy.ts';
import { type PatchGrid, scatterPatches } from '../kernels/patches/patch.ts';
import { type DecodedLadder, decodeLadder } from './ladder/ladder.ts';
import type { LadderTables } from './ladder/tables.ts';
import { decodeObjects } from './objects/layer.ts';
import { hasClusters, type ObjectTokens, objectGrid } from './objects/shapes.ts';
import { type DecodedTokens, decodeTokens, type TokenTables } from './tokens.ts';

const layerOf = (packet: Packet, kind: number, codec: number): Layer | null => {
  const layer = packet.layers.find((one) => one.kind === kind);
  if (layer === undefined) return null;
  if (layer.codec !== codec) {
    throw new Fault('packet-layer', `codec ${layer.codec} of a layer of kind ${kind} is not known here`);
  }
  return layer;
};

/**
 * What the packet's ladder says of its frame, as far up as it goes or as far as `upTo` says: exact digits, or each
 * hit's level and the value that stands for it. Null when it has no occupancy.
 */
export const packetLadder = (
  packet: Packet,
  card: InstrumentCard,
  tables: LadderTables,
  upTo?: Rungs,
): DecodedLadder | null => {
  if (!packet.layers.some(({ kind }) => ladderKinds.has(kind))) return null;
  if (packet.identity.instrumentId !== card.id || packet.identity.instrumentHash !== card.hash) {
    throw new Fault(
      'packet-model',
      `the packet is of ${packet.identity.instrumentId} (card ${packet.identity.instrumentHash}), the card given is ${card.id} (${card.hash})`,
    );
  }
  return decodeLadder(packet.layers, packet.hitCount, card, tables, upTo);
};
const ladderKinds: ReadonlySet<number> = new Set([LayerKind.occupancy, LayerKind.plane, LayerKind.remainder]);

/** The packet's hits as true as its ladder goes, or null when it has none. */
export const packetDigits = (packet: Packet, card: InstrumentCard, tables: LadderTables): Digits | null =>
  packetLadder(packet, card, tables)?.digits ?? null;

/** Active patches and their symbols, or null when the packet has no token layer. */
export const packetSymbols = (
  packet: Packet,
  model: Pick<ModelCard, 'hash' | 'name'>,
  tables: TokenTables,
): DecodedTokens | null => {
  const layer = layerOf(packet, LayerKind.tokens, LayerCodec.tokenRans1);
  if (layer === null) return null;
  if (packet.modelHash !== model.hash) {
    throw new Fault(
      'packet-model',
      `the packet's tokens are of ${packet.modelId} (${packet.modelHash}), the model given is ${model.name} (${model.hash})`,
    );
  }
  const tokens = decodeTokens(layer.payload, tables);
  const symbolCount = tokens.patchCount * tables.symbolsPerPatch;
  if (layer.symbolCount !== symbolCount) {
    throw new Fault(
      'packet-layer',
      `the token layer holds ${symbolCount} symbols, not the ${layer.symbolCount} declared`,
    );
  }
  return tokens;
};

/**
 * The packet's object tokens (`objects/shapes` tells what they say), or null where it has none. Packets of objects frames
 * have no such layer: their tokens are of objects already.
 */
export const packetObjects = (packet: Packet, card: InstrumentCard): ObjectTokens | null => {
  const layer = layerOf(packet, LayerKind.objects, LayerCodec.objectRans1);
  if (layer === null) return null;
  if (!hasClusters(card) || packet.identity.instrumentHash !== card.hash)
    throw new Fault(
      'packet-model',
      `the packet's objects are of ${packet.identity.instrumentId} (card ${packet.identity.instrumentHash}), the card given is ${card.id} (${card.hash})`,
    );
  return decodeObjects(layer, packet.hitCount, objectGrid(card));
};

/** What an ONNX decoder made of a packet's symbols (cells of its patches, in their order), as digits. */
export const decodeCells = (
  patches: Uint32Array,
  patchCount: number,
  cells: Uint8Array,
  grid: PatchGrid,
  codeAdc: Uint16Array,
): Digits => {
  const hitsMax = Math.min(grid.voxelCount, patchCount * grid.cellsPerPatch);
  const voxel = new Uint32Array(hitsMax);
  const adc = new Uint16Array(hitsMax);
  return { count: scatterPatches(patches, patchCount, cells, grid, codeAdc, { voxel, adc }), voxel, adc };
};

/** How faithful decoded digits are, counted as the BCAE papers count it. */
export interface Fidelity {
  /** Mean |Δ log2(ADC + 1)| over all voxels of the grid, empty ones counting as ADC 0. */
  readonly logMae: number;
  /** Of the decoded hits the share that are hits; of the hits the share that are decoded; 1 where there are none. */
  readonly precision: number;
  readonly recall: number;
  /** Decoded over raw sum of ADC; 1 when both are empty. */
  readonly chargeRatio: number;
  readonly hits: { readonly raw: number; readonly decoded: number; readonly both: number };
}

export const fidelity = (raw: Digits, decoded: Digits, card: Pick<InstrumentCard, 'axes'>): Fidelity => {
  let error = 0;
  let both = 0;
  let rawCharge = 0;
  let decodedCharge = 0;
  let r = 0;
  let d = 0;
  while (r < raw.count || d < decoded.count) {
    const rawVoxel = r < raw.count ? raw.voxel[r]! : Number.POSITIVE_INFINITY;
    const decodedVoxel = d < decoded.count ? decoded.voxel[d]! : Number.POSITIVE_INFINITY;
    const rawAdc = rawVoxel <= decodedVoxel ? raw.adc[r++]! : 0;
    const decodedAdc = decodedVoxel <= rawVoxel ? decoded.adc[d++]! : 0;
    if (rawVoxel === decodedVoxel) both++;
    rawCharge += rawAdc;
    decodedCharge += decodedAdc;
    error += Math.abs(Math.log2(rawAdc + 1) - Math.log2(decodedAdc + 1));
  }
  return {
    logMae: error / voxelCount(card as InstrumentCard),
    precision: decoded.count === 0 ? 1 : both / decoded.count,
    recall: raw.count === 0 ? 1 : both / raw.count,
    chargeRatio:
      rawCharge === 0 ? (decodedCharge === 0 ? 1 : Number.POSITIVE_INFINITY) : decodedCharge / rawCharge,
    hits: { raw: raw.count, decoded: decoded.count, both },
  };
};
