/**
 * The rungs above the tokens, each a layer of its own: which voxels hold hits, planes that each halve the levels of
 * their amplitudes, and the remainder that makes them exact; coded by rANS in the context of their neighbours with
 * the instrument's static tables. A packet may end after any of them. Refuses layers made with other tables
 * (packet-model) and damaged ones (packet-layer), and leaves its scratch space clean whatever it met.
 */

import { Fault } from '../../domain/fault.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { type Layer, LayerCodec, LayerKind } from '../../domain/packet.ts';
import type { Rungs } from '../../domain/policy.ts';
import { type DecodedHits, openLadderDecoder } from '../../kernels/ladder/decoder.ts';
import { openLadderEncoder } from '../../kernels/ladder/encoder.ts';
import { putU32, u32At } from '../../kernels/little_endian.ts';
import { assertGrid, type LadderTables, type TableParts } from './tables.ts';

/** High four bits of a layer's first byte; the low ones are 0 in an occupancy, the plane's number from 1, or the
 * number of planes a remainder rests on. */
const version = 1;
/** An occupancy's first byte is followed by the tables' checksum, little-endian: all else rests on it. */
const occupancyHeadBytes = 5;

/**
 * The layers of a frame of the tables' instrument, lowest first: its occupancy, `planes` planes, the remainder when
 * asked for. The same input gives the same bytes on every machine. Voxels ascend and lie in the grid, ADC is
 * 1 … 2^adcBits − 1 (`wire` checked them).
 */
export const encodeLadder = (
  digits: Digits,
  card: InstrumentCard,
  tables: LadderTables,
  { planes, remainder }: Rungs,
): Layer[] => {
  assertGrid(tables, card);
  if (!(planes >= 0 && planes <= tables.scale.planes) || (remainder && planes < tables.scale.planes))
    throw new Error(`no rung of ${planes} planes${remainder ? ' and a remainder' : ''}`);
  const { count } = digits;
  const streams = count === 0 ? [] : encoderOf(tables).encode(digits, planes, remainder);
  const heads = [
    occupancyHead(tables),
    ...Array.from({ length: planes }, (_, index) => [(version << 4) | (index + 1)]),
    ...(remainder ? [[(version << 4) | planes]] : []),
  ];
  return heads.map((head, layer) => {
    const kind = layer === 0 ? LayerKind.occupancy : layer <= planes ? LayerKind.plane : LayerKind.remainder;
    return layerOf(kind, head, count, streams[layer]);
  });
};

/** What `open` makes of tables, made once: with the first frame coded, and with the first one read. */
const once = <Opened>(open: (tables: LadderTables) => Opened): ((tables: LadderTables) => Opened) => {
  const opened = new WeakMap<LadderTables, Opened>();
  return (tables) => {
    const known = opened.get(tables) ?? open(tables);
    opened.set(tables, known);
    return known;
  };
};
const encoderOf = once(openLadderEncoder);
const decoderOf = once(openLadderDecoder);

const occupancyHead = ({ checksum }: LadderTables): Uint8Array => {
  const head = new Uint8Array(occupancyHeadBytes);
  head[0] = version << 4;
  putU32(head, 1, checksum);
  return head;
};

/** A layer of `head` and a stream; one of a frame without hits is its head alone. */
const layerOf = (
  kind: number,
  head: ArrayLike<number>,
  hitCount: number,
  stream: Uint8Array = noBytes,
): Layer => {
  const payload = new Uint8Array(head.length + stream.length);
  payload.set(head);
  payload.set(stream, head.length);
  return { kind, codec: LayerCodec.ladder1, symbolCount: hitCount, payload };
};
const noBytes = new Uint8Array(0);

/** What layers of the ladder say of a frame. */
export interface DecodedLadder {
  /** Every hit's voxel; its ADC value, or the one that stands for its level. */
  readonly digits: Digits;
  /** The level of each hit after `planes` planes, 0 … 2^planes − 1 (`levelBoundsOf` says what they hold). */
  readonly level: Uint8Array;
  readonly planes: number;
  /** Whether the ADC values are the frame's own. */
  readonly exact: boolean;
}

/**
 * Decodes a packet's ladder as far up as it goes, or as far as `upTo` says; null where it has no occupancy. Layers of
 * other kinds are skipped. `hitCount` is the packet's; nothing larger than the grid is ever made room for.
 */
export const decodeLadder = (
  layers: readonly Layer[],
  hitCount: number,
  card: InstrumentCard,
  tables: LadderTables,
  upTo: Rungs = { planes: tables.scale.planes, remainder: true },
): DecodedLadder | null => {
  assertGrid(tables, card);
  const found = sortLayers(layers, hitCount, tables);
  if (found === null) return null;
  const { scale, parts } = tables;
  const planes = Math.min(upTo.planes, found.planes.length);
  const exact = upTo.remainder && planes === scale.planes && found.remainder !== null;
  const rungs = [found.occupancy, ...found.planes.slice(0, planes), ...(exact ? [found.remainder!] : [])];
  const hits = hitCount === 0 ? noHits(rungs) : readHits(rungs, planes, hitCount, tables);
  const { voxel, level, adc } = hits;
  return {
    digits: { count: hitCount, voxel, adc: adc ?? valuesOf(level, planes, parts) },
    level,
    planes,
    exact,
  };
};

const valuesOf = (level: Uint8Array, planes: number, { values }: TableParts): Uint16Array => {
  const first = 1 << planes;
  const adc = new Uint16Array(level.length);
  for (let i = 0; i < level.length; i++) adc[i] = values[first + level[i]!]!;
  return adc;
};

const damaged = (what: string): Fault =>
  new Fault('packet-layer', `the ladder is damaged or of another version: ${what}`);

interface SortedLayers {
  readonly occupancy: Layer;
  readonly planes: readonly Layer[];
  readonly remainder: Layer | null;
}

/** A packet's ladder in order; refuses rungs without those beneath, and other tables. */
const sortLayers = (
  layers: readonly Layer[],
  hitCount: number,
  tables: LadderTables,
): SortedLayers | null => {
  const ofKind = (kind: number): Layer[] => layers.filter((layer) => layer.kind === kind);
  const [occupancy, ...moreOccupancies] = ofKind(LayerKind.occupancy);
  const planes = ofKind(LayerKind.plane);
  const [remainder, ...moreRemainders] = ofKind(LayerKind.remainder);
  const rungs = [...planes, ...(remainder === undefined ? [] : [remainder])];
  if (occupancy === undefined) {
    if (rungs.length > 0) throw damaged('it has planes of hits but not where they are');
    return null;
  }
  if (moreOccupancies.length + moreRemainders.length > 0) throw damaged('a rung is there twice');
  for (const layer of [occupancy, ...rungs]) {
    if (layer.codec !== LayerCodec.ladder1)
      throw new Fault(
        'packet-layer',
        `codec ${layer.codec} of a layer of kind ${layer.kind} is not known here`,
      );
    if (layer.symbolCount !== hitCount)
      throw damaged(`a layer is of ${layer.symbolCount} hits, the packet of ${hitCount}`);
  }
  const { payload } = occupancy;
  if (payload.length < occupancyHeadBytes || payload[0] !== version << 4)
    throw damaged('the head of its occupancy is not one this version writes');
  const checksum = u32At(payload, 1);
  if (checksum !== tables.checksum) {
    const name = checksum.toString(16).padStart(8, '0');
    throw new Fault('packet-model', `the ladder was coded with tables ${name}, but ${tables.id} were given`);
  }
  if (!Number.isInteger(hitCount) || hitCount < 0 || hitCount > tables.grid.occupancy.voxels)
    throw damaged(`${hitCount} hits do not fit the grid`);
  planes.forEach((layer, index) => {
    if (index >= tables.scale.planes || layer.payload[0] !== ((version << 4) | (index + 1)))
      throw damaged(`its plane ${index + 1} is not one this version writes`);
  });
  if (
    remainder !== undefined &&
    (planes.length < tables.scale.planes || remainder.payload[0] !== ((version << 4) | planes.length))
  )
    throw damaged('its remainder rests on planes that are not there');
  return { occupancy, planes, remainder: remainder ?? null };
};

const headBytesOf = ({ kind }: Layer): number => (kind === LayerKind.occupancy ? occupancyHeadBytes : 1);

const noHits = (rungs: readonly Layer[]): DecodedHits => {
  if (rungs.some((layer) => layer.payload.length !== headBytesOf(layer)))
    throw damaged('bytes follow an empty frame');
  return { voxel: new Uint32Array(0), level: new Uint8Array(0), adc: null };
};

const readHits = (
  rungs: readonly Layer[],
  planes: number,
  hitCount: number,
  tables: LadderTables,
): DecodedHits => {
  const [occupancy, ...above] = rungs.map((layer) => layer.payload.subarray(headBytesOf(layer)));
  const streams = {
    occupancy: occupancy!,
    planes: above.slice(0, planes),
    remainder: above[planes] ?? null,
  };
  return decoderOf(tables).decode(streams, hitCount);
};
