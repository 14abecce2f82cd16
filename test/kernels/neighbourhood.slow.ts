/**
 * The slow twin of kernels/neighbourhood.ts: by coordinates and a map, one neighbour at a time, for any number of
 * axes. Refuses nothing.
 */

const unravel = (index: number, sizes: readonly number[]): number[] =>
  sizes.reduceRight<{ rest: number; at: number[] }>(
    ({ rest, at }, size) => ({ rest: Math.floor(rest / size), at: [rest % size, ...at] }),
    { rest: index, at: [] },
  ).at;

export interface SlowHit {
  readonly voxel: number;
  readonly own: number;
  readonly code: number;
}

/** One row a hit: its own byte, then its neighbours' codes, 0 where there is no hit or no grid. */
export const slowNeighbours = (
  hits: readonly SlowHit[],
  sizes: readonly number[],
  neighbours: readonly (readonly number[])[],
): number[][] => {
  const codeAt = new Map(hits.map(({ voxel, code }) => [unravel(voxel, sizes).join(), code]));
  return hits.map(({ voxel, own }) => {
    const at = unravel(voxel, sizes);
    return [own, ...neighbours.map((steps) => codeAt.get(at.map((x, i) => x + steps[i]!).join()) ?? 0)];
  });
};
