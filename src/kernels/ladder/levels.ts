/**
 * The levels of an instrument's ADC values: where each begins, plane by plane, and the logarithms all of it is
 * measured in. Pure integer arithmetic, so that every machine makes the same; it refuses levels that do not ascend.
 */

import type { InstrumentCard } from '../../domain/instrument.ts';

/** Logarithms are log2(ADC + 1) in 1/256 octave. */
export const unitsPerOctave = 256;

/** `logOf[adc]` for 0 … 2^adcBits − 1, rounded down: products and comparisons only, which IEEE 754 rounds alike. */
export const logTable = (adcBits: number): Int16Array =>
  Int16Array.from({ length: 2 ** adcBits }, (_, adc) => {
    const octave = 31 - Math.clz32(adc + 1);
    let rest = (adc + 1) / 2 ** octave;
    let log = octave;
    for (let bit = 1; bit < unitsPerOctave; bit *= 2) {
      rest *= rest;
      log *= 2;
      if (rest < 2) continue;
      rest /= 2;
      log += 1;
    }
    return log;
  });

/** Lowest ADC of each of `levels` levels of equal width in log2(ADC + 1), from the threshold to the largest value. */
export const evenLevels = (
  { adcBits, thresholdAdc }: Pick<InstrumentCard, 'adcBits' | 'thresholdAdc'>,
  levels: number,
): Uint16Array => {
  const last = BigInt(2 ** adcBits);
  const first = BigInt(Math.max(1, Math.min(thresholdAdc, 2 ** adcBits - 1)) + 1);
  const power = BigInt(levels);
  let adc = first - 1n;
  return Uint16Array.from({ length: levels }, (_, level) => {
    // (ADC + 1)^levels ≥ first^(levels − level) · last^level, without a logarithm.
    const bound = first ** BigInt(levels - level) * last ** BigInt(level);
    while ((adc + 1n) ** power < bound) adc += 1n;
    return Number(adc);
  });
};

/** The levels of the deepest plane, and what the planes and the remainder need of them. */
export interface LevelScale {
  readonly adcBits: number;
  readonly planes: number;
  /** Level → lowest ADC (the first level's also stands for values below the threshold), and how many it has. */
  readonly lowest: Uint16Array;
  readonly size: Int32Array;
  /** ADC → level. */
  readonly levelOf: Uint8Array;
  /** ADC → log2(ADC + 1), 1/256 octave; and of each level's lowest value and middle. */
  readonly logOf: Int16Array;
  readonly lowLog: Int16Array;
  readonly middleLog: Int16Array;
}

export const levelScale = (adcBits: number, lowest: Uint16Array): LevelScale => {
  const levels = lowest.length;
  const planes = 31 - Math.clz32(levels);
  if (levels !== 1 << planes || planes < 1) throw new Error(`${levels} levels are not a tree's`);
  const end = 2 ** adcBits;
  const logOf = logTable(adcBits);
  const levelOf = new Uint8Array(end);
  const size = new Int32Array(levels);
  const lowLog = new Int16Array(levels);
  const middleLog = new Int16Array(levels);
  for (let level = 0; level < levels; level++) {
    const first = lowest[level]!;
    const next = level + 1 < levels ? lowest[level + 1]! : end;
    if (first < 1 || first >= end || next < first) throw new Error(`level ${level} begins at ADC ${first}`);
    levelOf.fill(level, first, next);
    size[level] = next - first;
    lowLog[level] = logOf[first]!;
    middleLog[level] = (logOf[first]! + (next < end ? logOf[next]! : adcBits * unitsPerOctave)) >> 1;
  }
  return { adcBits, planes, lowest, size, levelOf, logOf, lowLog, middleLog };
};
