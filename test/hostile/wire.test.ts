/** The hostile corpus against the wire: exactly its code, nothing read outside, and the next good message opens. */

import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, faultList } from '../../src/domain/fault.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { epochNanos } from '../../src/domain/quantity.ts';
import { decodeAlarm, encodeAlarm } from '../../src/wire/alarms/alarm.ts';
import { decodeAnomaly, encodeAnomaly } from '../../src/wire/anomaly.ts';
import { encodeFrame, openFrame, readDigits } from '../../src/wire/frame.ts';
import { digitsOfRecords, recordLayout } from '../../src/wire/frames/records.ts';
import { decodeLogData, encodeLogData } from '../../src/wire/log_data.ts';
import { decodePacket, encodePacket } from '../../src/wire/packet.ts';
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts';
import { anomalies, digitsOf, identitiesOf, packets, recordsOf } from '../wire/arbitraries.ts';
import { objectsCard, smallCard, wedgeCard, wideCard } from '../wire/small_card.ts';
import { goodFrame, hostilePayloads } from './corpus.ts';
import { mutate } from './mutate.ts';
import { hostileAnomalies, hostilePackets } from './packets.ts';

const scratch = { voxel: new Uint32Array(1 << 20), adc: new Uint16Array(1 << 20) };

/** Everything the wire does with a frame, as a value that can be compared. */
const readFrame = (bytes: Uint8Array, card: InstrumentCard): unknown => {
  const open = openFrame(bytes, card);
  const count = readDigits(open, card, scratch);
  return {
    identity: open.identity,
    encoding: open.encoding,
    voxel: [...scratch.voxel.subarray(0, count)],
    adc: [...scratch.adc.subarray(0, count)],
  };
};

/** The value, or the fault; anything else thrown is a failure of ours. */
const endOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    expect(faultList[error.code][0], error.message).toBe('item');
    expect(error.detail.length).toBeGreaterThan(20);
    return { code: error.code, detail: error.detail };
  }
};
const codeOf = (act: () => unknown): string => (endOf(act) as { code?: string }).code ?? 'none';

/** The same bytes between foreign bytes, at an odd place: a reader that strays meets them. */
const amid = (bytes: Uint8Array, offset: number, foreign: number): Uint8Array => {
  const batch = new Uint8Array(bytes.length + 96).fill(foreign);
  batch.set(bytes, offset);
  return batch.subarray(offset, offset + bytes.length);
};

describe.each([smallCard, wedgeCard, wideCard, objectsCard])('the corpus on $id', (card) => {
  const payloads = hostilePayloads(card);

  it('has at least 60 payloads, each with its own name', () => {
    expect(payloads.length).toBeGreaterThanOrEqual(60);
    expect(new Set(payloads.map(({ name }) => name)).size).toBe(payloads.length);
  });

  it.each(payloads)('$name: $code', ({ bytes, code, judge }) => {
    const before = crc32c(bytes);
    if (judge === 'wire') expect(codeOf(() => readFrame(bytes, card))).toBe(code);
    else expect(() => readFrame(bytes, card)).not.toThrow();
    expect(crc32c(bytes), 'the bytes were changed').toBe(before);
    const good = readFrame(goodFrame(card, 1), card);
    expect(good).toMatchObject({ identity: { messageId: 1001 } });
  });
});

describe('hostile packets and anomalies', () => {
  it.each(hostilePackets())('packet: $name: $code', ({ bytes, code }) => {
    expect(codeOf(() => decodePacket(bytes))).toBe(code);
  });
  it.each(hostileAnomalies())('anomaly: $name: $code', ({ bytes, code }) => {
    expect(codeOf(() => decodeAnomaly(bytes))).toBe(code);
  });
});

/** Seed of the generated messages below; the damage is numbered from 0. */
const seed = 20250616;
const damagedCount = 10_000;

const kinds: readonly (readonly [string, readonly Uint8Array[], (bytes: Uint8Array) => unknown])[] = [
  [
    'tf00',
    fc
      .sample(fc.tuple(identitiesOf(smallCard), digitsOf(smallCard, 30), fc.constantFrom(1, 2)), {
        seed,
        numRuns: 20,
      })
      .map(([identity, digits, encoding]) => encodeFrame(identity, digits, smallCard, encoding)),
    (bytes) => readFrame(bytes, smallCard),
  ],
  [
    'tf00 of objects',
    fc
      .sample(fc.tuple(identitiesOf(objectsCard), recordsOf(objectsCard)), { seed, numRuns: 20 })
      .map(([identity, records]) =>
        encodeFrame(identity, digitsOfRecords(records, recordLayout(objectsCard)), objectsCard),
      ),
    (bytes) => readFrame(bytes, objectsCard),
  ],
  ['tk00', fc.sample(packets, { seed, numRuns: 20 }).map(encodePacket), decodePacket],
  ['an00', fc.sample(anomalies, { seed, numRuns: 20 }).map(encodeAnomaly), decodeAnomaly],
  [
    'f144',
    [2.5, Float64Array.of(1, 2, 3)].map((value) =>
      encodeLogData({ sourceName: 'rate', timestampNanos: epochNanos(5n), value }),
    ),
    decodeLogData,
  ],
  [
    'x5f2',
    [
      encodeStatus({
        softwareName: 'tessera',
        softwareVersion: '1',
        serviceId: 'processor',
        hostName: 'node',
        processId: 4,
        updateIntervalMs: 1000,
        statusJson: '{"status": 200}',
      }),
    ],
    decodeStatus,
  ],
  [
    'al00',
    [encodeAlarm({ sourceName: 'rate', timestampNanos: epochNanos(5n), severity: 'major', message: 'low' })],
    decodeAlarm,
  ],
];

describe.each(kinds)('%s, damaged', (_, messages, decode) => {
  it(`ends in a value or an item's fault ${damagedCount} times, the same wherever the bytes lie`, () => {
    const values = messages.map((bytes) => decode(bytes));
    const codes = new Map<string, number>();
    for (let i = 0; i < damagedCount; i++) {
      const n = i % messages.length;
      const damaged = mutate(messages[n]!, i);
      const end = endOf(() => decode(damaged));
      const code = (end as { code?: string }).code ?? 'none';
      codes.set(code, (codes.get(code) ?? 0) + 1);
      const note = `damage ${i} of message ${n}, seed ${seed}`;
      // Strays would read the foreign bytes, and these differ.
      expect(
        endOf(() => decode(amid(damaged, 1 + (i % 37), 0x00))),
        note,
      ).toEqual(end);
      expect(
        endOf(() => decode(amid(damaged, 64, 0xff))),
        note,
      ).toEqual(end);
      if (i % 10 === 0) expect(decode(messages[n]!), note).toEqual(values[n]);
    }
    // The damage must reach past the first check.
    expect(codes.size).toBeGreaterThanOrEqual(3);
  });
});
