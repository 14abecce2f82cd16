/** The slow twin of kernels/patches/patch_neighbours.ts: by coordinates and a map. Refuses nothing. */

export const slowNeighbours = (
  patches: readonly number[],
  symbolsOf: (row: number) => readonly number[],
  perAxis: readonly number[],
  steps: readonly (readonly number[])[],
): number[] => {
  const placeOf = (patch: number): number[] =>
    perAxis.reduceRight<{ rest: number; at: number[] }>(
      ({ rest, at }, count) => ({ rest: Math.floor(rest / count), at: [rest % count, ...at] }),
      { rest: patch, at: [] },
    ).at;
  const rowAt = new Map(patches.map((patch, row) => [placeOf(patch).join(), row]));
  return patches.flatMap((patch, row) => {
    const own = symbolsOf(row);
    const around = steps.flatMap((step) => {
      const found = rowAt.get(
        placeOf(patch)
          .map((at, axis) => at + step[axis]!)
          .join(),
      );
      return found === undefined ? own.map(() => 255) : symbolsOf(found);
    });
    return [...own, ...around];
  });
};
