/** Truth as label lines: what a world put into its frames, in words that the training view takes. */

import { describe, expect, it } from 'vitest';
import { parseLabels } from '../../../src/archive/view/labels.ts';
import { labelHead, labelLines } from '../../../src/sim/mishaps/labels.ts';
import { readMishaps, withMishaps } from '../../../src/sim/mishaps/planned.ts';
import { worldOf } from '../example.ts';

describe('labels of simulated frames', () => {
  it('say what is in each frame, and are what an export reads', () => {
    const mishaps = [{ kind: 'dead-region', region: 1, from: 1, to: 2 } as const];
    const world = worldOf('pp', { mishaps });
    const { card } = world;
    const frames = [0, 1].map((number) => world.timeFrame(number));
    const text = labelHead + frames.map(labelLines).join('');
    const labels = parseLabels(text, 'truth.csv', card.regions);
    expect(labels.names).toEqual(['collisions', 'tracks', 'mishap']);
    expect(labels.lines).toBe(2 * card.regions.length);
    expect(labels.of(1, 1)).toEqual({
      collisions: String(frames[1]![1]!.truth.collisions.length),
      tracks: String(frames[1]![1]!.truth.tracks.length),
      mishap: 'dead-region',
    });
    expect(labels.of(0, 1).mishap).toBe('none');
    // One that is put into the running simulation is told, too.
    const plan = readMishaps(`dead-card:region=${card.regions[2]},after=0s`, card);
    const late = withMishaps(world, plan, { card, rate: 2, seed: 1 }).timeFrame(3);
    expect(labelLines(late).split('\n')[2]).toMatch(/^3,2,\d+,\d+,dead-card$/);
  });
});
