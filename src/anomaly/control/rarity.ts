/**
 * Counts by how rare frames are: four even cells to each halving of the p-value, so that any share of the rarest can be
 * read off. The cells are a double's own leading bits, and the same on every machine. Refuses nothing: what is rarer
 * than the last cell belongs to it.
 */

const view = new DataView(new ArrayBuffer(8));

/** 2⁻⁴⁰: a frame that rare is one in a million million. */
export const rarityCells = 160;
/** Leading bits of a double that is 1: eleven of exponent, two of mantissa. */
const bitsOfOne = 1023 * 4;

/** @param pValue in (0, 1]; that of a frame nothing is known of is 1 and has the first cell alone */
export const rarityCellOf = (pValue: number): number => {
  view.setFloat64(0, pValue);
  return Math.max(0, Math.min(rarityCells - 1, bitsOfOne - (view.getUint32(0) >>> 18)));
};

/** The p-value at which a cell begins; it ends where the one before it begins. */
export const pValueOfCell = (cell: number): number => {
  const bits = bitsOfOne - cell;
  return 2 ** ((bits >>> 2) - 1023) * (1 + (bits & 3) / 4);
};

/** What lies below a p-value, straight lines within a cell. */
export const sumBelow = (counts: ArrayLike<number>, pValue: number): number => {
  if (pValue <= 0) return 0;
  const cell = rarityCellOf(pValue);
  let sum = 0;
  for (let at = cell + 1; at < rarityCells; at++) sum += counts[at] ?? 0;
  if (cell === 0) return sum;
  const [from, to] = [cell === rarityCells - 1 ? 0 : pValueOfCell(cell), pValueOfCell(cell - 1)];
  return sum + ((counts[cell] ?? 0) * (pValue - from)) / (to - from);
};
