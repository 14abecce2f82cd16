/**
 * The ruler of the rate controller: a p-value as a normal score, on which a tail that drifts moves all but evenly and
 * is all but straight. Products, quotients and square roots only, so that a threshold is the same on every machine. It
 * refuses nothing: what lies off the ruler belongs to its end.
 */

const view = new DataView(new ArrayBuffer(8));

/** log2 of a normal double > 0 to 1e-9: the exponent, and the series of 2·artanh for the mantissa. */
const exactLog2 = (x: number): number => {
  view.setFloat64(0, x);
  const high = view.getUint32(0);
  view.setUint32(0, (high & 0x000f_ffff) | 0x3ff0_0000);
  const mantissa = view.getFloat64(0);
  const s = (mantissa - Math.SQRT2) / (mantissa + Math.SQRT2);
  const q = s * s;
  const series = s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q / 11)))));
  return (high >>> 20) - 1023 + 0.5 + (2 / Math.LN2) * series;
};

/** Upper end of the ruler; the lower is 0, the median: only tails are read. */
export const readingMax = 6;
const pValueMin = 1e-9;

/**
 * The normal score that a share `p` lies above, 0 from one half on, within 4.5·10⁻⁴: Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.2.23. Falls as p grows.
 */
export const readingOf = (pValue: number): number => {
  if (pValue >= 0.5) return 0;
  const t = Math.sqrt(-2 * Math.LN2 * exactLog2(Math.max(pValueMin, pValue)));
  const top = 2.515517 + t * (0.802853 + t * 0.010328);
  const bottom = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return Math.max(0, Math.min(readingMax, t - top / bottom));
};

/** The p-value with this reading: `readingOf`, inverted by halving. */
export const pValueOf = (reading: number): number => {
  let [low, high] = [pValueMin, 0.5];
  for (let i = 0; i < 50; i++) {
    // The geometric middle: p-values of interest lie octaves apart.
    const middle = Math.sqrt(low * high);
    if (readingOf(middle) >= reading) low = middle;
    else high = middle;
  }
  return low;
};
