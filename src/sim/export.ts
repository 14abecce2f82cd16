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

/** What stands before the values of one array in NumPy's format 1.0: magic and a padded Python dictionary. */
export const npyHead = (descr: string, shape: readonly number[]): Uint8Array => {
  const sizes = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const headerBytes = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const text = `${dictionary.padEnd(headerBytes - 11)}\n`;
  const bytes = new Uint8Array(headerBytes);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  for (let i = 0; i < text.length; i += 1) bytes[10 + i] = text.charCodeAt(i);
  return bytes;
};

/** One array in NumPy's format 1.0, the values in C order. */
export const encodeNpy = ({ data, shape }: NpyArray): Uint8Array =>
  joined([npyHead(descrOf(data), shape), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);

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

/** An entry of a zip as its heads tell of it. */
export interface ZipEntry {
  readonly name: string;
  /** Of the plain bytes, and how many they are. */
  readonly crc: number;
  readonly bytes: number;
  /** As many as `bytes` when it is stored, fewer when it is deflated. */
  readonly packedBytes: number;
  readonly deflated: boolean;
}

/** Version 2.0, UTF-8 names, method 8 deflate or 0 stored, date 1980-01-01. */
const putEntry = (view: DataView, at: number, entry: ZipEntry, nameBytes: number): void => {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0800, true);
  view.setUint16(at + 4, entry.deflated ? 8 : 0, true);
  view.setUint16(at + 8, 0x21, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.packedBytes, true);
  view.setUint32(at + 18, entry.bytes, true);
  view.setUint16(at + 22, nameBytes, true);
};

/** What stands before an entry's bytes in a zip; as long for any numbers. */
export const zipHead = (entry: ZipEntry): Uint8Array => {
  const name = new TextEncoder().encode(entry.name);
  const head = new Uint8Array(30 + name.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x04034b50, true);
  putEntry(view, 4, entry, name.length);
  head.set(name, 30);
  return head;
};

/** What stands behind all entries, which lie one behind the other from the start of the file. */
export const zipTail = (entries: readonly ZipEntry[]): Uint8Array => {
  let offset = 0;
  const directory = entries.map((entry) => {
    const name = new TextEncoder().encode(entry.name);
    const central = new Uint8Array(46 + name.length);
    const view = new DataView(central.buffer);
    view.setUint32(0, 0x02014b50, true);
    view.setUint16(4, 20, true);
    putEntry(view, 6, entry, name.length);
    view.setUint32(42, offset, true);
    central.set(name, 46);
    offset += 30 + name.length + entry.packedBytes;
    return central;
  });
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, entries.length, true);
  view.setUint16(10, entries.length, true);
  view.setUint32(
    12,
    directory.reduce((sum, one) => sum + one.length, 0),
    true,
  );
  view.setUint32(16, offset, true);
  return joined([...directory, end]);
};

/** One array as an entry of a zip: its heads and its bytes. */
export const npzEntry = (
  name: string,
  array: NpyArray,
  deflate?: Deflate,
): { entry: ZipEntry; head: Uint8Array; body: Uint8Array } => {
  const plain = encodeNpy(array);
  const body = deflate === undefined ? plain : deflate(plain);
  const entry = {
    name: `${name}.npy`,
    crc: crc32(plain),
    bytes: plain.length,
    packedBytes: body.length,
    deflated: deflate !== undefined,
  };
  return { entry, head: zipHead(entry), body };
};

/** Arrays by name as one .npz; the same arrays give the same bytes (the zip's clock stands at its epoch). */
export const encodeNpz = (arrays: Readonly<Record<string, NpyArray>>, deflate?: Deflate): Uint8Array => {
  const entries = Object.entries(arrays).map(([name, array]) => npzEntry(name, array, deflate));
  const parts = entries.flatMap(({ head, body }) => [head, body]);
  return joined([...parts, zipTail(entries.map(({ entry }) => entry))]);
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

/** One wedge of a plan. */
export interface Wedge {
  /** voxel << adcBits | adc, ascending */
  readonly hits: Uint32Array;
  readonly region: number;
  readonly timeFrame: number;
}

/** The wedges of a plan one after the other: what a plan of any size can be written from without holding it. */
export function* eachWedge(plan: ExportPlan): Generator<Wedge> {
  const { card } = plan.world;
  const wanted = Math.min(card.regions.length, plan.regionsPerTimeFrame ?? card.regions.length);
  for (let n = 0; n < plan.timeFrames; n += 1) {
    const number = plan.firstTimeFrame + n;
    const prng = createPrng(plan.seed, number);
    const order = card.regions
      .map((_, region) => ({ region, draw: prng.uint32() }))
      .sort((a, b) => a.draw - b.draw);
    const frames = plan.world.timeFrame(number);
    for (const { region } of order.slice(0, wanted)) {
      const frame = frames[region]!;
      yield { hits: packHits(frame, card.adcBits), region, timeFrame: frame.identity.timeFrame };
    }
    plan.progress?.(n + 1);
  }
}

/** What stands beside the hits of exported wedges: a number or two of each. */
export const wedgeColumns = (
  plan: ExportPlan,
  wedges: readonly { readonly hitCount: number; readonly region: number; readonly timeFrame: number }[],
): Readonly<Record<string, NpyArray>> => {
  const offsets = new Uint32Array(wedges.length + 1);
  wedges.forEach(({ hitCount }, i) => {
    offsets[i + 1] = offsets[i]! + hitCount;
  });
  const split = { train: 0, test: 1, all: 2 }[plan.split ?? 'all'];
  const column = <Data extends NpyArray['data']>(data: Data): NpyArray => ({ data, shape: [data.length] });
  return {
    offsets: column(offsets),
    region: column(Uint8Array.from(wedges, ({ region }) => region)),
    time_frame: column(Uint32Array.from(wedges, ({ timeFrame }) => timeFrame)),
    event_split: column(new Uint8Array(wedges.length).fill(split)),
    shape: column(Uint32Array.from(plan.world.card.axes, (axis) => axis.size)),
  };
};

/**
 * The wedges of a plan as arrays: `hits` u32 (voxel << 10 | adc, all wedges end to end), `offsets` u32 [n+1],
 * `region` u8, `time_frame` u32, `event_split` u8 (0 train, 1 test, 2 all), `shape` u32 (sizes of the axes).
 */
export const collectWedges = (plan: ExportPlan): Readonly<Record<string, NpyArray>> => {
  const wedges = [...eachWedge(plan)];
  const hits = new Uint32Array(wedges.reduce((sum, wedge) => sum + wedge.hits.length, 0));
  let at = 0;
  for (const wedge of wedges) {
    hits.set(wedge.hits, at);
    at += wedge.hits.length;
  }
  const beside = wedgeColumns(
    plan,
    wedges.map((wedge) => ({ ...wedge, hitCount: wedge.hits.length })),
  );
  return { hits: { data: hits, shape: [hits.length] }, ...beside };
};

const packHits = (frame: SimFrame, adcBits: number): Uint32Array => {
  const { count, voxel, adc } = frame.digits;
  const packed = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) packed[i] = ((voxel[i]! << adcBits) | adc[i]!) >>> 0;
  return packed;
};
