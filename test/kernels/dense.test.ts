/** The compiled dense networks against their slow twin, on random networks and inputs to the bounds. */

import { describe, expect, it } from 'vitest';
import { type DenseInputs, type DenseNet, openDense } from '../../src/kernels/dense.ts';
import { randomOf } from '../frames.ts';
import { inputsOf, outputsOf, squaresOf } from './dense.slow.ts';

const random = randomOf(11);
const whole = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1));
const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
const randomNet = (widths: readonly number[]): DenseNet =>
  widths.slice(1).map((outputs, i) => ({
    weights: list(outputs, () => list(widths[i]!, () => whole(-127, 127))),
    bias: list(outputs, () => whole(-100_000, 100_000)),
  }));

describe('dense networks', () => {
  it.each([
    [57, [57, 32, 16, 8]],
    [5, [5, 3]],
    [8, [8, 8, 1]],
  ] as const)('of %i numbers are what the slow twin says', (width, widths) => {
    const inputs: DenseInputs = {
      offsets: list(width, () => whole(0, 400)),
      factors: list(width, () => whole(-3000, 3000)),
      counts: list(width, (i) => i % 3 === 0),
    };
    const net = randomNet(widths);
    const dense = openDense(inputs, net);
    for (let n = 0; n < 200; n++) {
      const cells = list(width, () => (random() < 0.4 ? 0 : whole(1, random() < 0.1 ? 8191 : 200)));
      dense.cells.set(cells);
      expect(dense.run()).toBe(squaresOf(outputsOf(net, inputsOf(inputs, cells))));
    }
  });
});
