/**
 * Turns counts into the integer frequencies entropy coders use, by one deterministic rule without floating
 * point, so that every machine derives the same tables from the same card. Refuses counts that are not whole
 * numbers and alphabets that do not fit the precision.
 */

/** Precision the token and context tables share: frequencies sum to 2^12. */
export const frequencyBits = 12;

/**
 * Frequencies that sum to 2^`precision`, every symbol at least 1, none equal to the sum. Each symbol first gets
 * the floor of its exact share (at least 1); what is missing goes one by one to the largest remainders, what is
 * too much is taken one by one from the largest frequencies; equal ones in order of the symbol.
 */
export const normalizeFrequencies = (counts: ArrayLike<number>, precision = frequencyBits): Uint16Array => {
  const size = counts.length;
  const sum = 1 << precision;
  if (precision < 1 || precision > 15) throw new Error(`precision ${precision} is outside 1 … 15`);
  if (size < 2 || size > sum) throw new Error(`${size} symbols do not fit ${precision}-bit frequencies`);
  const { shares, total } = exactCounts(counts);
  const freq = new Uint16Array(size);
  const remainder: bigint[] = new Array(size).fill(0n);
  let given = 0;
  for (let s = 0; s < size; s++) {
    const scaled = shares[s]! * BigInt(sum);
    const floor = Number(scaled / total);
    remainder[s] = floor === 0 ? -1n : scaled % total;
    freq[s] = Math.max(1, floor);
    given += freq[s]!;
  }
  if (given < sum) handOut(freq, remainder, sum - given);
  for (; given > sum; given--) {
    let largest = 0;
    for (let s = 1; s < size; s++) if (freq[s]! > freq[largest]!) largest = s;
    freq[largest]!--;
  }
  return freq;
};

const exactCounts = (counts: ArrayLike<number>): { shares: bigint[]; total: bigint } => {
  const shares = Array.from(counts, (count) => {
    if (!Number.isSafeInteger(count) || count < 0) throw new Error(`count ${count} is not a whole number`);
    return BigInt(count);
  });
  const total = shares.reduce((sum, count) => sum + count, 0n);
  return total === 0n ? { shares: shares.map(() => 1n), total: BigInt(shares.length) } : { shares, total };
};

/** Floors lose less than one each, so fewer than `size` are missing and one round is enough. */
const handOut = (freq: Uint16Array, remainder: readonly bigint[], missing: number): void => {
  const order = Array.from(remainder, (_, s) => s).sort((a, b) => {
    const difference = remainder[b]! - remainder[a]!;
    return difference > 0n ? 1 : difference < 0n ? -1 : a - b;
  });
  for (let i = 0; i < missing; i++) freq[order[i % order.length]!]!++;
};

/** Probability of a one in 2^`precision` parts after seeing `ones` of `total`, never 0 and never certain. */
export const binaryFrequency = (ones: number, total: number, precision = frequencyBits): number => {
  const sum = 1 << precision;
  // Krichevsky–Trofimov in whole numbers: (2·ones + 1) / (2·total + 2).
  const share = Number((BigInt(2 * ones + 1) * BigInt(sum)) / BigInt(2 * total + 2));
  return Math.min(sum - 1, Math.max(1, share));
};
