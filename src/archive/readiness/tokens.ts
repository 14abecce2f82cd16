/**
 * How tokens are used along a run: of each symbol's place how often each value came, in slices of time, so that a
 * vocabulary that is half dead and a stream that drifts both show. Refuses symbols beyond the alphabet by ignoring them.
 */

import { divergenceBits, entropyBits } from './columns.ts';

export interface SymbolUse {
  /** Place of the symbol in its patch. */
  readonly position: number;
  readonly entropyBits: number;
  /** log2 of the alphabet: what even use would give. */
  readonly maxBits: number;
  /** Share of the alphabet that came at all. */
  readonly usedShare: number;
}

export interface TokenDrift {
  /** Mean over places of the divergence of a slice's use from the run's, bits a symbol; null without symbols. */
  readonly bits: number | null;
  /** What chance alone gives a sample of this size: (used − 1)(1 − n/N) / (2 n ln 2). */
  readonly chanceBits: number | null;
}

export const openTokenUse = (
  { symbolsPerPatch, alphabet }: { readonly symbolsPerPatch: number; readonly alphabet: number },
  slices: number,
) => {
  const size = symbolsPerPatch * alphabet;
  const counts = Array.from({ length: slices }, () => new Float64Array(size));
  const whole = new Float64Array(size);
  const at = (table: Float64Array, position: number): Float64Array =>
    table.subarray(position * alphabet, (position + 1) * alphabet);
  const places = Array.from({ length: symbolsPerPatch }, (_, position) => position);
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  return {
    add(symbols: Uint8Array, slice: number): void {
      const table = counts[slice]!;
      for (let i = 0; i < symbols.length; i += 1) {
        const symbol = symbols[i]!;
        if (symbol >= alphabet) continue;
        const cell = (i % symbolsPerPatch) * alphabet + symbol;
        table[cell]! += 1;
        whole[cell]! += 1;
      }
    },
    use: (): SymbolUse[] =>
      places.map((position) => ({
        position,
        entropyBits: entropyBits(at(whole, position)),
        maxBits: Math.log2(alphabet),
        usedShare: at(whole, position).filter((count) => count > 0).length / alphabet,
      })),
    drift: (slice: number): TokenDrift => {
      const total = counts[slice]!.reduce((sum, count) => sum + count, 0);
      if (total === 0) return { bits: null, chanceBits: null };
      const all = whole.reduce((sum, count) => sum + count, 0);
      const used = mean(places.map((position) => at(whole, position).filter((count) => count > 0).length));
      const each = total / symbolsPerPatch;
      return {
        bits: mean(
          places.map((position) => divergenceBits(at(counts[slice]!, position), at(whole, position))),
        ),
        chanceBits: ((used - 1) * (1 - total / all)) / (2 * each * Math.LN2),
      };
    },
  };
};
