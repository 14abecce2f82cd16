/**
 * Grids with an empty margin, so that a step from any cell of the grid to a neighbour stays in memory: where each
 * cell lies, and how far a step goes. Refuses nothing of the data; steps that do not fit the axes are our bug and
 * throw, and so does a grid too large for int32.
 */

export interface MarginGrid {
  readonly cellCount: number;
  /** Places, those of the margin included. */
  readonly placeCount: number;
  /** Distance in places of each step. */
  readonly distance: Int32Array;
  /** Place of a cell, cells counted row-major over the axes. */
  placeOf(cell: number): number;
}

/** `sizes`: cells along each axis, outermost first; `steps`: one whole number an axis each. */
export const marginGrid = (sizes: readonly number[], steps: readonly (readonly number[])[]): MarginGrid => {
  if (steps.some((step) => step.length !== sizes.length)) throw new Error('a step needs one number an axis');
  const margin = sizes.map((_, axis) => Math.max(0, ...steps.map((step) => Math.abs(step[axis]!))));
  const padded = sizes.map((size, axis) => size + 2 * margin[axis]!);
  const stride = padded.map((_, axis) => padded.slice(axis + 1).reduce((n, size) => n * size, 1));
  const placeCount = padded.reduce((n, size) => n * size, 1);
  if (placeCount > 2 ** 31) throw new Error('the grid is too large for int32');
  return {
    cellCount: sizes.reduce((n, size) => n * size, 1),
    placeCount,
    distance: Int32Array.from(steps, (step) => step.reduce((sum, by, axis) => sum + by * stride[axis]!, 0)),
    placeOf(cell) {
      let rest = cell;
      let place = 0;
      for (let axis = sizes.length - 1; axis >= 0; axis--) {
        place += ((rest % sizes[axis]!) + margin[axis]!) * stride[axis]!;
        rest = Math.floor(rest / sizes[axis]!);
      }
      return place;
    },
  };
};
