/**
 * Receiving on a kafkajs connection: however the bytes of responses are cut into pieces, each response arrives
 * whole, once, in order; a new socket begins clean, and idling arms no timer.
 */

import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../../src/adapters/kafka/client/connection.ts';

const require = createRequire(import.meta.url);
const Connection = require('kafkajs/src/network/connection.js');
const RequestQueue = require('kafkajs/src/network/requestQueue/index.js');

const frameOf = (correlationId: number, payload: Uint8Array): Buffer => {
  const frame = Buffer.alloc(8 + payload.length);
  frame.writeInt32BE(4 + payload.length, 0);
  frame.writeInt32BE(correlationId, 4);
  frame.set(payload, 8);
  return frame;
};

/** The parts of a connection that receiving touches. */
const receiver = () => {
  const found: { correlationId: number; payload: string }[] = [];
  const errors: Error[] = [];
  return {
    found,
    errors,
    authHandlers: null,
    socket: { destroy: (error: Error) => errors.push(error) } as object,
    requestQueue: {
      fulfillRequest: ({ correlationId, payload }: { correlationId: number; payload: Buffer }) =>
        found.push({ correlationId, payload: payload.toString('hex') }),
    },
    processData: Connection.prototype.processData as (chunk: Buffer) => void,
  };
};

describe('kafkajs connection', () => {
  it('joins responses however they are cut, out of one reused buffer', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (given, cuts) => {
        const stream = Buffer.concat(given.map((payload, i) => frameOf(i, payload)));
        const to = receiver();
        const reused = Buffer.alloc(200);
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const bytes = stream.copy(reused, 0, at, at + cuts[cut % cuts.length]!);
          to.processData(reused.subarray(0, bytes));
          at += bytes;
        }
        expect(to.found).toEqual(
          given.map((payload, correlationId) => ({
            correlationId,
            payload: Buffer.from(payload).toString('hex'),
          })),
        );
      }),
    );
  });

  it('forgets half a response when the socket is a new one', () => {
    const to = receiver();
    to.processData(frameOf(1, new Uint8Array(50)).subarray(0, 20));
    to.socket = {};
    to.processData(frameOf(2, new Uint8Array([7])));
    expect(to.found).toEqual([{ correlationId: 2, payload: '07' }]);
  });

  it('hangs up on a peer that announces more than Kafka ever would', () => {
    for (const size of [-1, 0, 3, 0x7fffffff]) {
      const to = receiver();
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      to.processData(head);
      expect(to.errors.length).toBe(1);
    }
  });

  it('arms no timer while nothing waits', () => {
    const idle = { pending: [], throttledUntil: -1, throttleCheckTimeoutId: null };
    RequestQueue.prototype.scheduleCheckPendingRequests.call(idle);
    expect(idle.throttleCheckTimeoutId).toBeNull();
  });
});
