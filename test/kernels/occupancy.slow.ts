/**
 * The slow twin of kernels/occupancy.ts: the same contexts voxel by voxel from a set of hits, without bytes or
 * windows. Refuses nothing.
 */

export interface SlowGrid {
  readonly rows: number;
  readonly columns: number;
  readonly rowsPerLayer: number;
  readonly has: (row: number, column: number) => boolean;
}

export const slowGrid = (sizes: readonly number[], voxels: Iterable<number>): SlowGrid => {
  const hits = new Set(voxels);
  const columns = sizes[sizes.length - 1]!;
  const rows = sizes.slice(0, -1).reduce((n, size) => n * size, 1);
  const has = (row: number, column: number): boolean =>
    row >= 0 && row < rows && column >= 0 && column < columns && hits.has(row * columns + column);
  return { rows, columns, rowsPerLayer: Math.max(2, sizes[sizes.length - 2] ?? 1), has };
};

const chunkOf = (grid: SlowGrid, row: number, chunk: number): boolean[] =>
  Array.from({ length: 8 }, (_, j) => grid.has(row, chunk * 8 + j));
const number = (bits: readonly boolean[]): number =>
  bits.reduce((value, bit) => value * 2 + (bit ? 1 : 0), 0);
const ones = (bits: readonly boolean[]): number => bits.filter(Boolean).length;

const fullness = (bits: readonly boolean[]): number => {
  if (ones(bits) === 0) return 0;
  return ones(bits) === 1 && (bits[0] || bits[7]) ? 1 : Math.min(7, ones(bits) + 1);
};

export const slowChunkContext = (
  grid: SlowGrid,
  row: number,
  chunk: number,
  stage: number,
  right: number,
): number => {
  const up = chunkOf(grid, row - 1, chunk);
  const back = chunkOf(grid, row - grid.rowsPerLayer, chunk);
  const backAbove = chunkOf(grid, row - grid.rowsPerLayer - 1, chunk);
  const backBelow = chunkOf(grid, row - grid.rowsPerLayer + 1, chunk);
  const backFullness = [0, 1, 1, 2, 2, 3, 3, 3][fullness(back)]!;
  const at = chunk * 8;
  return (
    stage +
    8 * fullness(up) +
    64 * number([grid.has(row, at - 2), grid.has(row, at - 1)]) +
    256 * number([grid.has(row - 1, at - 2) || grid.has(row - 1, at - 1)]) +
    512 * number([grid.has(row - 1, at + 8) || grid.has(row - 1, at + 9)]) +
    1024 * number([ones(chunkOf(grid, row - 2, chunk)) > 0]) +
    2048 * backFullness +
    8192 * number([ones(backAbove) + ones(backBelow) > 0]) +
    16_384 * right +
    32_768 * number([backBelow.some((bit, j) => bit && back[j])])
  );
};

export const slowBitContext = (grid: SlowGrid, row: number, column: number): number => {
  const j = column % 8;
  const has = (rowAway: number, from: number, to: number): number =>
    number(Array.from({ length: to - from + 1 }, (_, i) => grid.has(row + rowAway, column + from + i)));
  let state: number;
  if (j > 0 && has(0, -j, -1) > 0) state = has(0, -3, -1);
  else if (j === 0) state = 8 + has(0, -2, -1);
  else if (j === 1) state = 12 + has(0, -2, -2);
  else state = 12 + j;
  return state * 4096 + has(-1, -2, 3) * 64 + has(-2, -1, 1) * 8 + has(-grid.rowsPerLayer, -1, 1);
};
