/** Label files: what they say of a frame, and what is refused. */

import { describe, expect, it } from 'vitest';
import { parseLabels } from '../../../src/archive/view/labels.ts';

const regions = ['north', 'south'];

describe('a label file', () => {
  it('labels whole time frames, or each region by name or index', () => {
    const whole = parseLabels('time_frame,process\n3,w\n4,\n', 'l.csv', regions);
    expect(whole.names).toEqual(['process']);
    expect([whole.of(3, 0), whole.of(3, 1), whole.of(4, 0), whole.of(9, 0)]).toEqual([
      { process: 'w' },
      { process: 'w' },
      {},
      {},
    ]);
    const each = parseLabels(
      'region,time_frame,fault,"seed"\nsouth,3,spark,1\r\n0,3,none,2',
      'l.csv',
      regions,
    );
    expect(each.of(3, 1)).toEqual({ fault: 'spark', seed: '1' });
    expect(each.of(3, 0)).toEqual({ fault: 'none', seed: '2' });
  });

  it('is refused where it says two things, nothing, or hides a column of the view', () => {
    const wrong = [
      '',
      'time_frame\n1',
      'time_frame,tokens\n1,2',
      'time_frame,patch_layer\n1,2',
      'time_frame,a\n1',
      'time_frame,a\nx,1',
      'time_frame,a\n1,2\n1,3',
      'time_frame,region,a\n1,east,2',
    ];
    for (const text of wrong) expect(() => parseLabels(text, 'l.csv', regions)).toThrow(/l\.csv, line/);
  });
});
