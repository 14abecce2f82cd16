/**
 * The world of a proof: a broker that can crash and come back with the same data on the same port, folders that
 * go away, and tessera's commands run to their end. It refuses to outlive the proof: `stopAll` ends it all.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalBroker, prepareKafka, startLocalBroker } from '../../src/adapters/kafka/local_broker.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { type Cards, loadCards, openBus, openTelemetry } from '../../src/assemble.ts';
import { readConfig } from '../../src/config.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { type Topics, topicsOf } from '../../src/services/topics.ts';
import { atEnd, root, sleep } from '../drive.ts';

export interface FallibleBroker {
  readonly address: string;
  /** `kill -9`; resolves when it is gone. */
  crash(): Promise<void>;
  /** The same data on the same port again. */
  restart(): Promise<void>;
}

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-prove-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export const startFallibleBroker = async (): Promise<FallibleBroker> => {
  const folder = join(root, '.tessera/kafka');
  await prepareKafka({ folder });
  const dataFolder = temporaryFolder();
  const start = (port: number): Promise<LocalBroker> =>
    startLocalBroker({ folder, dataFolder, port, heapMegabytes: 512 });
  let broker = await start(0);
  const { port } = broker;
  atEnd(() => broker.stop());
  return {
    address: broker.brokers.join(','),
    async crash() {
      broker.kill();
      await broker.exited;
    },
    async restart() {
      broker = await start(port);
      if (broker.port !== port) throw new Error(`port ${port} was lost to another process`);
    },
  };
};

export interface ProofWorld {
  readonly broker: FallibleBroker;
  readonly cards: Cards;
  readonly topics: Topics;
  readonly bus: Bus;
  /** What every tessera child of this world is told: instrument, brokers, partitions, retention. */
  readonly flags: readonly string[];
}

/** A broker, and a bus of our own on it that reads what a committed reader sees. */
export const openWorld = async (instrument: string, partitions: number): Promise<ProofWorld> => {
  const broker = await startFallibleBroker();
  // Nothing may fall out of retention while it is still to be audited.
  const retentionBytes = 64_000_000_000;
  const settings = { instrument, brokers: broker.address, partitions, retentionBytes };
  const config = readConfig(settings, {});
  const telemetry = openTelemetry(config, 'proof', { kind: 'json', write: () => {} });
  const bus = openBus(config, createSystemClock(), telemetry.telemetry.log);
  atEnd(async () => {
    await bus.close();
    telemetry.close();
  });
  const flags = [
    ...['--instrument', instrument, '--brokers', broker.address, '--partitions', String(partitions)],
    ...['--retention-bytes', String(retentionBytes)],
  ];
  return { broker, cards: loadCards(instrument), topics: topicsOf(instrument), bus, flags };
};

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a tessera command to its end. */
export const runTessera = (args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const main = join(root, 'src/main.ts');
    const child = spawn(process.execPath, [main, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    atEnd(() => void child.kill('SIGKILL'));
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-16_384);
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });

const drainDeadlineMs = 60_000;

/** Waits until the group has committed every record of the topic that there is. */
export const drained = async (
  { bus, topics }: ProofWorld,
  group: string,
  topic: string = topics.frames,
): Promise<void> => {
  const deadlineMs = performance.now() + drainDeadlineMs;
  for (;;) {
    const committed = await bus.committed(group, topic);
    const offsets = new Map(committed.map(({ partition, offset }) => [partition, offset ?? 0n]));
    const ends = await bus.offsets(topic);
    const behind = ends.filter(({ partition, high }) => (offsets.get(partition) ?? 0n) < high);
    if (behind.length === 0) return;
    if (performance.now() > deadlineMs)
      throw new Error(`partitions ${behind.map(({ partition }) => partition).join(', ')} do not drain`);
    await sleep(50);
  }
};
