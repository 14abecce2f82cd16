/**
 * What bytes buy: steps up the ladder by what they are worth for the bytes they take, how far down the p-values each is
 * taken, and how far that is when so many bytes may be spent. Products, quotients and square roots only, so that grades
 * are the same on every machine. Refuses nothing: of steps whose size is not known yet nothing is taken away.
 */

import type { BudgetState, FrameUsage, Grade } from '../../domain/policy.ts';
import { rarityCells, sumBelow } from './rarity.ts';

export type RungSizes = Pick<BudgetState, 'planeSizes' | 'remainderSize'>;

/** One step up the ladder, of one or more planes, or of the remainder. */
interface Climb {
  /** Planes there are after it. */
  readonly planes: number;
  readonly remainder: boolean;
  readonly bytesPerHit: number;
  /** Error it takes away, as a share of that without any plane. */
  readonly value: number;
}

const worthOf = ({ value, bytesPerHit }: Climb): number => value / bytesPerHit;

/**
 * Steps by falling value for their bytes, each over all that lie beneath it. A plane halves the error, the remainder
 * takes what is left; a plane that is worth more than what it rests on comes in one step with it.
 */
const climbsOf = ({ planeSizes, remainderSize }: RungSizes): Climb[] => {
  const singles = planeSizes.map(
    ({ hits, bytes }, i): Climb => ({
      planes: i + 1,
      remainder: false,
      bytesPerHit: bytes / hits,
      value: 2 ** -(i + 1),
    }),
  );
  if (remainderSize.hits > 0)
    singles.push({
      planes: planeSizes.length,
      remainder: true,
      bytesPerHit: remainderSize.bytes / remainderSize.hits,
      value: 2 ** -planeSizes.length,
    });
  const climbs: Climb[] = [];
  for (const single of singles) {
    let climb = single;
    for (let below = climbs.at(-1); below && worthOf(below) <= worthOf(climb); below = climbs.at(-1)) {
      climbs.pop();
      climb = {
        ...climb,
        bytesPerHit: below.bytesPerHit + climb.bytesPerHit,
        value: below.value + climb.value,
      };
    }
    climbs.push(climb);
  }
  return climbs;
};

/**
 * Up to which p-value a step is taken. A frame weighs as many frames as there are between two as rare, 1/p, so that
 * what a byte is worth is the same wherever it is spent.
 */
const pValueOfClimb = (climb: Climb, last: Climb, reach: number, rarePValue: number): number =>
  Math.min(rarePValue, (reach * worthOf(climb)) / worthOf(last));

/** What rare frames are given at a state: rarest first; undefined: everything. */
export const gradesOf = (state: BudgetState, rarePValue: number): readonly Grade[] | undefined => {
  const climbs = climbsOf(state);
  const last = climbs.at(-1);
  if (last === undefined || state.reach >= rarePValue) return undefined;
  const grades: Grade[] = [];
  for (const climb of climbs.toReversed()) {
    const pValue = pValueOfClimb(climb, last, state.reach, rarePValue);
    if (pValue <= (grades.at(-1)?.pValue ?? 0)) continue;
    const rungs = { planes: climb.planes, remainder: climb.remainder };
    grades.push({ pValue, rungs });
  }
  return grades;
};

/** What ordinary frames are given; undefined: their tokens alone. */
export const spareOf = (
  { spareReach }: BudgetState,
  rarePValue: number,
  sparePlanes: number,
): Grade | undefined =>
  sparePlanes > 0 && spareReach > rarePValue
    ? { pValue: spareReach, rungs: { planes: sparePlanes, remainder: false } }
    : undefined;

/** The largest p-value up to `most` at which what is asked a frame stays within what is allowed. */
const farthest = (most: number, allowed: number, asked: (pValue: number) => number): number => {
  if (asked(most) <= allowed) return most;
  let [low, high] = [2 ** -(rarityCells / 4), most];
  if (allowed <= 0 || asked(low) > allowed) return 0;
  for (let i = 0; i < 40; i++) {
    const middle = Math.sqrt(low * high);
    if (asked(middle) <= allowed) low = middle;
    else high = middle;
  }
  return low;
};

/** How far each kind of frame may be given rungs for `allowed` bytes a frame. */
export const solve = (
  allowed: number,
  { hitCount, shares }: Pick<FrameUsage, 'hitCount' | 'shares'>,
  sizes: RungSizes,
  rarePValue: number,
  sparePlanes: number,
): Pick<BudgetState, 'reach' | 'spareReach' | 'level'> => {
  const climbs = climbsOf(sizes);
  const last = climbs.at(-1);
  if (last === undefined) return { reach: 1, spareReach: 0, level: 1 };
  const asked = (reach: number): number =>
    climbs.reduce(
      (bytes, climb) =>
        bytes +
        climb.bytesPerHit * hitCount * sumBelow(shares, pValueOfClimb(climb, last, reach, rarePValue)),
      0,
    );
  const whole = asked(rarePValue);
  const reach = farthest(rarePValue, allowed, asked);
  if (reach < rarePValue) return { reach, spareReach: 0, level: asked(reach) / whole };
  const spareBytes = sizes.planeSizes
    .slice(0, sparePlanes)
    .reduce((sum, { hits, bytes }) => sum + bytes / hits, 0);
  const rareHits = hitCount * sumBelow(shares, rarePValue);
  const spareReach =
    sparePlanes === 0
      ? 0
      : farthest(
          1,
          allowed - whole + spareBytes * rareHits,
          (p) => spareBytes * hitCount * sumBelow(shares, p),
        );
  return { reach: 1, spareReach, level: 1 };
};
