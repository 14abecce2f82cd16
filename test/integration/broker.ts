/**
 * A real broker for one test file: on a free port, with its data in a temporary folder, stopped and removed at
 * the end. Where Java or Maven cannot be had it says why, so that the file can skip loudly instead of failing.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalBroker, prepareKafka, startLocalBroker } from '../../src/adapters/kafka/local_broker.ts';
import { Fault } from '../../src/domain/fault.ts';
import type { Log } from '../../src/ports/telemetry.ts';

const folder = fileURLToPath(new URL('../../.tessera/kafka', import.meta.url));

/** null when a broker can be started here, otherwise why not; said on stderr too. */
export async function kafkaMissing(): Promise<string | null> {
  try {
    await prepareKafka({ folder });
    return null;
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    process.stderr.write(`\nSKIPPED, no Kafka: ${cause.detail}\n`);
    return cause.detail;
  }
}

export interface TestBroker {
  readonly brokers: string[];
  readonly port: number;
  /** `kill -9`, then the same data on the same port again. */
  crashAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestBroker(): Promise<TestBroker> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'tessera-kafka-'));
  const start = (port: number): Promise<LocalBroker> =>
    startLocalBroker({ folder, dataFolder, port, heapMegabytes: 384 });
  let broker = await start(0);
  const { port, brokers } = broker;
  return {
    port,
    brokers,
    async crashAndRestart() {
      broker.kill();
      await broker.exited;
      broker = await start(port);
      if (broker.port !== port) throw new Error(`port ${port} was lost to another process`);
    },
    async stop() {
      await broker.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

/** Keeps what is said, for the message of a test that fails. */
export function keptLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    if (lines.length > 500) lines.shift();
  };
  return { lines, info: keep('info'), warn: keep('warn'), error: keep('error') };
}
