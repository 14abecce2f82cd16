/** Late scores: what the coder spends on a hit, of frames kept to the last bit alone, behind the scores all have. */

import { describe, expect, it } from 'vitest';
import { coderSurprise, lateScoreNames, ratedScores } from '../../../src/anomaly/scores/late_scores.ts';
import { LayerCodec, LayerKind } from '../../../src/domain/packet.ts';

const layer = (kind: number, bytes: number) => ({
  kind,
  codec: LayerCodec.ladder1,
  symbolCount: 100,
  payload: new Uint8Array(bytes),
});
const ladder = (bytes: number) => [
  layer(LayerKind.occupancy, 20),
  layer(LayerKind.plane, 10),
  layer(LayerKind.remainder, bytes - 30),
];

describe('late scores', () => {
  it('tell octaves of bits a hit beyond eight, in 1024 steps', () => {
    expect(coderSurprise(ladder(100), 100)).toBe(0);
    expect(coderSurprise(ladder(200), 100)).toBe(1024);
    expect(coderSurprise(ladder(50), 100)).toBe(-1024);
    expect(coderSurprise(ladder(101), 100)).toBeGreaterThan(0);
    expect(coderSurprise([layer(LayerKind.objects, 900), ...ladder(100)], 100)).toBe(0);
  });

  it('are of frames with hits that are kept to the last bit', () => {
    expect(coderSurprise([], 100)).toBeNull();
    expect(coderSurprise(ladder(200).slice(0, 2), 100)).toBeNull();
    expect(coderSurprise(ladder(200), 0)).toBeNull();
  });

  it('are said by name, with 1 where nothing is known', () => {
    const frame = { hitCount: 100, totalCharge: 5000, scores: [1, 2, 1024, 8] };
    const nobody = { judge: null, late: [null, null] };
    expect(ratedScores(['a', 'b'], nobody, frame, 0.5)).toEqual([
      { name: 'a', value: 1, pValue: 1 },
      { name: 'b', value: 2, pValue: 1 },
      { name: lateScoreNames[0], value: 1024, pValue: 1 },
      { name: lateScoreNames[1], value: 8, pValue: 1 },
    ]);
  });
});
