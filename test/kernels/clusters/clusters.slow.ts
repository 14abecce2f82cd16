/**
 * Clusters by the letter of the three rules, as sets of cells that are joined one by one: what the fast finder must
 * give. It refuses to be quick.
 */

export interface SlowCluster {
  readonly layer: number;
  readonly pad: number;
  readonly bin: number;
  readonly padSigma: number;
  readonly binSigma: number;
  readonly charge: number;
  readonly peakAdc: number;
}

interface Cell {
  readonly pad: number;
  readonly bin: number;
  readonly adc: number;
}

const touches = (a: Cell, b: Cell): boolean =>
  Math.max(Math.abs(a.pad - b.pad), Math.abs(a.bin - b.bin)) === 1;

/** Cells of one layer, in voxel order, as hills: the first cell of each is its peak. */
const hillsOf = (cells: readonly Cell[]): Cell[][] => {
  let hills: Cell[][] = [];
  // Sorting is stable: equal ones stay in voxel order.
  for (const cell of [...cells].sort((a, b) => b.adc - a.adc)) {
    const taken = new Set(hills.flat());
    const touched = cells.filter((other) => taken.has(other) && touches(cell, other));
    const hillOf = (other: Cell): Cell[] => hills.find((hill) => hill.includes(other))!;
    const largest = Math.max(...touched.map(({ adc }) => adc));
    const first = touched.find(({ adc }) => adc === largest);
    if (first === undefined) {
      hills.push([cell]);
      continue;
    }
    let own = hillOf(first);
    for (const other of touched) {
      const rival = hillOf(other);
      if (rival === own) continue;
      // Hills stand in the order in which they began.
      const [higher, lower] = hills.indexOf(own) < hills.indexOf(rival) ? [own, rival] : [rival, own];
      const height = lower[0]!.adc;
      if (cell.adc <= height - Math.max(10, 0.1 * height)) continue;
      higher.push(...lower);
      hills = hills.filter((hill) => hill !== lower);
      own = higher;
    }
    own.push(cell);
  }
  return hills;
};

const measured = (hill: readonly Cell[]): Omit<SlowCluster, 'layer'> | null => {
  const peak = hill[0]!;
  const near = hill.filter(({ pad, bin }) => Math.abs(pad - peak.pad) <= 3 && Math.abs(bin - peak.bin) <= 5);
  if (near.length < 2) return null;
  const charge = near.reduce((sum, { adc }) => sum + adc, 0);
  const mean = (of: (cell: Cell) => number): number =>
    near.reduce((sum, cell) => sum + cell.adc * of(cell), 0) / charge;
  const [pad, bin] = [mean((cell) => cell.pad), mean((cell) => cell.bin)];
  return {
    pad,
    bin,
    padSigma: Math.sqrt(mean((cell) => (cell.pad - pad) ** 2)),
    binSigma: Math.sqrt(mean((cell) => (cell.bin - bin) ** 2)),
    charge,
    peakAdc: peak.adc,
  };
};

export const slowClusters = (
  hits: readonly { readonly voxel: number; readonly adc: number }[],
  sizes: readonly [number, number, number],
): SlowCluster[] => {
  const [layers, pads, bins] = sizes;
  return Array.from({ length: layers }, (_, layer) => {
    const cells = hits
      .filter(({ voxel }) => Math.floor(voxel / (pads * bins)) === layer)
      .map(({ voxel, adc }) => ({ pad: Math.floor(voxel / bins) % pads, bin: voxel % bins, adc }));
    return hillsOf(cells)
      .map(measured)
      .filter((cluster) => cluster !== null)
      .map((cluster) => ({ layer, ...cluster }));
  }).flat();
};
