/** Dense networks the obvious way: the slow twin of src/kernels/dense.ts. Refuses nothing. */

import { type DenseInputs, type DenseNet, denseBounds, denseUnit } from '../../src/kernels/dense.ts';

const bounded = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

export const inputsOf = ({ offsets, factors, counts }: DenseInputs, cells: readonly number[]): number[] =>
  cells.map((cell, i) => {
    if (cell === 0 && !counts[i]) return 0;
    const scaled = Math.floor(((Math.max(0, cell - 1) - offsets[i]!) * factors[i]! + 128) / 256);
    return bounded(scaled, -denseBounds.input, denseBounds.input);
  });

export const outputsOf = (net: DenseNet, inputs: readonly number[]): number[] =>
  net.reduce((row: readonly number[], { weights, bias }, index) => {
    const last = index === net.length - 1;
    return weights.map((column, o) => {
      const sum = column.reduce((all, weight, i) => all + weight * row[i]!, bias[o]!);
      const value = Math.floor((sum + denseUnit / 2) / denseUnit);
      return last
        ? bounded(value, -denseBounds.output, denseBounds.output)
        : bounded(value, 0, denseBounds.hidden);
    });
  }, inputs) as number[];

export const squaresOf = (outputs: readonly number[]): number =>
  outputs.reduce((sum, one) => sum + one ** 2, 0) / denseUnit ** 2;
