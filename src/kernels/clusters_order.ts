/**
 * The order in which the cluster finder takes a layer's hits: largest smoothed charge first. Smoothing is what keeps
 * one sample from making a hill; it refuses to touch the charge itself, which clusters are weighed by.
 */

/** A hit's own share in its row, where each one beside has 1; and what the shares of both directions sum to. */
const ownShare = 8;
export const smoothScale = (ownShare + 2) ** 2;

/** One layer with a cell of nothing around it. All zero between calls, lists aside. */
export interface HitOrder {
  /** Cells from one pad to the next. */
  readonly pitch: number;
  readonly adc: Uint16Array;
  /** Smoothed charge of every hit, × `smoothScale`. */
  readonly smooth: Uint32Array;
  /** Places of the layer's hits: in voxel order, sorted later; and room to sort them. */
  readonly hits: Uint32Array;
  readonly half: Uint32Array;
  /** Bits sorted by at once, hits of each value of those, then where the next one of it goes. */
  readonly sortBits: number;
  readonly tally: Uint32Array;
}

export const hitOrder = (pads: number, bins: number, adcBits: number): HitOrder => {
  const pitch = bins + 2;
  // Two rounds of so many bits hold 2^adcBits × 100.
  const sortBits = Math.ceil((adcBits + 7) / 2);
  return {
    pitch,
    adc: new Uint16Array((pads + 2) * pitch),
    smooth: new Uint32Array((pads + 2) * pitch),
    hits: new Uint32Array(pads * bins),
    half: new Uint32Array(pads * bins),
    sortBits,
    tally: new Uint32Array(1 << sortBits),
  };
};

/** Smooths a layer's charge on the grid, at its hits. */
export const smoothHits = (hitCount: number, { adc, smooth, hits, pitch }: HitOrder): void => {
  for (let i = 0; i < hitCount; i++) {
    const at = hits[i]!;
    const up = at - pitch;
    const down = at + pitch;
    smooth[at] =
      ownShare * (ownShare * adc[at]! + adc[at - 1]! + adc[at + 1]! + adc[up]! + adc[down]!) +
      adc[up - 1]! +
      adc[up + 1]! +
      adc[down - 1]! +
      adc[down + 1]!;
  }
};

/** Sorts by smoothed charge, largest first, equal ones in voxel order; leaves the tally zero. */
export const sortHits = (hitCount: number, { smooth, hits, half, sortBits, tally }: HitOrder): void => {
  sortBy(0, hitCount, smooth, hits, half, tally);
  sortBy(sortBits, hitCount, smooth, half, hits, tally);
};

/** Counting sort of places by some bits of a value each, largest first, otherwise in the order in which they came. */
const sortBy = (
  shift: number,
  count: number,
  value: Uint32Array,
  source: Uint32Array,
  target: Uint32Array,
  tally: Uint32Array,
): void => {
  const mask = tally.length - 1;
  for (let i = 0; i < count; i++) tally[(value[source[i]!]! >>> shift) & mask]! += 1;
  let before = 0;
  for (let bits = mask; bits >= 0; bits--) {
    const here = tally[bits]!;
    tally[bits] = before;
    before += here;
  }
  for (let i = 0; i < count; i++) {
    const place = source[i]!;
    const bits = (value[place]! >>> shift) & mask;
    target[tally[bits]!] = place;
    tally[bits]! += 1;
  }
  tally.fill(0);
};
