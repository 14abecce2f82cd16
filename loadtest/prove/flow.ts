/**
 * Follows a topic of packets as a committed reader and says when all its partitions flow again after an instant.
 * It refuses to count what was taken before that instant: a packet counts by when its frame was received.
 */

import type { Bus } from '../../src/ports/bus.ts';
import { decodeInstants, instantsHeader } from '../../src/wire/instants.ts';

export interface Flow {
  readonly packets: number;
  /**
   * Resolves, with that moment (`performance.now()`), once every partition has brought a packet whose frame a
   * processor received after `instantNanos`. Rejects after `deadlineMs` of waiting, naming what is missing.
   */
  since(instantNanos: bigint, deadlineMs: number): Promise<number>;
  stop(): Promise<void>;
}

interface Waiter {
  readonly instantNanos: bigint;
  readonly missing: Set<number>;
  readonly resolve: (atMs: number) => void;
  readonly reject: (cause: unknown) => void;
}

export const followFlow = (bus: Bus, topic: string, partitions: number): Flow => {
  const stopping = new AbortController();
  const waiters = new Set<Waiter>();
  let packets = 0;

  const arrived = (partition: number, receivedNanos: bigint): void => {
    packets += 1;
    for (const waiter of waiters) {
      if (receivedNanos <= waiter.instantNanos || !waiter.missing.delete(partition)) continue;
      if (waiter.missing.size > 0) continue;
      waiters.delete(waiter);
      waiter.resolve(performance.now());
    }
  };
  const reading = (async () => {
    const bufferBytesMax = 16 * 1024 * 1024;
    const from = { at: 'end' } as const;
    for await (const record of bus.read({ topic, from, bufferBytesMax, signal: stopping.signal }))
      arrived(record.partition, decodeInstants(record.headers[instantsHeader]!).received);
  })();
  reading.catch((cause: unknown) => {
    for (const waiter of waiters) waiter.reject(cause);
  });

  return {
    get packets() {
      return packets;
    },
    async since(instantNanos, deadlineMs) {
      const missing = new Set(Array.from({ length: partitions }, (_, partition) => partition));
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const waiter = { instantNanos, missing, resolve, reject };
      waiters.add(waiter);
      const timer = setTimeout(() => {
        waiters.delete(waiter);
        const which = [...missing].join(', ');
        reject(new Error(`partitions ${which} of ${topic} do not flow again after ${deadlineMs / 1000} s`));
      }, deadlineMs);
      try {
        return await Promise.race([promise, reading.then(() => Promise.reject(new Error('reader ended')))]);
      } finally {
        clearTimeout(timer);
      }
    },
    async stop() {
      stopping.abort();
      await reading;
    },
  };
};
