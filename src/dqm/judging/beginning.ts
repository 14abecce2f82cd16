/**
 * A run's first cycles, which stand in for references where no good run is known: taken once there are enough, and region by
 * region not believed where they were not as usual, until as many have come that are. Refuses to compare a fault with itself.
 */

import { limits } from '../../domain/limits.ts';
import type { Reference } from '../cycles/watched.ts';

export interface Beginning {
  /** One more window; returns how many are still missing. */
  add(values: readonly Float64Array[]): number;
  taken(): readonly Reference[];
  /** Something of the region was not as usual while it was taken. */
  doubt(region: number): void;
  doubtful(region: number): boolean;
  /** A doubtful region was as usual in this window. */
  redeem(region: number, values: Float64Array): void;
  /** Whether a region has become as usual for long enough; then `mended` has it. */
  redeemed(): boolean;
  mended(references: readonly Reference[]): readonly Reference[];
  /** Whether references that came from elsewhere were looked at. */
  checked: boolean;
  readonly version: number;
}

export const openBeginning = (): Beginning => {
  const windows: Reference[] = [];
  const doubted = new Map<number, Float64Array[]>();
  const wanted = limits.dqmProvisionalCycles;
  let version = 0;
  const isRedeemed = (good: readonly Float64Array[]): boolean => good.length >= wanted;
  return {
    checked: false,
    get version() {
      return version;
    },
    add(values) {
      windows.push({ run: 0, values });
      return Math.max(0, wanted - windows.length);
    },
    taken() {
      version += 1;
      return windows.splice(0);
    },
    doubt(region) {
      if (!doubted.has(region)) doubted.set(region, []);
    },
    doubtful: (region) => doubted.has(region),
    redeem: (region, values) => void doubted.get(region)?.push(values),
    redeemed: () => [...doubted.values()].some(isRedeemed),
    mended(references) {
      version += 1;
      const mended = references.map(({ run, values }, i) => ({
        run,
        values: values.map((one, region) => {
          const good = doubted.get(region);
          return good !== undefined && isRedeemed(good) ? good[i % wanted]! : one;
        }),
      }));
      for (const [region, good] of doubted) if (isRedeemed(good)) doubted.delete(region);
      return mended;
    },
  };
};
