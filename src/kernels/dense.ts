/**
 * Small dense networks in whole numbers, quickly (wasm/dense.as): exact, the same on every machine. Refuses nothing:
 * whoever reads a network from a file has checked its shapes; its slow twin is in the test.
 */

import { wasmBase64 } from './generated/dense.ts';
import { type LinearMemory, openKernels, openMemory, planRoom } from './linear_memory.ts';

/** One row of weights (±2^15) an output, in 1/64; biases in 1/4096. */
export interface DenseLayer {
  readonly weights: readonly (readonly number[])[];
  readonly bias: readonly number[];
}

/** Layers with max(0, ·) between them, not after the last. */
export type DenseNet = readonly DenseLayer[];

/** How numbers become inputs, in 1/64: (integer − offset) · factor / 256, half up. */
export interface DenseInputs {
  readonly offsets: readonly number[];
  readonly factors: readonly number[];
  /** Whether an absent number counts as the integer 0; others count as nothing. */
  readonly counts: readonly boolean[];
}

/** Bounds of inputs, of numbers between layers, of last ones; in 1/64. */
export const denseBounds = { input: 2048, hidden: 8191, output: 32767 } as const;
export const denseUnit = 64;

interface Kernels {
  run(...numbers: readonly number[]): number;
}

export interface DenseRoom {
  /** What the network sees: integer + 1 of each number, 0 where it is absent. */
  readonly cells: Uint16Array;
  /** Scales the cells and runs the network; returns the sum of the squares of its outputs, in units of 1. */
  run(): number;
}

/** One per thread. */
export const openDense = ({ offsets, factors, counts }: DenseInputs, net: DenseNet): DenseRoom => {
  const width = offsets.length;
  const padded = (count: number): number => Math.ceil(count / 8) * 8;
  const room = planRoom();
  const at = {
    cells: room.place(2 * padded(width)),
    offsets: room.place(4 * padded(width)),
    factors: room.place(4 * padded(width)),
    counts: room.place(2 * padded(width)),
    scaled: room.place(2 * padded(width)),
  };
  const steps: number[] = [];
  const fills: ((memory: LinearMemory) => void)[] = [];
  let source = at.scaled;
  let groups = padded(width) / 8;
  net.forEach(({ weights, bias }, index) => {
    const last = index === net.length - 1;
    const rowLength = groups * 8;
    const weightsAt = room.place(2 * rowLength * padded(weights.length));
    const biasAt = room.place(4 * padded(bias.length));
    const out = room.place(2 * padded(weights.length));
    const low = last ? -denseBounds.output : 0;
    const high = last ? denseBounds.output : denseBounds.hidden;
    steps.push(source, groups, weightsAt, biasAt, weights.length, out, low, high);
    fills.push((memory) => {
      weights.forEach((row, o) => {
        new Int16Array(memory.buffer, weightsAt + 2 * o * rowLength, row.length).set(row);
      });
      new Int32Array(memory.buffer, biasAt, bias.length).set(bias);
    });
    source = out;
    groups = padded(weights.length) / 8;
  });
  const [output, outputGroups] = [source, groups];
  const stepsAt = room.place(4 * steps.length);
  const memory = openMemory(room.pages);
  for (const fill of fills) fill(memory);
  new Int32Array(memory.buffer, stepsAt, steps.length).set(steps);
  new Int32Array(memory.buffer, at.offsets, width).set(offsets);
  new Int32Array(memory.buffer, at.factors, width).set(factors);
  new Int16Array(memory.buffer, at.counts, width).set(counts.map((one) => (one ? -1 : 0)));
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const inputGroups = padded(width) / 8;
  const unitSquared = denseUnit ** 2;
  return {
    cells: new Uint16Array(memory.buffer, at.cells, width),
    run: () =>
      kernels.run(
        at.cells,
        at.offsets,
        at.factors,
        at.counts,
        inputGroups,
        denseBounds.input,
        at.scaled,
        stepsAt,
        net.length,
        output,
        outputGroups,
      ) / unitSquared,
  };
};
