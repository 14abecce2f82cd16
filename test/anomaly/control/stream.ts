/**
 * Packets of a drifting detector under a byte budget, without a detector: sizes as the ladder measured them on simulated
 * p+p frames, p-values that are even where the calibration is good and crowd near 0 where it is not. The policy decides
 * as the lane does, with snapshots that come late.
 */

import {
  type Budgeter,
  type ByteBudget,
  firstBudget,
  openBudgeter,
} from '../../../src/anomaly/control/budget.ts';
import { decideFidelity, firstPolicy, rungsOf } from '../../../src/anomaly/fidelity.ts';
import { FidelityReason } from '../../../src/domain/packet.ts';
import type { PolicySnapshot, Rungs } from '../../../src/domain/policy.ts';
import type { Prng } from '../../../src/kernels/prng.ts';

/** Bytes a hit: tokens; occupancy, each of four planes, remainder. Of a head and each layer, bytes. */
export const perHit = { tokens: 0.3, occupancy: 0.19, planes: [0.056, 0.066, 0.08, 0.096], remainder: 0.6 };
export const headBytes = 260;
export const regions = 24;
export const timeFrameSeconds = 0.001;

/** What the detector is like at an instant. */
export interface Weather {
  readonly hits: number;
  /** So many times more frames lie in the tail of p-values than there should. */
  readonly swell: number;
}

export interface Packed {
  readonly pValue: number;
  readonly reason: FidelityReason;
  readonly rungs: Rungs | null;
  readonly bytes: number;
  /** That no budget takes. */
  readonly fixedBytes: number;
  readonly fullBytes: number;
}

export const rungBytesOf = (hits: number, rungs: Rungs | null): number[] => {
  if (rungs === null) return [];
  const planes = perHit.planes.slice(0, rungs.planes);
  const exact = rungs.remainder && rungs.planes >= perHit.planes.length;
  return [perHit.occupancy, exact ? perHit.remainder : 0, ...planes].map((bytes) => Math.ceil(bytes * hits));
};
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** @param budget null: a policy without one */
export const openStream = (prng: Prng, budget: ByteBudget | null, rarePValue: number, partitions = 4) => {
  const budgeter: Budgeter | null =
    budget && openBudgeter(firstBudget(budget.bytesPerSecond), budget, 1 / partitions);
  let policy: PolicySnapshot = { ...firstPolicy(), rarePValue };
  let timeFrame = 0;
  return {
    get policy() {
      return policy;
    },
    get state() {
      return budgeter?.state ?? null;
    },
    /** Every partition's packets of so many time frames; then the calibrating one's budget steps. */
    run(timeFrames: number, weatherAt: (timeFrame: number) => Weather): Packed[] {
      const packed: Packed[] = [];
      for (const end = timeFrame + timeFrames; timeFrame < end; timeFrame++) {
        const { hits, swell } = weatherAt(timeFrame);
        for (let region = 0; region < regions; region++) {
          const hitCount = Math.round(hits * (0.5 + prng.uniform()));
          const drawn = prng.uniform();
          const pValue = drawn < 0.1 ? Math.min(0.1, drawn / swell) : drawn;
          const reason = decideFidelity({ pValue, run: 1, timeFrame }, policy, 'none');
          const rungs = rungsOf(reason, pValue, policy);
          const rungBytes = rungBytesOf(hitCount, rungs);
          const fixed = headBytes + Math.ceil(perHit.tokens * hitCount);
          const packetBytes = fixed + sum(rungBytes);
          const isRefined = pValue < policy.rarePValue || reason === FidelityReason.prescale;
          const full = isRefined ? sum(rungBytesOf(hitCount, { planes: 4, remainder: true })) : 0;
          packed.push({
            pValue,
            reason,
            rungs,
            bytes: packetBytes,
            fixedBytes: reason === FidelityReason.prescale ? packetBytes : fixed,
            fullBytes: fixed + full,
          });
          if (timeFrame % partitions === 0)
            budgeter?.observe({
              hitCount,
              pValue,
              timestampNanos: BigInt(Math.round((1 + timeFrame * timeFrameSeconds) * 1e9)),
              packetBytes,
              rungBytes,
              isControl: reason === FidelityReason.prescale,
            });
        }
      }
      if (budgeter?.isDue) {
        budgeter.step(policy.rarePValue);
        const { grades: _, spare: __, ...fixed } = policy;
        const [grades, spare] = [budgeter.grades(policy.rarePValue), budgeter.spare(policy.rarePValue)];
        policy = { ...fixed, ...(grades && { grades }), ...(spare && { spare }) };
      }
      return packed;
    },
  };
};
