/** tf00: what goes in comes out, from our writer and from any builder, at any offset in a larger buffer. */

import fc from 'fast-check';
import { ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { type Digits, FrameEncoding, type FrameIdentity } from '../../src/domain/frame.ts';
import { type InstrumentCard, voxelCount } from '../../src/domain/instrument.ts';
import { frameBytesMax } from '../../src/domain/limits.ts';
import { encodeFrame, openFrame, readDigits } from '../../src/wire/frame.ts';
import { TimeFrame } from '../../src/wire/generated/tf00/time-frame.js';
import { digitsOf, identitiesOf } from './arbitraries.ts';
import { buildFrame, payloadOf } from './builder.slow.ts';
import { smallCard, wedgeCard, wideCard } from './small_card.ts';

const read = (bytes: Uint8Array, card: InstrumentCard): { identity: FrameIdentity; hits: number[][] } => {
  const open = openFrame(bytes, card);
  const into = { voxel: new Uint32Array(open.hitCount), adc: new Uint16Array(open.hitCount) };
  const count = readDigits(open, card, into);
  expect(count).toBe(open.hitCount);
  expect(card.regions[open.region]).toBe(open.identity.sourceName);
  return { identity: open.identity, hits: [[...into.voxel], [...into.adc]] };
};
const hitsOf = (digits: Digits): number[][] => [
  [...digits.voxel.subarray(0, digits.count)],
  [...digits.adc.subarray(0, digits.count)],
];
const encodings = fc.constantFrom(FrameEncoding.packed32, FrameEncoding.columns48, FrameEncoding.gap16);

describe('encodeFrame and openFrame', () => {
  it('return what was written, in any encoding', () => {
    fc.assert(
      fc.property(
        identitiesOf(smallCard),
        digitsOf(smallCard, 60),
        encodings,
        (identity, digits, encoding) => {
          const bytes = encodeFrame(identity, digits, smallCard, encoding);
          expect(read(bytes, smallCard)).toEqual({ identity, hits: hitsOf(digits) });
        },
      ),
    );
  });

  it('agree with the generated reader field by field', () => {
    fc.assert(
      fc.property(
        identitiesOf(wedgeCard),
        digitsOf(wedgeCard, 40),
        encodings,
        (identity, digits, encoding) => {
          const bytes = encodeFrame(identity, digits, wedgeCard, encoding);
          const table = TimeFrame.getRootAsTimeFrame(new ByteBuffer(bytes));
          expect(table.sourceName()).toBe(identity.sourceName);
          expect(table.messageId()).toBe(BigInt(identity.messageId));
          expect(table.timestamp()).toBe(identity.timestampNanos);
          expect(table.duration()).toBe(identity.durationNanos);
          expect(table.run()).toBe(identity.run);
          expect(table.timeFrame()).toBe(BigInt(identity.timeFrame));
          expect(table.instrument()).toBe(identity.instrumentId);
          expect(table.instrumentHash()).toBe(BigInt(`0x${identity.instrumentHash}`));
          expect([table.kind(), table.encoding(), table.hitCount()]).toEqual([1, encoding, digits.count]);
          expect(table.payloadArray()).toEqual(payloadOf(digits, encoding, wedgeCard.adcBits));
          // Aligned for a reader that maps the payload.
          expect(table.payloadArray().byteOffset % 8).toBe(0);
        },
      ),
    );
  });

  it('read what a plain builder wrote, at any offset in a larger buffer', () => {
    fc.assert(
      fc.property(
        identitiesOf(smallCard),
        digitsOf(smallCard, 40),
        encodings,
        fc.nat(16),
        (identity, digits, encoding, offset) => {
          const payload = payloadOf(digits, encoding, smallCard.adcBits);
          const built = buildFrame({ identity, encoding, hitCount: digits.count, payload });
          const batch = new Uint8Array(built.length + 32).fill(0xa5);
          batch.set(built, offset);
          const bytes = batch.subarray(offset, offset + built.length);
          expect(read(bytes, smallCard)).toEqual({ identity, hits: hitsOf(digits) });
        },
      ),
    );
  });

  it('take a frame without hits and one with every voxel, in all encodings', () => {
    const [identity] = fc.sample(identitiesOf(smallCard), 1);
    const all = voxelCount(smallCard);
    for (const count of [0, 1, all])
      for (const encoding of [FrameEncoding.packed32, FrameEncoding.columns48, FrameEncoding.gap16]) {
        const digits = {
          count,
          voxel: Uint32Array.from({ length: count }, (_, i) => i),
          adc: new Uint16Array(count).fill(1023),
        };
        const bytes = encodeFrame(identity!, digits, smallCard, encoding);
        expect(bytes.length).toBeLessThanOrEqual(frameBytesMax(smallCard));
        expect(read(bytes, smallCard).hits).toEqual(hitsOf(digits));
      }
  });

  it('use columns48 where voxel and ADC do not fit a word', () => {
    fc.assert(
      fc.property(identitiesOf(wideCard), digitsOf(wideCard, 20), (identity, digits) => {
        const bytes = encodeFrame(identity, digits, wideCard);
        expect(openFrame(bytes, wideCard).encoding).toBe(FrameEncoding.columns48);
        expect(read(bytes, wideCard).hits).toEqual(hitsOf(digits));
        expect(() => encodeFrame(identity, digits, wideCard, FrameEncoding.packed32)).toThrow(/32 bits/);
        expect(() => encodeFrame(identity, digits, wideCard, FrameEncoding.gap16)).toThrow(/ADC bits/);
      }),
    );
  });
});
