/**
 * `tessera simulate --to npz`: simulated wedges into a file NumPy reads, as they come: memory holds one time frame,
 * however many are asked for. It refuses to overwrite, and a file is under its name only once it is whole.
 */

import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { Fault } from '../domain/fault.ts';
import {
  type ExportPlan,
  eachWedge,
  npyHead,
  npzEntry,
  wedgeColumns,
  zipHead,
  zipTail,
} from '../sim/export.ts';

export interface WrittenWedges {
  readonly wedges: number;
  readonly hits: number;
  readonly bytes: number;
}

const hitBytes = 4;
/** Read back at once when the hits are summed. */
const pieceBytes = 1 << 20;

/** The hits' checksum: of what stands before them, then of the file from `at` on. */
const sum = (file: number, head: Uint8Array, at: number, bytes: number): number => {
  const piece = new Uint8Array(pieceBytes);
  let crc = crc32(head);
  for (let done = 0; done < bytes; ) {
    const got = readSync(file, piece, 0, Math.min(pieceBytes, bytes - done), at + done);
    if (got === 0) throw new Error('the file ended while it was read back');
    crc = crc32(piece.subarray(0, got), crc);
    done += got;
  }
  return crc;
};

/** Hits first, because their number is known last: room is left for their heads, which are as long for any number. */
const writeInto = (file: number, plan: ExportPlan): WrittenWedges => {
  const headOf = (count: number): Uint8Array => npyHead('<u4', [count]);
  const entryOf = (crc: number, bytes: number) =>
    ({ name: 'hits.npy', crc, bytes, packedBytes: bytes, deflated: false }) as const;
  const headsBytes = zipHead(entryOf(0, 0)).length + headOf(0).length;
  const wedges: { hitCount: number; region: number; timeFrame: number }[] = [];
  let at = headsBytes;
  for (const { hits, region, timeFrame } of eachWedge(plan)) {
    at += writeSync(file, hits, 0, hits.byteLength, at);
    wedges.push({ hitCount: hits.length, region, timeFrame });
  }
  const hitCount = (at - headsBytes) / hitBytes;
  const head = headOf(hitCount);
  const hits = entryOf(sum(file, head, headsBytes, at - headsBytes), head.length + at - headsBytes);
  writeSync(file, zipHead(hits), 0, undefined, 0);
  writeSync(file, head, 0, undefined, headsBytes - head.length);
  const beside = Object.entries(wedgeColumns(plan, wedges)).map(([name, array]) => npzEntry(name, array));
  const tail = zipTail([hits, ...beside.map(({ entry }) => entry)]);
  for (const bytes of [...beside.flatMap(({ head: front, body }) => [front, body]), tail])
    at += writeSync(file, bytes, 0, bytes.length, at);
  ftruncateSync(file, at);
  return { wedges: wedges.length, hits: hitCount, bytes: at };
};

/** Writes the wedges of a plan to `path`, the same bytes for the same plan. Throws file-invalid when it is there. */
export const writeWedges = (plan: ExportPlan, path: string): WrittenWedges => {
  if (existsSync(path)) throw new Fault('file-invalid', `${path} is there already: move it away first`);
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.part`;
  const file = openSync(partial, 'w+');
  try {
    const written = writeInto(file, plan);
    closeSync(file);
    renameSync(partial, path);
    return written;
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
};
