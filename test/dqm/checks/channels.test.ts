/** Residuals of shares: what all channels have in common is taken out, also where nearly all hits of a channel are of a kind. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareResiduals } from '../../../src/dqm/checks/channels.ts';
import { objectLayout } from '../../../src/dqm/layout.ts';
import { createPrng } from '../../../src/kernels/prng.ts';
import { cardOf } from '../../sim/example.ts';

const layout = objectLayout(
  cardOf('pp'),
  { cardLayers: 4, cardLanes: 64, chipLanes: 32 },
  { symbolsPerPatch: 1, alphabet: 8, levels: [8], symbolDigits: 1 },
);
/** So many hits of each channel, of which a share are lone; one channel is noisy and all but some of its hits are. */
const noisy = 1523;
const drawn = (seed: number, hits: number, share: number, noisyShare: number) => {
  const prng = createPrng(seed);
  const among = new Float64Array(layout.channels).fill(hits);
  among[noisy] = 400;
  const part = among.map((count, channel) => {
    const wanted = channel === noisy ? noisyShare : share;
    let lone = 0;
    for (let i = 0; i < count; i++) lone += prng.uniform() < wanted ? 1 : 0;
    return lone;
  });
  return { part, among };
};

describe('residuals of shares', () => {
  it('are of the size of chance, in a noisy channel too, whatever all others do', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.04, max: 0.2, noNaN: true }), (seed, share) => {
        const before = drawn(seed, 60, 0.08, 0.9);
        // Odds of all move alike: of the noisy channel nine in ten become a few more or fewer.
        const odds = (share / (1 - share)) * (0.92 / 0.08) * 9;
        const { channels } = shareResiduals(layout, drawn(seed + 1, 12, share, odds / (1 + odds)), before, 1);
        expect(Math.abs(channels[noisy]!)).toBeLessThan(6);
        expect(Math.max(...channels.map(Math.abs))).toBeLessThan(12);
      }),
      { numRuns: 20 },
    );
  });

  it('see a noisy channel that lost a third of its lone hits', () => {
    const before = drawn(5, 60, 0.08, 0.9);
    const { channels } = shareResiduals(layout, drawn(6, 12, 0.08, 0.6), before, 1);
    expect(channels[noisy]).toBeLessThan(-10);
  });

  it('of charge are larger than one hit’s, and move by a factor', () => {
    const hits = new Float64Array(layout.channels).fill(30);
    const charge = (each: number) => hits.map((count) => count * each);
    const now = { part: charge(150), among: hits };
    now.part[noisy] = 30 * 75;
    const { channels } = shareResiduals(
      layout,
      now,
      { part: charge(100), among: hits.map((n) => 8 * n) },
      0.8,
    );
    expect(Math.abs(channels[noisy + 1]!)).toBeLessThan(1e-9);
    expect(channels[noisy]).toBeLessThan(-2);
  });
});
