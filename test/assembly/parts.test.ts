/** Time frames as messages: every packet in one part, none cut, and the changelog's own refusals. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesUntil, decodeChange, encodeChange } from '../../src/assembly/changelog.ts';
import { partialEventsOf } from '../../src/assembly/parts.ts';
import type { AssemblyChange } from '../../src/domain/archive/assembly.ts';
import { limits } from '../../src/domain/limits.ts';
import { common, identityOf } from './world.ts';

const none = new Uint8Array(0);

describe('parts of a partial event', () => {
  it('carry every packet once, in order, and never more bytes than asked but for one packet alone', () => {
    const sizes = fc.array(fc.nat(300), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 500 }), (lengths, bytesMax) => {
        const packets = lengths.map((length, region) => ({
          region,
          packet: new Uint8Array(length),
          instants: none,
        }));
        const gaps = [{ region: 0, fromId: 3, count: 2 }];
        const assembled = { identity: identityOf(1), revision: 0, reason: 1, present: none, gaps, packets };
        let next = 10;
        const events = partialEventsOf(assembled, common(64), bytesMax, [7], (count) => {
          next += count;
          return next - count;
        });
        expect(events.flatMap((event) => event.packets)).toEqual(packets);
        events.forEach((event, part) => {
          expect(event).toMatchObject({ part, partCount: events.length, messageId: 10 + part });
          expect(event.gaps).toEqual(part === 0 ? gaps : []);
          expect(event.eventTokens).toEqual(part === 0 ? [7] : []);
          expect(event.eventModel).toEqual(part === 0 ? common(1).eventModel : null);
          const bytes = event.packets.reduce((sum, { packet }) => sum + packet.length, 0);
          expect(bytes <= bytesMax || event.packets.length === 1).toBe(true);
        });
      }),
    );
  });

  it('carry no more packets than a reader takes tables', () => {
    const packets = Array.from({ length: 1100 }, (_, region) => ({ region, packet: none, instants: none }));
    const assembled = { identity: identityOf(1), revision: 0, reason: 0, present: none, gaps: [], packets };
    const events = partialEventsOf(assembled, common(1100), 1e9, [], () => 0);
    expect(events.map((event) => event.packets.length)).toEqual([512, 512, 76]);
    expect(limits.partialEventPacketsMax + limits.partialEventGapsMax).toBeLessThan(limits.tablesMax);
  });
});

const change = (sequence: number, whole: boolean): AssemblyChange => ({
  ...{ whole, sequence, sent: [], open: [] },
  head: {
    ...{ watermarkNanos: 5n, forgottenNanos: 0n, nextMessageId: sequence },
    ...{ lastIds: Float64Array.of(-1, 3), lastRuns: Float64Array.of(-1, 7) },
  },
});

describe('the changelog', () => {
  it('reads back what it wrote, and refuses every cut and whatever follows', () => {
    const full: AssemblyChange = {
      ...change(9, true),
      sent: [{ identity: identityOf(2), revision: 1, present: Uint8Array.of(3) }],
      open: [
        {
          ...{ identity: identityOf(3), revision: 0, present: Uint8Array.of(1) },
          gaps: [{ region: 1, fromId: 8, count: 2 }],
          packets: [{ region: 0, offset: 77n, packet: none, instants: none }],
        },
      ],
    };
    const bytes = encodeChange(full);
    expect(decodeChange(bytes)).toEqual(full);
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => decodeChange(bytes.subarray(0, length))).toThrow(/message-malformed/);
    expect(() => decodeChange(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(/too many/);
  });

  it('goes on from the last whole change up to the one committed, passing over what a kill left', () => {
    const log = [change(1, true), change(2, false), change(3, true), change(4, false), change(5, false)];
    const sequences = (read: readonly AssemblyChange[], until: number) =>
      changesUntil(read, until)?.map(({ sequence }) => sequence) ?? null;
    expect(sequences(log, 5)).toEqual([3, 4, 5]);
    expect(sequences(log, 4)).toEqual([3, 4]);
    expect(sequences(log, 2)).toEqual([1, 2]);
    expect(sequences([...log, change(4, false)], 4)).toEqual([3, 4]);
    expect(sequences(log.slice(3), 5)).toBe(null);
    expect(sequences(log, 6)).toBe(null);
  });
});
