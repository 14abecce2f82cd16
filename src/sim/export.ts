/**
 * Wedges as NumPy's .npz (a zip of .npy arrays), for training and for pictures outside. Refuses files: it gives
 * bytes, and whoever asked writes them.
 */

import { createPrng } from '../kernels/prng.ts';
import type { Split } from './particles.ts';
import type { SimFrame, World } from './world.ts';

export interface NpyArray {
  readonly data: Uint8Array | Uint16Array | Uint32Array | Float32Array;
  readonly shape: readonly number[];
}

/** Raw deflate (RFC 1951), handed in so that this room needs no library; absent: entries are stored. */
export type Deflate = (bytes: Uint8Array) => Uint8Array;

const descrOf = (data: NpyArray['data']): string => {
  if (data instanceof Uint8Array) return '|u1';
  if (data instanceof Uint16Array) return '<u2';
  return data instanceof Uint32Array ? '<u4' : '<f4';
};

/** One array in NumPy's format 1.0: magic, a padded Python dictionary, the values in C order. */
export const encodeNpy = (array: NpyArray): Uint8Array => {
  const shape = `(${array.shape.join(', ')}${array.shape.length === 1 ? ',' : ''})`;
  const dictionary = `{'descr': '${descrOf(array.data)}', 'fortran_order': False, 'shape': ${shape}, }`;
  const headerBytes = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const text = `${dictionary.padEnd(headerBytes - 11)}\n`;
  const bytes = new Uint8Array(headerBytes + array.data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  for (let i = 0; i < text.length; i += 1) bytes[10 + i] = text.charCodeAt(i);
  bytes.set(new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength), headerBytes);
  return bytes;
};

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 of ISO 3309, the one zip uses. */
const crc32 = (bytes: Uint8Array): number => {
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) c = crcTable[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
};

/** Arrays by name as one .npz; the same arrays give the same bytes (the zip's clock stands at its epoch). */
export const encodeNpz = (arrays: Readonly<Record<string, NpyArray>>, deflate?: Deflate): Uint8Array => {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const plain = encodeNpy(array);
    const body = deflate === undefined ? plain : deflate(plain);
    const file = new TextEncoder().encode(`${name}.npy`);
    // Version 2.0, UTF-8 names, method 8 deflate or 0 stored, date 1980-01-01.
    const fields = (view: DataView, at: number): void => {
      view.setUint16(at, 20, true);
      view.setUint16(at + 2, 0x0800, true);
      view.setUint16(at + 4, deflate === undefined ? 0 : 8, true);
      view.setUint16(at + 8, 0x21, true);
      view.setUint32(at + 10, crc32(plain), true);
      view.setUint32(at + 14, body.length, true);
      view.setUint32(at + 18, plain.length, true);
      view.setUint16(at + 22, file.length, true);
    };
    const local = new Uint8Array(30 + file.length);
    const localView = new DataView(local.buffer);
    localView.setUint32(0, 0x04034b50, true);
    fields(localView, 4);
    local.set(file, 30);
    const central = new Uint8Array(46 + file.length);
    const centralView = new DataView(central.buffer);
    centralView.setUint32(0, 0x02014b50, true);
    centralView.setUint16(4, 20, true);
    fields(centralView, 6);
    centralView.setUint32(42, offset, true);
    central.set(file, 46);
    parts.push(local, body);
    directory.push(central);
    offset += local.length + body.length;
  }
  const end = new Uint8Array(22);
  const endView = new DataView(end.buffer);
  endView.setUint32(0, 0x06054b50, true);
  endView.setUint16(8, directory.length, true);
  endView.setUint16(10, directory.length, true);
  endView.setUint32(
    12,
    directory.reduce((sum, one) => sum + one.length, 0),
    true,
  );
  endView.setUint32(16, offset, true);
  return joined([...parts, ...directory, end]);
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

/** Which wedges of a world to export. */
export interface ExportPlan {
  readonly world: World;
  /** Written into `event_split`, which is 2 when absent. */
  readonly split?: Split;
  readonly firstTimeFrame: number;
  readonly timeFrames: number;
  /** Regions taken of each time frame, chosen by the seed; all of them by default. */
  readonly regionsPerTimeFrame?: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

/**
 * The wedges of a plan as arrays: `hits` u32 (voxel << 10 | adc, all wedges end to end), `offsets` u32 [n+1],
 * `region` u8, `time_frame` u32, `event_split` u8 (0 train, 1 test, 2 all), `shape` u32 (sizes of the axes).
 */
export const collectWedges = (plan: ExportPlan): Readonly<Record<string, NpyArray>> => {
  const { card } = plan.world;
  const wanted = Math.min(card.regions.length, plan.regionsPerTimeFrame ?? card.regions.length);
  const packed: Uint32Array[] = [];
  const chosen: SimFrame['identity'][] = [];
  const regions: number[] = [];
  for (let n = 0; n < plan.timeFrames; n += 1) {
    const number = plan.firstTimeFrame + n;
    const prng = createPrng(plan.seed, number);
    const order = card.regions
      .map((_, region) => ({ region, draw: prng.uint32() }))
      .sort((a, b) => a.draw - b.draw);
    const frames = plan.world.timeFrame(number);
    for (const { region } of order.slice(0, wanted)) {
      const frame = frames[region]!;
      packed.push(packHits(frame, card.adcBits));
      chosen.push(frame.identity);
      regions.push(region);
    }
    plan.progress?.(n + 1);
  }
  const offsets = new Uint32Array(packed.length + 1);
  packed.forEach((one, i) => {
    offsets[i + 1] = offsets[i]! + one.length;
  });
  const hits = new Uint32Array(offsets[packed.length]!);
  packed.forEach((one, i) => {
    hits.set(one, offsets[i]!);
  });
  const split = { train: 0, test: 1, all: 2 }[plan.split ?? 'all'];
  const column = <Data extends NpyArray['data']>(data: Data): NpyArray => ({ data, shape: [data.length] });
  return {
    hits: column(hits),
    offsets: column(offsets),
    region: column(Uint8Array.from(regions)),
    time_frame: column(Uint32Array.from(chosen, (identity) => identity.timeFrame)),
    event_split: column(new Uint8Array(packed.length).fill(split)),
    shape: column(Uint32Array.from(card.axes, (axis) => axis.size)),
  };
};

const packHits = (frame: SimFrame, adcBits: number): Uint32Array => {
  const { count, voxel, adc } = frame.digits;
  const packed = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) packed[i] = ((voxel[i]! << adcBits) | adc[i]!) >>> 0;
  return packed;
};
