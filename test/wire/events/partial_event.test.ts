/** pe00: what goes in comes out, and no byte of a message is believed before it was judged. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { decodePartialEvent, encodePartialEvent } from '../../../src/wire/events/partial_event.ts';
import { partialEvents } from '../arbitraries.ts';

describe('pe00', () => {
  it('returns what was written, and equal events give equal bytes', () => {
    fc.assert(
      fc.property(partialEvents, (event) => {
        const bytes = encodePartialEvent(event);
        expect(decodePartialEvent(bytes)).toEqual(event);
        expect(encodePartialEvent(structuredClone(event))).toEqual(bytes);
      }),
    );
  });

  it('refuses what was cut or contradicts itself, and never reads outside what was changed', () => {
    fc.assert(
      fc.property(partialEvents, fc.nat(), fc.nat(255), (event, where, byte) => {
        const bytes = encodePartialEvent(event);
        expect(() => decodePartialEvent(bytes.subarray(0, where % 60))).toThrow(Fault);
        bytes[where % bytes.length] = byte;
        try {
          decodePartialEvent(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
    const [event] = fc.sample(partialEvents, { numRuns: 1, seed: 7 });
    expect(() => decodePartialEvent(encodePartialEvent({ ...event!, part: 2, partCount: 2 }))).toThrow(
      /part 2 of 2/,
    );
    const packets = [{ region: 9, packet: new Uint8Array(3), instants: new Uint8Array(0) }];
    expect(() => decodePartialEvent(encodePartialEvent({ ...event!, packets, regionCount: 9 }))).toThrow(
      /region 9 of 9/,
    );
  });
});
