/** The small messages: heartbeats, trends, alarms, policy snapshots and the header of instants, there and back. */

import fc from 'fast-check';
import { Builder } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import { severities } from '../../src/domain/alarm.ts';
import { halvingsMax, type PolicySnapshot, sizeKnots } from '../../src/domain/policy.ts';
import { epochNanos, policyVersion } from '../../src/domain/quantity.ts';
import { decodeAlarm, encodeAlarm } from '../../src/wire/alarms/alarm.ts';
import * as f144 from '../../src/wire/generated/f144/f144-log-data.js';
import { Value } from '../../src/wire/generated/f144/value.js';
import {
  decodeInstants,
  encodeInstants,
  encodeIntended,
  type InstantName,
  instantNames,
  readIntended,
  stampInstant,
} from '../../src/wire/instants.ts';
import { decodeLogData, encodeLogData } from '../../src/wire/log_data.ts';
import { decodePolicy, encodePolicy } from '../../src/wire/policy.ts';
import { decodeStatus, encodeStatus } from '../../src/wire/status.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const uint = fc.integer({ min: 0, max: 0xffffffff });
const nanos = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(epochNanos);

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return (error as { code: string }).code;
  }
  return 'none';
};

describe('x5f2', () => {
  it('returns what was written', () => {
    const statuses = fc.record({
      softwareName: text,
      softwareVersion: text,
      serviceId: text,
      hostName: text,
      processId: uint,
      updateIntervalMs: uint,
      statusJson: fc.json(),
    });
    fc.assert(
      fc.property(statuses, (status) => {
        expect(decodeStatus(encodeStatus(status))).toEqual(status);
      }),
    );
  });
});

describe('al00', () => {
  it('returns what was written', () => {
    const alarms = fc.record({
      sourceName: text,
      timestampNanos: nanos,
      severity: fc.constantFrom(...severities),
      message: text,
    });
    fc.assert(
      fc.property(alarms, (alarm) => {
        expect(decodeAlarm(encodeAlarm(alarm))).toEqual(alarm);
      }),
    );
  });
});

describe('f144', () => {
  it('returns numbers and arrays, −0 as 0 in a scalar', () => {
    fc.assert(
      fc.property(text, nanos, fc.double(), (sourceName, timestampNanos, value) => {
        expect(decodeLogData(encodeLogData({ sourceName, timestampNanos, value }))).toEqual({
          sourceName,
          timestampNanos,
          value: value + 0,
        });
      }),
    );
    fc.assert(
      fc.property(text, nanos, fc.float64Array(), (sourceName, timestampNanos, value) => {
        expect(decodeLogData(encodeLogData({ sourceName, timestampNanos, value }))).toEqual({
          sourceName,
          timestampNanos,
          value: [...value],
        });
      }),
    );
  });

  it('reads a default scalar of every type, and refuses a value without a type', () => {
    const emptyMember = (type: number): Uint8Array => {
      const builder = new Builder(64);
      const source = builder.createString('s');
      builder.startObject(1);
      const member = builder.endObject();
      builder.finish(f144.f144_LogData.createf144_LogData(builder, source, 1n, type, member), 'f144');
      return builder.asUint8Array().slice();
    };
    for (let type = Value.Byte; type <= Value.ArrayDouble; type++) {
      const zero = type === Value.Long || type === Value.ULong ? 0n : 0;
      expect(decodeLogData(emptyMember(type)).value).toEqual(type < Value.ArrayByte ? zero : []);
    }
    expect(codeOf(() => decodeLogData(emptyMember(0)))).toBe('message-malformed');
    expect(codeOf(() => decodeLogData(emptyMember(21)))).toBe('message-malformed');
  });
});

describe('policy', () => {
  const counts = fc.uniqueArray(fc.nat({ max: 2 ** 26 - 1 }), { maxLength: 30 }).chain((places) =>
    fc.record({
      places: fc.constant(Uint32Array.from(places.sort((a, b) => a - b))),
      counts: fc
        .array(fc.nat({ max: 0xffffffff }), { minLength: places.length, maxLength: places.length })
        .map((list) => Uint32Array.from(list)),
    }),
  );
  const floats = (length: number) =>
    fc
      .integer()
      .map((seed) => Float32Array.from({ length }, (_, i) => (i % 7 === 0 ? Number.NaN : seed / (1 + i))));
  const policies: fc.Arbitrary<PolicySnapshot> = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 49 }))
    .chain(([scores, sizes]) => {
      const sums = fc.array(
        fc.double({ min: 0, max: 1e9, noNaN: true }).map((sum) => sum + 0),
        { minLength: sizes, maxLength: sizes },
      );
      return fc.record({
        version: uint.map(policyVersion),
        rarePValue: fc.double({ min: 0, max: 1, noNaN: true }).map((p) => p + 0),
        prescale: fc.maxSafeNat(),
        warmupCount: fc.maxSafeNat(),
        sketch: fc.record({
          scores: fc.constant(Array.from({ length: scores }, (_, i) => `score-${i}`)),
          framesSeen: fc.maxSafeNat(),
          frames: sums,
          chargeSums: sums,
          chargeSquares: sums,
          singles: fc.array(counts, { minLength: scores, maxLength: scores }),
          yardsticks: fc.array(
            fc.record({
              madeAfterFrames: fc.maxSafeNat(),
              charges: floats(2 * sizeKnots),
              halvings: floats(scores * sizeKnots * halvingsMax),
              tails: floats(scores),
              combined: counts,
            }),
            { maxLength: 2 },
          ),
        }),
      });
    });

  it('returns what was written', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(decodePolicy(encodePolicy(policy))).toEqual(policy);
      }),
    );
  });

  it('names every fault', () => {
    const [policy] = fc.sample(policies, 1);
    expect(codeOf(() => decodePolicy(Uint8Array.of(0xff, 0x7b)))).toBe('message-malformed');
    const broken = encodePolicy({ ...policy!, rarePValue: 2, prescale: -1 });
    expect(() => decodePolicy(broken)).toThrow(/rarePValue.*prescale/);
    const ragged = { ...policy!, sketch: { ...policy!.sketch, frames: [1], chargeSums: [] } };
    expect(codeOf(() => decodePolicy(encodePolicy(ragged)))).toBe('message-field');
    const nothing = { places: new Uint32Array(0), counts: new Uint32Array(0) };
    const short = {
      madeAfterFrames: 1,
      charges: new Float32Array(3),
      halvings: new Float32Array(1),
      tails: new Float32Array(0),
      combined: nothing,
    };
    const measured = { ...policy!, sketch: { ...policy!.sketch, yardsticks: [short] } };
    expect(() => decodePolicy(encodePolicy(measured))).toThrow(/every size has its charge/);
  });

  it('of earlier builds keep what they know of single scores', () => {
    const stored =
      '{"version":7,"rarePValue":0.001,"prescale":1000,"warmupCount":200,"sketch":{"scores":["token-surprise"],' +
      '"frames":[0,3],"chargeSums":[0,21.5],"chargeSquares":[0,155.25],"singles":["hggC+QMB"],"combined":"iCesAg=="}}';
    const { sketch } = decodePolicy(new TextEncoder().encode(stored));
    expect(sketch).toMatchObject({ frames: [0, 3], framesSeen: 0, yardsticks: [] });
    expect(sketch.singles[0]!.places).toEqual(Uint32Array.of(1030, 1536));
  });
});

describe('instants', () => {
  const instants = fc.record(
    Object.fromEntries(instantNames.map((name) => [name, nanos])) as Record<InstantName, typeof nanos>,
  );

  it('returns what was written and stamped', () => {
    fc.assert(
      fc.property(instants, nanos, (all, commit) => {
        const header = encodeInstants(all);
        expect(header.length).toBe(8 * instantNames.length);
        expect(decodeInstants(header)).toEqual(all);
        stampInstant(header, 'commit', commit);
        expect(decodeInstants(header)).toEqual({ ...all, commit });
      }),
    );
    expect(decodeInstants(encodeInstants({ emit: 5n })).received).toBe(0n);
  });

  it('carries the intended instant alone from a source that stamps no more', () => {
    fc.assert(
      fc.property(nanos, (intended) => {
        expect(readIntended(encodeIntended(intended))).toBe(intended);
        expect(readIntended(encodeInstants({ intended }))).toBe(intended);
      }),
    );
    expect(readIntended(undefined)).toBe(0n);
    expect(readIntended(new Uint8Array(7))).toBe(0n);
  });

  it('reads a longer header of a later build, refuses a cut one', () => {
    const later = new Uint8Array(8 * instantNames.length + 8);
    expect(decodeInstants(later).emit).toBe(0n);
    for (const length of [0, 7, 8 * instantNames.length - 8, 8 * instantNames.length + 1])
      expect(codeOf(() => decodeInstants(new Uint8Array(length)))).toBe('message-malformed');
  });
});
