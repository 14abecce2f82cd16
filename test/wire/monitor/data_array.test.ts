/** da00: what is written is read, whatever its types and shapes; damage is refused and never read past the end. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { epochNanos } from '../../../src/domain/quantity.ts';
import { decodeDataArray, encodeDataArray, type Variable } from '../../../src/wire/monitor/data_array.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const elements = (length: number) =>
  fc.oneof(
    fc.int8Array({ minLength: length, maxLength: length }),
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.int16Array({ minLength: length, maxLength: length }),
    fc.uint16Array({ minLength: length, maxLength: length }),
    fc.int32Array({ minLength: length, maxLength: length }),
    fc.uint32Array({ minLength: length, maxLength: length }),
    fc.bigInt64Array({ minLength: length, maxLength: length }),
    fc.bigUint64Array({ minLength: length, maxLength: length }),
    fc.float32Array({ minLength: length, maxLength: length }),
    fc.float64Array({ minLength: length, maxLength: length }),
  );
const variable: fc.Arbitrary<Variable> = fc
  .tuple(text, text, text, text, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }))
  .chain(([name, unit, label, source, shape]): fc.Arbitrary<Variable> => {
    const length = shape.length === 0 ? 1 : shape.reduce((all, size) => all * size, 1);
    const named = { name, unit, label, source };
    return shape.length === 0
      ? fc.string({ maxLength: 20 }).map((values) => ({ ...named, axes: [], shape: [values.length], values }))
      : elements(length).map((values) => ({
          ...named,
          axes: shape.map((_, i) => `axis ${i}`),
          shape,
          values,
        }));
  });
const message = fc.record({
  sourceName: text,
  timestampNanos: fc.bigInt({ min: 0n, max: 2n ** 62n }).map(epochNanos),
  variables: fc.array(variable, { maxLength: 5 }),
});

describe('da00', () => {
  it('returns what was written', () => {
    fc.assert(
      fc.property(message, (one) => {
        expect(decodeDataArray(encodeDataArray(one))).toEqual(one);
      }),
    );
  });

  it('reads the bytes it is given, wherever in a pool of Node they lie', () => {
    const variables = [
      {
        name: 'x',
        unit: '',
        label: '',
        source: '',
        axes: ['x'],
        shape: [2],
        values: Float64Array.of(0.5, 2),
      },
    ];
    const one = { sourceName: 's', timestampNanos: epochNanos(1n), variables };
    expect(decodeDataArray(Buffer.from(encodeDataArray(one)))).toEqual(one);
  });

  it('refuses damage with a fault, and never anything else', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), fc.nat(), (one, at, value, cut) => {
        const bytes = encodeDataArray(one);
        bytes[at % bytes.length] = value;
        for (const damaged of [bytes, bytes.subarray(0, cut % bytes.length)]) {
          try {
            decodeDataArray(damaged);
          } catch (fault) {
            expect(fault).toBeInstanceOf(Fault);
          }
        }
      }),
    );
  });

  it('refuses a shape that is not its length', () => {
    const values = Float64Array.of(1, 2, 3, 4);
    const wrong = (shape: readonly number[], axes: readonly string[]) => () =>
      decodeDataArray(
        encodeDataArray({
          sourceName: 's',
          timestampNanos: epochNanos(1n),
          variables: [{ name: 'signal', unit: '', label: '', source: '', axes, shape, values }],
        }),
      );
    expect(wrong([2, 2], ['a', 'b'])).not.toThrow();
    for (const [shape, axes] of [
      [
        [2, 3],
        ['a', 'b'],
      ],
      [[4], ['a', 'b']],
      [
        [-2, -2],
        ['a', 'b'],
      ],
      [Array(9).fill(1), Array(9).fill('a')],
    ] as const)
      expect(wrong(shape as number[], axes as string[])).toThrow(/message-field/);
  });
});
