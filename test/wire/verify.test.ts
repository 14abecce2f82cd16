/** The verifier by itself: every cut of a good message, nesting without end, and offsets that multiply work. */

import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/domain/limits.ts';
import { encodeAnomaly } from '../../src/wire/anomaly.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import * as layouts from '../../src/wire/generated/layouts.ts';
import { encodePacket } from '../../src/wire/packet.ts';
import { type MessageLayout, slotAt, targetAt, verify } from '../../src/wire/verify.ts';
import { anomalies, digitsOf, identitiesOf, packets } from './arbitraries.ts';
import { buildPacket } from './builder.slow.ts';
import { smallCard } from './small_card.ts';

const check = (bytes: Uint8Array, layout: MessageLayout): string => verify(bytes, layout, new Int32Array(32));

const messages: fc.Arbitrary<readonly [MessageLayout, Uint8Array]> = fc.oneof(
  fc
    .tuple(identitiesOf(smallCard), digitsOf(smallCard, 5))
    .map(([identity, digits]) => [layouts.tf00, encodeFrame(identity, digits, smallCard)] as const),
  packets.map((packet) => [layouts.tk00, encodePacket(packet)] as const),
  packets.map((packet) => [layouts.tk00, buildPacket(packet)] as const),
  anomalies.map((anomaly) => [layouts.an00, encodeAnomaly(anomaly)] as const),
);

describe('verify', () => {
  it('takes good messages, and leads to the same places as reading slot by slot', () => {
    fc.assert(
      fc.property(messages, ([layout, bytes]) => {
        const fields = new Int32Array(32).fill(-1);
        expect(verify(bytes, layout, fields)).toBe('');
        const root = new DataView(bytes.buffer).getUint32(0, true);
        layout.tables[layout.root]!.slots.forEach((slot, i) => {
          const read = slot.shape === 'scalar' ? slotAt : targetAt;
          expect(fields[i]).toBe(read(bytes, root, i));
        });
      }),
    );
  });

  it('refuses every cut that loses anything but padding', () => {
    fc.assert(
      fc.property(messages, ([layout, bytes]) => {
        const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
        for (let length = 0; length < end; length++)
          expect(check(bytes.slice(0, length), layout), `cut to ${length}`).not.toBe('');
      }),
      { numRuns: 30 },
    );
  });

  it('has layouts whose tables all exist', () => {
    for (const layout of Object.values(layouts)) {
      expect(layout.tables[layout.root]).toBeDefined();
      for (const table of layout.tables)
        for (const slot of table.slots)
          if (slot.shape === 'table' || slot.shape === 'tables')
            expect(layout.tables[slot.table], `${table.name}.${slot.name}`).toBeDefined();
    }
  });
});

/** A table that holds itself, as no schema of ours does: the worst a layout could ask for. */
const nested: MessageLayout = {
  identifier: 'nest',
  root: 0,
  tables: [
    {
      name: 'Nest',
      slots: [
        { name: 'inner', shape: 'table', table: 0, required: false },
        { name: 'many', shape: 'tables', table: 0, required: false },
        { name: 'names', shape: 'strings', required: false },
      ],
    },
  ],
};

const nest = (depth: number): Uint8Array => {
  const builder = new Builder(64);
  let inner = 0;
  for (let i = 0; i < depth; i++) {
    builder.startObject(3);
    if (inner !== 0) builder.addFieldOffset(0, inner, 0);
    inner = builder.endObject();
  }
  builder.finish(inner, 'nest');
  return builder.asUint8Array().slice();
};

const fan = (width: number): Uint8Array => {
  const builder = new Builder(64);
  builder.startObject(3);
  const leaf = builder.endObject();
  builder.startVector(4, width, 4);
  for (let i = 0; i < width; i++) builder.addOffset(leaf);
  const many = builder.endVector();
  builder.startObject(3);
  builder.addFieldOffset(1, many, 0);
  builder.finish(builder.endObject(), 'nest');
  return builder.asUint8Array().slice();
};

describe('verify against a layout that nests', () => {
  it('follows tables down to the limit and no further', () => {
    expect(check(nest(limits.tableDepthMax), nested)).toBe('');
    expect(check(nest(limits.tableDepthMax + 1), nested)).toMatch(/nested deeper/);
    expect(check(nest(10_000), nested)).toMatch(/nested deeper/);
  });

  it('counts a table each time it is reached', () => {
    expect(check(fan(limits.tablesMax - 1), nested)).toBe('');
    expect(check(fan(limits.tablesMax), nested)).toMatch(/more than/);
    expect(check(fan(100_000), nested)).toMatch(/more than/);
  });

  it('checks each string of a vector of strings', () => {
    const builder = new Builder(64);
    const names = ['a', 'bc', 'def'].map((name) => builder.createString(name));
    builder.startVector(4, names.length, 4);
    for (const name of names) builder.addOffset(name);
    const vector = builder.endVector();
    builder.startObject(3);
    builder.addFieldOffset(2, vector, 0);
    builder.finish(builder.endObject(), 'nest');
    const bytes = builder.asUint8Array().slice();
    expect(check(bytes, nested)).toBe('');
    const at = bytes.lastIndexOf('a'.charCodeAt(0));
    bytes[at + 1] = 1;
    expect(check(bytes, nested)).toMatch(/zero byte/);
  });
});
