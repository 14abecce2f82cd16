/** What is said of runs and their files: both ways, and every byte of a message is judged before it is believed. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/domain/fault.ts';
import { decodeRunAnswer, encodeRunAnswer, type RunAnswer } from '../../../src/wire/runs/answer.ts';
import { decodeRunStart, encodeRunStart, type RunStart, runOf } from '../../../src/wire/runs/start.ts';
import { decodeRunStop, encodeRunStop, type RunStop } from '../../../src/wire/runs/stop.ts';
import { decodeWritten, encodeWritten, type Written } from '../../../src/wire/runs/written.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const ms = fc.maxSafeNat();
const codecs = {
  pl72: {
    values: fc.record({
      jobId: text,
      serviceId: text,
      runName: text,
      instrumentName: text,
      startMs: ms,
      stopMs: ms,
      metadata: text,
    }),
    encode: (value: unknown) => encodeRunStart(value as RunStart),
    decode: (bytes: Uint8Array): unknown => decodeRunStart(bytes),
  },
  '6s4t': {
    values: fc.record({ jobId: text, serviceId: text, commandId: text, runName: text, stopMs: ms }),
    encode: (value: unknown) => encodeRunStop(value as RunStop),
    decode: (bytes: Uint8Array): unknown => decodeRunStop(bytes),
  },
  answ: {
    values: fc.record({
      serviceId: text,
      jobId: text,
      commandId: text,
      action: fc.constantFrom('start', 'stop'),
      outcome: fc.constantFrom('success', 'failure'),
      message: text,
      statusCode: fc.integer(),
      stopMs: ms,
    }),
    encode: (value: unknown) => encodeRunAnswer(value as RunAnswer),
    decode: (bytes: Uint8Array): unknown => decodeRunAnswer(bytes),
  },
  wrdn: {
    values: fc.record({
      serviceId: text,
      jobId: text,
      failed: fc.boolean(),
      fileName: text,
      metadata: text,
      message: text,
    }),
    encode: (value: unknown) => encodeWritten(value as Written),
    decode: (bytes: Uint8Array): unknown => decodeWritten(bytes),
  },
};

describe.each(Object.entries(codecs))('%s', (_, { values, encode, decode }) => {
  it('returns what was written', () => {
    fc.assert(
      fc.property(values as fc.Arbitrary<unknown>, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
    );
  });

  it('refuses what was cut, and never reads outside what was changed', () => {
    fc.assert(
      fc.property(values as fc.Arbitrary<unknown>, fc.nat(), fc.nat(255), (value, where, byte) => {
        const bytes = encode(value);
        expect(() => decode(bytes.subarray(0, where % 12))).toThrow(Fault);
        bytes[where % bytes.length] = byte;
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
    );
  });
});

describe('runOf', () => {
  it('reads the number a name ends in', () => {
    expect(['7', 'run_0042', 'physics-4294967295'].map(runOf)).toEqual([7, 42, 4_294_967_295]);
    for (const name of ['', 'seven', '4294967296', '7b']) expect(() => runOf(name)).toThrow(/ends in no run/);
  });
});
