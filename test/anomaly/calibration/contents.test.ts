/** Contents counted once: what is new, what is forgotten, what is too small to say. */

import { describe, expect, it } from 'vitest';
import { openContents } from '../../../src/anomaly/calibration/contents.ts';

const signature = (first: number, size = 32): Uint32Array =>
  Uint32Array.from({ length: size }, (_, i) => first * 7919 + i);

describe('contents', () => {
  it('are new once, and again when they were forgotten', () => {
    const contents = openContents(3);
    const news = [1, 2, 1, 3, 4, 1].map((first) => contents.isNew(signature(first)));
    expect(news).toEqual([true, true, false, true, true, true]);
  });

  it('of few patches are always new', () => {
    const contents = openContents();
    expect([0, 1, 7].map((size) => contents.isNew(signature(1, size)))).toEqual([true, true, true]);
    expect([0, 1, 7, 8, 8].map((size) => contents.isNew(signature(1, size)))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });
});
