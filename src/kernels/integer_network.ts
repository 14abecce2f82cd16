/**
 * Networks of whole numbers as the models' encoders are: each layer's sums are scaled by a power of two, rounded half to
 * even and cut at 0 and its top. No sum reaches 2^24, so the same numbers come out here, of float32 and of any ONNX
 * runtime. Refuses nothing: whoever reads a network from a file has checked its shapes and sums.
 */

export interface IntegerLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Sums are divided by 2^shift. */
  readonly shift: number;
  /** Largest output. */
  readonly top: number;
  /** Row-major [inputs][outputs]. */
  readonly weights: Int8Array;
  readonly bias: Int32Array;
}

/** n / 2^shift, rounded half to even. */
const divideHalfEven = (n: number, shift: number): number => {
  const down = n >> shift;
  const rest = n - (down << shift);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (down & 1) === 1) ? down + 1 : down;
};

/** Outputs of the last layer for inputs of 0 … 255, in an array of their own. */
export const runLayers = (layers: readonly IntegerLayer[], inputs: ArrayLike<number>): Int32Array => {
  let values: ArrayLike<number> = inputs;
  let last = new Int32Array(0);
  for (const { inputs: width, outputs, shift, top, weights, bias } of layers) {
    const sums = bias.slice();
    for (let i = 0; i < width; i++) {
      const value = values[i]!;
      if (value === 0) continue;
      const row = i * outputs;
      for (let o = 0; o < outputs; o++) sums[o]! += value * weights[row + o]!;
    }
    for (let o = 0; o < outputs; o++) sums[o] = Math.min(top, Math.max(0, divideHalfEven(sums[o]!, shift)));
    values = sums;
    last = sums;
  }
  return last;
};
