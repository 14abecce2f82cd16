/**
 * How faithful a rung is to raw frames, with intervals: sums over all hits and voxels, and how far they would move had
 * another time frame been left out (the delete-one jackknife over time frames; Efron & Stein, Ann. Stat. 9 (1981) 586),
 * since frames of one time frame are alike. Refuses an interval of fewer than two time frames.
 */

/** Counts of one frame, or of many together. */
export interface FidelityCounts {
  readonly frames: number;
  /** Sum over frames of the mean |Δ log2(ADC + 1)| over all voxels. */
  readonly logMae: number;
  readonly raw: number;
  readonly decoded: number;
  readonly both: number;
  readonly rawCharge: number;
  readonly decodedCharge: number;
}

export interface Estimate {
  readonly value: number;
  /** Ends of the 95 % interval; null where there were too few time frames. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface FidelityFigures {
  readonly frames: number;
  readonly timeFrames: number;
  readonly logMae: Estimate;
  readonly precision: Estimate;
  readonly recall: Estimate;
  readonly chargeRatio: Estimate;
}

const names = ['frames', 'logMae', 'raw', 'decoded', 'both', 'rawCharge', 'decodedCharge'] as const;
const none: FidelityCounts = {
  frames: 0,
  logMae: 0,
  raw: 0,
  decoded: 0,
  both: 0,
  rawCharge: 0,
  decodedCharge: 0,
};

export const addCounts = (a: FidelityCounts, b: FidelityCounts, sign: 1 | -1 = 1): FidelityCounts => {
  const sum = { ...a } as { -readonly [Name in keyof FidelityCounts]: number };
  for (const name of names) sum[name] += sign * b[name];
  return sum;
};

const share = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
const measures = {
  logMae: (sum: FidelityCounts) => (sum.frames === 0 ? 0 : Math.max(0, sum.logMae) / sum.frames),
  precision: (sum: FidelityCounts) => share(sum.both, sum.decoded),
  recall: (sum: FidelityCounts) => share(sum.both, sum.raw),
  chargeRatio: (sum: FidelityCounts) => share(sum.decodedCharge, sum.rawCharge),
} as const;

/** 97.5 % of a normal distribution lie below it. */
const normalQuantile = 1.959964;

/** @param groups counts of each time frame */
export const fidelityFigures = (groups: readonly FidelityCounts[]): FidelityFigures => {
  const total = groups.reduce((sum, one) => addCounts(sum, one), none);
  const n = groups.length;
  const estimate = (measure: (sum: FidelityCounts) => number, most: number): Estimate => {
    const value = measure(total);
    if (n < 2) return { value, low: null, high: null };
    const without = groups.map((one) => measure(addCounts(total, one, -1)));
    const mean = without.reduce((sum, one) => sum + one, 0) / n;
    const variance = ((n - 1) / n) * without.reduce((sum, one) => sum + (one - mean) ** 2, 0);
    const reach = normalQuantile * Math.sqrt(variance);
    return { value, low: Math.max(0, value - reach), high: Math.min(most, value + reach) };
  };
  return {
    frames: total.frames,
    timeFrames: n,
    logMae: estimate(measures.logMae, Number.POSITIVE_INFINITY),
    precision: estimate(measures.precision, 1),
    recall: estimate(measures.recall, 1),
    chargeRatio: estimate(measures.chargeRatio, Number.POSITIVE_INFINITY),
  };
};
