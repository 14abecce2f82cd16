import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapBuckets, gapEnd, gapPrecision, gapTable, takeGap } from '../../src/codec/gaps.ts';
import { closeRans, openRans, ransBytesMax, ransEncode } from '../../src/kernels/rans.ts';
import { gapBucket, gapStepsMax, putGap } from './gaps.slow.ts';

const table = gapTable([100, 50, 25, 12, 6, 3]);

describe('gaps', () => {
  it('are 16 symbols, then a bucket each time they double', () => {
    expect([0, 15, 16, 31, 32, 63, 64, gapEnd - 1].map(gapBucket)).toEqual([
      0,
      15,
      16,
      16,
      17,
      17,
      18,
      gapBuckets - 1,
    ]);
  });

  it('come back whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: gapEnd - 1 }), { maxLength: 50 }), (gaps) => {
        const steps = new Uint32Array(gaps.length * gapStepsMax);
        const count = gaps.reduce((at, gap) => putGap(steps, at, gap, table), 0);
        const out = new Uint8Array(ransBytesMax(count));
        const reader = openRans(out, ransEncode(steps, count, gapPrecision, out), out.length, gapPrecision);
        expect(gaps.map(() => takeGap(reader, table))).toEqual(gaps);
        closeRans(reader);
      }),
    );
  });

  it('have no table with more buckets than are defined', () => {
    expect(() => gapTable(new Array(gapBuckets + 1).fill(1))).toThrow('buckets');
    expect(() => putGap(new Uint32Array(3), 0, gapEnd, table)).toThrow('beyond');
  });
});
