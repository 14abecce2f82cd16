import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/domain/fault.ts';
import { normalizeFrequencies } from '../../src/kernels/frequencies.ts';
import {
  bitStep,
  closeRans,
  openRans,
  ransBytesMax,
  ransEncode,
  rawStep,
  readBit,
  readRaw,
  readSymbol,
  symbolTable,
} from '../../src/kernels/rans.ts';
import { slowEncode } from './rans.slow.ts';

const encode = (steps: number[], precision: number): Uint8Array => {
  const out = new Uint8Array(ransBytesMax(steps.length));
  return out.slice(ransEncode(Uint32Array.from(steps), steps.length, precision, out));
};

const alphabet = fc.integer({ min: 8, max: 15 }).chain((precision) =>
  fc.record({
    precision: fc.constant(precision),
    counts: fc.array(fc.nat({ max: 100_000 }), { minLength: 2, maxLength: 200 }),
    draws: fc.array(fc.nat({ max: 1_000_000 }), { maxLength: 300 }),
  }),
);

describe('rANS', () => {
  it('reads back what it coded, and equals its slow twin', () => {
    fc.assert(
      fc.property(alphabet, ({ precision, counts, draws }) => {
        const table = symbolTable(normalizeFrequencies(counts, precision), precision);
        const symbols = draws.map((draw) => draw % counts.length);
        const steps = symbols.map((symbol) => table.step[symbol]!);
        const bytes = encode(steps, precision);
        expect(bytes).toEqual(slowEncode(Uint32Array.from(steps), steps.length, precision));
        const reader = openRans(bytes, 0, bytes.length, precision);
        expect(symbols.map(() => readSymbol(reader, table))).toEqual(symbols);
        closeRans(reader);
      }),
    );
  });

  it('mixes symbols, bits and raw values in one stream', () => {
    const item = fc.oneof(
      fc.record({
        kind: fc.constant('bit' as const),
        value: fc.nat({ max: 1 }),
        one: fc.integer({ min: 1, max: 4095 }),
      }),
      fc.integer({ min: 1, max: 12 }).chain((bits) =>
        fc.record({
          kind: fc.constant('raw' as const),
          value: fc.nat({ max: 2 ** bits - 1 }),
          one: fc.constant(bits),
        }),
      ),
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 200 }), (items) => {
        const steps = items.map((x) =>
          x.kind === 'bit' ? bitStep(x.value, x.one, 12) : rawStep(x.value, x.one, 12),
        );
        const bytes = encode(
          steps.map((step) => step >>> 0),
          12,
        );
        const reader = openRans(bytes, 0, bytes.length, 12);
        for (const x of items) {
          expect(x.kind === 'bit' ? readBit(reader, x.one) : readRaw(reader, x.one)).toBe(x.value);
        }
        closeRans(reader);
      }),
    );
  });

  it('comes within a hundredth of the entropy on a long skewed stream', () => {
    const counts = Array.from({ length: 64 }, (_, s) => Math.round(100_000 * 0.9 ** s));
    const table = symbolTable(normalizeFrequencies(counts), 12);
    const steps: number[] = [];
    let bits = 0;
    for (let i = 0; i < 50_000; i++) {
      const symbol = table.symbolAt[(i * 2_654_435_761) % 4096]!;
      steps.push(table.step[symbol]!);
      bits -= Math.log2(table.freq[symbol]! / 4096);
    }
    expect(encode(steps, 12).length * 8).toBeLessThan(bits * 1.01 + 64);
  });

  it('holds the empty stream in its two end states', () => {
    const bytes = encode([], 12);
    expect(bytes.length).toBe(8);
    closeRans(openRans(bytes, 0, 8, 12));
  });

  it('refuses cut, lengthened and changed streams without reading past them', () => {
    const table = symbolTable(normalizeFrequencies([5, 100, 30, 1, 1, 60]), 12);
    const symbols = Array.from({ length: 400 }, (_, i) => (i * i * 7) % 6);
    const good = encode(
      symbols.map((symbol) => table.step[symbol]!),
      12,
    );
    const read = (bytes: Uint8Array): number[] => {
      const reader = openRans(bytes, 0, bytes.length, 12);
      const back = symbols.map(() => readSymbol(reader, table));
      closeRans(reader);
      return back;
    };
    expect(read(good)).toEqual(symbols);
    for (let length = 0; length < good.length; length++) {
      expect(() => read(good.slice(0, length))).toThrow(Fault);
    }
    expect(() => read(Uint8Array.of(...good, 0, 0))).toThrow(Fault);
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 1 << (at % 8);
      expect(() => read(bad)).toThrow(Fault);
    }
  });

  it('refuses frequencies that cannot be coded', () => {
    expect(() => symbolTable(Uint16Array.of(4096), 12)).toThrow();
    expect(() => symbolTable(Uint16Array.of(0, 4096), 12)).toThrow();
    expect(() => symbolTable(Uint16Array.of(1, 4094), 12)).toThrow();
    expect(() => symbolTable(Uint16Array.of(4000, 97), 12)).toThrow();
    expect(() => ransEncode(new Uint32Array(4), 5, 12, new Uint8Array(100))).toThrow();
    expect(() => ransEncode(new Uint32Array(4), 4, 12, new Uint8Array(15))).toThrow();
  });
});
