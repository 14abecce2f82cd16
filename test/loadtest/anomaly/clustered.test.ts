/** Intervals that resample sources: as wide as binomial ones where each event is its own, wider where few sources repeat. */

import { describe, expect, it } from 'vitest';
import { openResampling, sourcesBeyond } from '../../../loadtest/bench/anomaly/clustered.ts';
import { wilson } from '../../../loadtest/bench/anomaly/nulls.ts';
import { randomOf } from '../../frames.ts';

const random = randomOf(23);
const [count, rate] = [20_000, 0.01];
const normal = {
  values: Float64Array.from({ length: count }, random),
  sources: new Int32Array(count).fill(-1),
};
/** A tenth is found; each source is drawn `times` times and found or not as a whole. */
const signalOf = (events: number, times: number) => {
  const found = Array.from({ length: events / times }, () => random() < 0.1);
  return {
    values: Float64Array.from({ length: events }, (_, i) => (found[Math.floor(i / times)] ? 2 : 0)),
    sources: Int32Array.from({ length: events }, (_, i) => Math.floor(i / times)),
  };
};
const width = ({ low, high }: { low: number; high: number }): number => high - low;

describe('resampled intervals', () => {
  const intervalsOf = openResampling(normal, [rate], 7);

  it('are as wide as binomial ones for events of their own', () => {
    const signal = signalOf(4000, 1);
    const share = signal.values.filter((value) => value > 1).length / 4000;
    const [interval] = intervalsOf(signal);
    expect(interval!.low).toBeLessThan(share);
    expect(interval!.high).toBeGreaterThan(share);
    const ratio = width(interval!) / width(wilson(share * 4000, 4000));
    expect(ratio).toBeGreaterThan(0.8);
    expect(ratio).toBeLessThan(1.2);
  });

  it('widen as the root of how often a source is drawn', () => {
    const ratio = width(intervalsOf(signalOf(4000, 16))[0]!) / width(intervalsOf(signalOf(4000, 1))[0]!);
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(6);
  });

  it('count the threshold’s own uncertainty', () => {
    const same = { values: normal.values, sources: normal.sources };
    const [interval] = intervalsOf(same);
    // The share beyond a threshold of 200 events: its spread is that of the threshold and of the sample.
    expect(width(interval!)).toBeGreaterThan(1.1 * width(wilson(rate * count, count)));
    const cut = normal.values.toSorted().at(-201)!;
    expect(sourcesBeyond(same, cut)).toBe(200);
    expect(sourcesBeyond({ ...same, sources: new Int32Array(count).fill(3) }, cut)).toBe(1);
  });
});
