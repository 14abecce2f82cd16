/**
 * Clusters by the letter of the four rules, cell by cell over a map of hits: what the fast finder must give.
 * It refuses to be quick.
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

const distance = (a: Cell, b: { pad: number; bin: number }): number =>
  Math.max(Math.abs(a.pad - b.pad), Math.abs(a.bin - b.bin));
const before = (a: Cell, b: Cell): boolean => a.pad < b.pad || (a.pad === b.pad && a.bin < b.bin);
/** Strictly above, ties broken in favour of what comes first. */
const above = (a: Cell, b: Cell): boolean => a.adc > b.adc || (a.adc === b.adc && before(a, b));

const inLayer = (cells: readonly Cell[]): Omit<SlowCluster, 'layer'>[] => {
  const at = (pad: number, bin: number): number =>
    cells.find((cell) => cell.pad === pad && cell.bin === bin)?.adc ?? 0;
  const touchers = (cell: Cell): Cell[] => cells.filter((other) => distance(cell, other) === 1);
  const candidates = cells.filter(
    (cell) => touchers(cell).length > 0 && touchers(cell).every((other) => above(cell, other)),
  );
  const peaks = candidates.filter((peak) =>
    candidates.every((rival) => {
      if (distance(peak, rival) !== 2 || !above(rival, peak)) return true;
      const between = cells.filter((cell) => distance(cell, peak) === 1 && distance(cell, rival) === 1);
      const saddle = Math.max(0, ...between.map(({ adc }) => adc));
      return saddle <= peak.adc - Math.max(10, 0.3 * peak.adc);
    }),
  );
  const reaches = (peak: Cell, cell: Cell): boolean =>
    distance(peak, cell) === 2 &&
    at(peak.pad + Math.sign(cell.pad - peak.pad), peak.bin + Math.sign(cell.bin - peak.bin)) > 0;
  const owners = (cell: Cell): Cell[] => {
    if (peaks.includes(cell)) return [cell];
    const touching = peaks.filter((peak) => distance(peak, cell) === 1);
    return touching.length > 0 ? touching : peaks.filter((peak) => reaches(peak, cell));
  };
  return peaks.map((peak) => {
    const parts = cells
      .map((cell) => ({ ...cell, owners: owners(cell) }))
      .filter((cell) => cell.owners.includes(peak))
      .map(({ pad, bin, adc, owners }) => ({ pad, bin, share: adc / owners.length }));
    const charge = parts.reduce((sum, { share }) => sum + share, 0);
    const mean = (of: (part: { pad: number; bin: number }) => number): number =>
      parts.reduce((sum, part) => sum + part.share * of(part), 0) / charge;
    const [pad, bin] = [mean((part) => part.pad), mean((part) => part.bin)];
    return {
      pad,
      bin,
      padSigma: Math.sqrt(mean((part) => (part.pad - pad) ** 2)),
      binSigma: Math.sqrt(mean((part) => (part.bin - bin) ** 2)),
      charge,
      peakAdc: peak.adc,
    };
  });
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
    return inLayer(cells).map((cluster) => ({ layer, ...cluster }));
  }).flat();
};
