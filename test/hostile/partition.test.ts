/** What only a partition's past can judge: each out-of-time payload gets its code, and the stream goes on. */

import { describe, expect, it } from 'vitest';
import { openAdmission } from '../../src/stages/admit.ts';
import { openFrame } from '../../src/wire/frame.ts';
import { wedgeCard as card } from '../wire/small_card.ts';
import { goodFrame, hostilePayloads } from './corpus.ts';

const arrivalOf = (bytes: Uint8Array) => {
  const { region, identity } = openFrame(bytes, card);
  return { region, ...identity };
};

describe('the corpus against one partition', () => {
  it('refuses each payload that is out of time, and admits the next good frame', () => {
    const admission = openAdmission(card.regions.length, '');
    let next = 0;
    for (; next < 10; next++) expect(admission.admit(arrivalOf(goodFrame(card, next)))).toBeNull();
    for (const { name, bytes, code, judge } of hostilePayloads(card)) {
      if (judge !== 'partition') continue;
      expect(admission.admit(arrivalOf(bytes)), name).toBe(code);
      expect(admission.admit(arrivalOf(goodFrame(card, next++))), `after ${name}`).toBeNull();
    }
    expect(next).toBeGreaterThan(10);
  });
});
