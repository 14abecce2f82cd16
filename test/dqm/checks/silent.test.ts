/** What gives nothing is found and named, whatever the crowd; what fluctuates, and what was dead before, is not. */

import { describe, expect, it } from 'vitest';
import { silentReadings } from '../../../src/dqm/checks/silent.ts';
import { objectLayout } from '../../../src/dqm/layout.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { cardOf } from '../../sim/example.ts';

const model = { symbolsPerPatch: 1, alphabet: 8, levels: [8], symbolDigits: 1 };
const layout = objectLayout(cardOf('auau'), { cardLayers: 4, cardLanes: 64, chipLanes: 32 }, model);
const { offset } = layout.plans.occupancy;

const filled = (mean: number, seed: number, dead: (channel: number) => boolean): Float64Array => {
  const prng = createPrng(seed);
  const values = new Float64Array(layout.size);
  // Cards fluctuate by a sixth of their counts, as crowds of tracks do.
  const crowd = Array.from({ length: layout.cards }, () => 1 + 0.15 * prng.gaussian());
  for (let channel = 0; channel < layout.channels; channel++)
    values[offset + channel] = dead(channel)
      ? 0
      : Math.max(1, Math.round(mean * crowd[layout.cardOf[channel]!]! + Math.sqrt(mean) * prng.gaussian()));
  return values;
};

describe('silence', () => {
  const deadBefore = (channel: number): boolean => channel % 97 === 0;
  const combined = filled(120, 1, deadBefore);

  it('is not what fluctuates, nor what the references never heard', () => {
    for (let seed = 2; seed < 30; seed++)
      expect(
        silentReadings(layout, filled(30, seed, deadBefore), combined)
          .slice(0, 2)
          .map(({ value }) => value),
      ).toEqual([0, 0]);
  });

  it('is a card, a chip or a channel, each by its number and by what is expected of it', () => {
    const of = (dead: (channel: number) => boolean) =>
      silentReadings(
        layout,
        filled(30, 7, (channel) => deadBefore(channel) || dead(channel)),
        combined,
      );
    const [card, chip] = of((channel) => layout.cardOf[channel] === 5);
    expect(card!.bins).toEqual([5]);
    expect(card!.value ** 2).toBeGreaterThan(0.5 * 256 * 30);
    expect(chip!.bins).toHaveLength(8);
    const [none, one] = of((channel) => layout.chipOf[channel] === 40);
    expect([none!.value, one!.bins]).toEqual([0, [40]]);
    const [, nothing, alone] = of((channel) => channel === 1000);
    expect([nothing!.value, alone!.bins]).toEqual([0, [1000]]);
  });
});
