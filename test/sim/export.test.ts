import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { collectWedges, encodeNpy, encodeNpz } from '../../src/sim/export.ts';
import { worldOf } from './example.ts';

/** Reads a zip by its central directory, as any unzip does. */
const unzip = (bytes: Uint8Array): Map<string, Uint8Array> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 22;
  expect(view.getUint32(end, true)).toBe(0x06054b50);
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let n = view.getUint16(end + 10, true); n > 0; n -= 1) {
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    const [packed, plain, nameBytes] = [20, 24]
      .map((o) => view.getUint32(at + o, true))
      .concat(view.getUint16(at + 28, true));
    const local = view.getUint32(at + 42, true);
    expect(view.getUint32(local, true)).toBe(0x04034b50);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameBytes!));
    const start = local + 30 + view.getUint16(local + 26, true);
    const body = bytes.subarray(start, start + packed!);
    const data = view.getUint16(at + 10, true) === 8 ? inflateRawSync(body) : body;
    expect(data.length).toBe(plain);
    expect(crc32(data)).toBe(view.getUint32(at + 16, true));
    files.set(name, data);
    at += 46 + nameBytes!;
  }
  return files;
};

const readNpy = (bytes: Uint8Array): { header: string; body: Uint8Array } => {
  const length = bytes[8]! + 256 * bytes[9]!;
  expect((10 + length) % 64).toBe(0);
  const header = new TextDecoder().decode(bytes.subarray(10, 10 + length));
  return { header, body: bytes.subarray(10 + length) };
};

describe('npz export', () => {
  it('writes arrays NumPy can read', () => {
    const { header, body } = readNpy(encodeNpy({ data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }));
    expect(header).toBe(`${"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".padEnd(117)}\n`);
    expect([...new Float32Array(body.slice().buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(readNpy(encodeNpy({ data: new Uint8Array(0), shape: [0] })).header).toContain("'|u1'");
    expect(readNpy(encodeNpy({ data: new Uint16Array(5), shape: [5] })).header).toContain("'shape': (5,)");
  });

  it.each([undefined, (bytes: Uint8Array) => deflateRawSync(bytes)])(
    'round-trips wedges, stored or deflated',
    (deflate) => {
      const world = worldOf('pp', { split: 'test' });
      const plan = {
        world,
        split: 'test',
        firstTimeFrame: 2,
        timeFrames: 3,
        regionsPerTimeFrame: 5,
        seed: 1,
      } as const;
      const files = unzip(encodeNpz(collectWedges(plan), deflate));
      const column = (name: string) => Uint8Array.from(readNpy(files.get(`${name}.npy`)!).body).buffer;
      const offsets = new Uint32Array(column('offsets'));
      const hits = new Uint32Array(column('hits'));
      const region = new Uint8Array(column('region'));
      const timeFrame = new Uint32Array(column('time_frame'));
      expect(offsets.length).toBe(16);
      expect(offsets[15]).toBe(hits.length);
      expect(new Uint8Array(column('event_split'))).toEqual(new Uint8Array(15).fill(1));
      expect([...new Uint32Array(column('shape'))]).toEqual([16, 192, 249]);
      for (let wedge = 0; wedge < 15; wedge += 1) {
        const { digits } = world.timeFrame(timeFrame[wedge]!)[region[wedge]!]!;
        const own = hits.subarray(offsets[wedge], offsets[wedge + 1]);
        expect(own.map((hit) => hit >>> 10)).toEqual(digits.voxel);
        expect(Uint16Array.from(own, (hit) => hit & 1023)).toEqual(digits.adc);
      }
    },
  );

  it('exports whole time frames and tells how far it is', () => {
    const told: number[] = [];
    const files = unzip(
      encodeNpz(
        collectWedges({
          world: worldOf('pp'),
          firstTimeFrame: 0,
          timeFrames: 2,
          seed: 0,
          progress: (done) => told.push(done),
        }),
      ),
    );
    expect(told).toEqual([1, 2]);
    expect(readNpy(files.get('region.npy')!).body.length).toBe(48);
  });
});
