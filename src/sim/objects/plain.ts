/**
 * Objects with the shape of a trigger's and none of its physics: falling spectra, flat angles, a few of each group.
 * For loads and trials of the machinery; refuses to stand for any process, and says so in its name.
 */

import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectField, ObjectsCard } from '../../domain/instrument.ts';
import { createPrng, type Prng } from '../../kernels/prng.ts';
import type { ObjectsOf } from './world.ts';

const stream = 7;
/** On average this share of a group's places is taken; a group of one is always there. */
const filledShare = 0.3;
/** Steps of the first field where its spectrum begins, and the exponent it falls with. */
const softest = 10;
const exponent = 3;

/** The first field falls as a power law, the others are flat over the lower half of what their bits hold. */
const integerOf = (prng: Prng, { bits }: ObjectField, field: number): number => {
  const most = 2 ** bits - 1;
  if (field > 0) return Math.floor(prng.uniform() * 2 ** (bits - 1));
  return Math.min(most, Math.floor(softest * (1 - prng.uniform()) ** (-1 / (exponent - 1))));
};

export const plainObjects = (card: ObjectsCard, key: readonly number[]): ObjectsOf => {
  return (number, region) => {
    const prng = createPrng(...key, stream, number, region);
    return card.groups.flatMap(({ countMax, fields }, group) => {
      const count = countMax === 1 ? 1 : Math.min(countMax, prng.poisson(filledShare * countMax));
      return Array.from({ length: count }, (): ObjectRecord => {
        const values = card.fields.map((field, i) =>
          fields.includes(field.name) ? integerOf(prng, field, i) : 0,
        );
        return { group, values };
      });
    });
  };
};
