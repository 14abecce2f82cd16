import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IntegerLayer, runLayers } from '../../src/kernels/integer_network.ts';

/** The slow twin: fractions as they are written, in numbers without bounds. */
const slowly = (layers: readonly IntegerLayer[], inputs: readonly number[]): number[] =>
  layers.reduce((row: readonly number[], { outputs, shift, top, weights, bias }) => {
    return Array.from({ length: outputs }, (_, o) => {
      const sum = row.reduce(
        (all, value, i) => all + BigInt(value) * BigInt(weights[i * outputs + o]!),
        BigInt(bias[o]!),
      );
      const unit = 1n << BigInt(shift);
      const down = (sum - (((sum % unit) + unit) % unit)) / unit;
      const twice = 2n * (sum - down * unit);
      const up = twice > unit || (twice === unit && down % 2n !== 0n);
      return Math.min(top, Math.max(0, Number(up ? down + 1n : down)));
    });
  }, inputs) as number[];

const layerOf = (inputs: number, outputs: number) =>
  fc.record({
    inputs: fc.constant(inputs),
    outputs: fc.constant(outputs),
    shift: fc.integer({ min: 1, max: 12 }),
    top: fc.integer({ min: 1, max: 255 }),
    weights: fc
      .array(fc.integer({ min: -64, max: 64 }), { minLength: inputs * outputs, maxLength: inputs * outputs })
      .map((weights) => Int8Array.from(weights)),
    bias: fc
      .array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: outputs, maxLength: outputs })
      .map((bias) => Int32Array.from(bias)),
  });

describe('networks of whole numbers', () => {
  it('give what their slow twin gives', () => {
    const network = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }).chain((widths) =>
      fc.record({
        layers: fc.tuple(...widths.slice(1).map((outputs, i) => layerOf(widths[i]!, outputs))),
        inputs: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: widths[0]!, maxLength: widths[0]! }),
      }),
    );
    fc.assert(
      fc.property(network, ({ layers, inputs }) => {
        expect([...runLayers(layers, inputs)]).toEqual(slowly(layers, inputs));
      }),
    );
  });

  it('round halves to even, also below 0', () => {
    const one = (bias: number): number =>
      runLayers(
        [{ inputs: 1, outputs: 1, shift: 1, top: 255, weights: Int8Array.of(1), bias: Int32Array.of(bias) }],
        [0],
      )[0]!;
    expect([1, 3, 5, 7, -1, -3].map(one)).toEqual([0, 2, 2, 4, 0, 0]);
  });
});
