/**
 * Generated values for the codecs' round trips: identities, digits, packets, anomalies. They stay inside the
 * ranges a decoder takes; what lies outside is the hostile corpus's business.
 */

import fc from 'fast-check';
import type { PartialEvent } from '../../src/domain/archive/partial_event.ts';
import type { Digits, FrameIdentity, ObjectRecord } from '../../src/domain/frame.ts';
import { type InstrumentCard, type ObjectsCard, voxelCount } from '../../src/domain/instrument.ts';
import { limits } from '../../src/domain/limits.ts';
import type { Anomaly, FidelityReason, Layer, Packet, Score } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';

const count = fc.maxSafeNat();
const uint = fc.integer({ min: 0, max: 0xffffffff });
const ushort = fc.integer({ min: 0, max: 0xffff });
/** Any text of one byte or more that fits the limit; a character takes at most four bytes. */
const name = fc
  .string({ minLength: 1, maxLength: limits.nameBytesMax / 4, unit: 'grapheme' })
  .filter((text) => {
    const bytes = Buffer.from(text);
    return bytes.length <= limits.nameBytesMax && bytes.toString() === text;
  });
const hash = fc
  .bigInt({ min: 0n, max: 2n ** 64n - 1n })
  .map((value) => cardHash(value.toString(16).padStart(16, '0')));

export const identities: fc.Arbitrary<FrameIdentity> = fc.record({
  sourceName: name,
  messageId: count.map(messageId),
  timestampNanos: fc.bigInt({ min: 1n, max: 2n ** 62n }).map(epochNanos),
  durationNanos: fc.bigInt({ min: 1n, max: 2n ** 61n }).map(durationNanos),
  run: uint.map(run),
  timeFrame: count.map(timeFrameNumber),
  instrumentId: name,
  instrumentHash: hash,
});

/** Identities that `card` serves. */
export const identitiesOf = (card: InstrumentCard): fc.Arbitrary<FrameIdentity> =>
  fc.tuple(identities, fc.constantFrom(...card.regions)).map(([identity, sourceName]) => ({
    ...identity,
    sourceName,
    instrumentId: card.id,
    instrumentHash: card.hash,
  }));

export const digitsOf = (card: InstrumentCard, hitsMax: number): fc.Arbitrary<Digits> => {
  const voxels = fc.uniqueArray(fc.integer({ min: 0, max: voxelCount(card) - 1 }), { maxLength: hitsMax });
  const adcs = fc.array(fc.integer({ min: 1, max: 2 ** card.adcBits - 1 }), {
    minLength: hitsMax,
    maxLength: hitsMax,
  });
  return fc.tuple(voxels, adcs, fc.nat(3)).map(([voxel, adc, spare]) => {
    const digits = {
      count: voxel.length,
      voxel: new Uint32Array(voxel.length + spare),
      adc: new Uint16Array(voxel.length + spare),
    };
    digits.voxel.set(voxel.sort((a, b) => a - b));
    digits.adc.set(adc.slice(0, voxel.length));
    return digits;
  });
};

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const probability = fc.double({ min: 0, max: 1, noNaN: true });

const layers: fc.Arbitrary<Layer[]> = fc.array(
  fc.record({ kind: ushort, codec: ushort, symbolCount: uint, payload: fc.uint8Array({ maxLength: 70 }) }),
  { maxLength: limits.layersMax },
);
const scores: fc.Arbitrary<Score[]> = fc.array(fc.record({ name, value: finite }), {
  maxLength: limits.scoresMax,
});

export const packets: fc.Arbitrary<Packet> = fc.record({
  identity: identities,
  modelId: name,
  modelHash: hash,
  hitCount: uint,
  rawByteCount: uint,
  layers,
  scores,
  pValue: probability,
  policyVersion: uint.map(policyVersion),
  reason: ushort as fc.Arbitrary<FidelityReason>,
});

const shares = fc.array(fc.record({ index: uint, share: fc.float({ min: 0, max: 1, noNaN: true }) }), {
  maxLength: 20,
});
const findings = fc.array(
  fc.record({
    scoreName: name,
    // −0 is written as absent, which is 0.
    score: finite.map((value) => value + 0),
    span: fc.array(
      fc
        .tuple(fc.nat(1000), fc.integer({ min: 1, max: 1000 }))
        .map(([from, size]) => ({ from, to: from + size })),
      { maxLength: limits.axesMax },
    ),
    channels: shares,
    patches: shares,
  }),
  { maxLength: limits.anomalyFindingsMax },
);

export const anomalies: fc.Arbitrary<Anomaly> = fc.record({
  identity: identities,
  scoreName: name,
  score: finite,
  pValue: probability,
  pLow: probability,
  pHigh: probability,
  threshold: probability,
  verdict: fc.constantFrom('rare' as const, 'ordinary' as const),
  patches: fc.array(
    fc.record({ patch: uint, surpriseBits: fc.float({ noNaN: true, noDefaultInfinity: true }) }),
    { maxLength: limits.anomalyPatchesMax },
  ),
  policyVersion: uint.map(policyVersion),
  findings,
  // −0 is written as absent, which is 0.
  scores: fc.array(fc.record({ name, value: finite.map((value) => value + 0), pValue: probability }), {
    maxLength: limits.scoresMax,
  }),
});

/** Objects a frame of the card may have, in any order. */
export const recordsOf = (card: ObjectsCard): fc.Arbitrary<ObjectRecord[]> => {
  const groups = card.groups.map(({ countMax, fields }, group) => {
    const values = card.fields.map(({ name: field, bits }) =>
      // Few different values, so that objects agree in some of their fields and in all.
      fields.includes(field)
        ? fc.oneof(fc.nat({ max: Math.min(3, 2 ** bits - 1) }), fc.nat({ max: 2 ** bits - 1 }))
        : fc.constant(0),
    );
    return fc.array(
      fc.tuple(...values).map((list) => ({ group, values: list })),
      { maxLength: countMax },
    );
  });
  return fc
    .tuple(...groups)
    .map((lists) => lists.flat())
    .chain((records) =>
      fc.shuffledSubarray(records, { minLength: records.length, maxLength: records.length }),
    );
};

const small = fc.nat(0xff);
/** Partial events of any identity; the packets inside are bytes. */
export const partialEvents: fc.Arbitrary<PartialEvent> = fc
  .record({
    identity: identities,
    revision: ushort,
    part: small,
    moreParts: small,
    reason: ushort,
    present: fc.uint8Array({ maxLength: 4 }),
    gaps: fc.array(fc.record({ region: ushort, fromId: count, count }), { maxLength: 3 }),
    packets: fc.array(
      fc.record({
        region: small,
        packet: fc.uint8Array({ maxLength: 50 }),
        instants: fc.uint8Array({ maxLength: 64 }),
      }),
      { maxLength: 4 },
    ),
    eventTokens: fc.array(ushort, { maxLength: 4 }),
    eventModel: fc.option(fc.record({ id: name, hash })),
  })
  .map(({ identity, moreParts, part, ...rest }) => ({
    ...identity,
    ...rest,
    part,
    partCount: part + 1 + moreParts,
    regionCount: 256,
  }));
