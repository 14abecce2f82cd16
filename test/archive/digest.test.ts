/** Seals and run files: what was written is read, and no changed byte is believed. */

import { describe, expect, it } from 'vitest';
import { decodeRun, encodeRun, openRun } from '../../src/archive/run.ts';
import { decodeSeal, encodeSeal, type Seal } from '../../src/archive/seal.ts';

const seal: Seal = {
  layout: 1,
  topic: 't_partials',
  partition: 3,
  firstOffset: 5n,
  nextOffset: 90_071_992_547_409_930n,
  run: 7,
  instrument: 't',
  instrumentHash: '00112233445566ff',
  timeFrames: [1, 2],
  instants: [1n, 2n],
  files: [
    {
      name: 'run=7/data/x.parquet',
      kind: 'events',
      sha256: 'a'.repeat(64),
      byteCount: 9,
      rowCount: 1,
      groups: [{ fromByte: 0, toByte: 4, crc32c: 4_294_967_295, rowCount: 1, timeFrames: [1, 2] }],
    },
  ],
  counts: { events: 1, packets: 1, kept: 1, shed: 0, packetBytes: 9, unreadable: 0 },
  version: '0',
};

describe.each([
  ['a seal', encodeSeal(seal), (bytes: Uint8Array): unknown => decodeSeal(bytes, 'f'), seal],
  [
    'a run file',
    encodeRun(openRun(7, 't', 'data')),
    (bytes: Uint8Array): unknown => decodeRun(bytes, 'f'),
    openRun(7, 't', 'data'),
  ],
])('%s', (_, bytes, decode, value) => {
  it('returns what was written', () => {
    expect(decode(bytes)).toEqual(value);
  });

  it('is refused when any bit of it was changed, or an end is missing', () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = changed[at]! ^ (1 << (at % 8));
      expect(() => decode(changed), `byte ${at}`).toThrow(/^file-invalid: f: /);
    }
    expect(() => decode(bytes.subarray(0, -1))).toThrow(/digest/);
  });
});
