/**
 * Exactly once under `kill -9`: a copying process is killed at seeded instants under load and the broker once;
 * afterwards a committed reader finds every input exactly once, in order, whatever was cut short.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import type { Bus, BusRecord } from '../../src/ports/bus.ts';
import { collect } from '../ports/bus.contract.ts';
import { kafkaMissing, keptLog, startTestBroker, type TestBroker } from './broker.ts';

const missing = await kafkaMissing();
const copierFile = fileURLToPath(new URL('copier.ts', import.meta.url));
const sessionTimeoutMs = 2000;
const partitions = 3;

interface Copier {
  readonly child: ChildProcess;
  /** Resolves after this many more commits. */
  commits(count: number): Promise<void>;
  readonly exited: Promise<void>;
  said: string;
}

function startCopier(brokers: readonly string[], input: string, output: string): Copier {
  const args = [copierFile, brokers.join(','), input, output, String(sessionTimeoutMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let lines = 0;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    lines += chunk.split('\n').length - 1;
    for (const look of waiting) look();
  });
  const exited = new Promise<void>((done) => child.on('exit', () => done()));
  const copier: Copier = {
    child,
    exited,
    said: '',
    commits(count) {
      const until = lines + count;
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (lines < until) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void exited.then(() => reject(new Error(`the copier ended: ${copier.said}`)));
      });
    },
  };
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    copier.said = (copier.said + chunk).slice(-4000);
  });
  return copier;
}

describe.skipIf(missing !== null)('exactly once under kill -9', () => {
  let broker: TestBroker;
  let bus: Bus;
  beforeAll(async () => {
    broker = await startTestBroker();
    bus = createKafkaBus({ brokers: broker.brokers, log: keptLog() });
    await bus.ensureTopics(
      ['input', 'output'].map((name) => ({ name, partitions, messageBytesMax: 100_000 })),
    );
  });
  afterAll(async () => {
    await bus?.close();
    await broker?.stop();
  });

  it('copies every record once and in order', { timeout: 180_000 }, async () => {
    const seed = 20_260_731;
    const prng = createPrng(seed);
    const random = (): number => prng.uniform();
    const stop = new AbortController();
    let sent = 0;
    // Load that does not stop for anybody: also not while the broker is away, when each send waits for it.
    const load = (async () => {
      while (!stop.signal.aborted) {
        await bus.send(
          Array.from({ length: 30 }, () => ({
            topic: 'input',
            partition: sent % partitions,
            key: Buffer.from(String(sent)),
            value: Buffer.alloc(200 + Math.floor(random() * 2000), `${sent++} `),
          })),
        );
        await delay(5); // a rate, so that the copier is never far behind
      }
    })();

    let copier = startCopier(broker.brokers, 'input', 'output');
    const restart = async (): Promise<void> => {
      copier.child.kill('SIGKILL');
      await copier.exited;
      copier = startCopier(broker.brokers, 'input', 'output');
    };
    // A zombie: stopped for longer than its session, so that its partitions go to another, then woken up.
    const freeze = async (): Promise<void> => {
      const zombie = copier;
      zombie.child.kill('SIGSTOP');
      copier = startCopier(broker.brokers, 'input', 'output');
      await copier.commits(10);
      zombie.child.kill('SIGCONT');
      await zombie.commits(5);
      zombie.child.kill('SIGKILL');
      await zombie.exited;
    };
    for (const happening of ['kill', 'freeze', 'crash', 'kill', 'kill']) {
      await copier.commits(5 + Math.floor(random() * 40));
      if (happening === 'crash') await broker.crashAndRestart();
      else {
        await delay(random() * 20); // somewhere inside a commit
        if (happening === 'kill') await restart();
        else await freeze();
      }
    }
    await copier.commits(20);
    stop.abort();
    await load;
    const ends = await bus.offsets('input');
    for (;;) {
      const committed = await bus.committed('copier', 'input');
      if (committed.every(({ offset }, i) => offset === ends[i]!.high)) break;
      await delay(50); // nothing announces that a group has caught up
    }
    copier.child.kill('SIGTERM');
    await copier.exited;
    expect(copier.child.exitCode).toBe(0);

    const read = async (topic: string): Promise<BusRecord[]> =>
      collect(bus.read({ topic, from: { at: 'beginning' }, untilEnd: true, bufferBytesMax: 8 << 20 }));
    const [inputs, outputs] = [await read('input'), await read('output')];
    expect(inputs.length).toBeGreaterThanOrEqual(sent);
    const tagged = (records: readonly BusRecord[], partition: number, tag: boolean): string[] =>
      records
        .filter((record) => record.partition === partition)
        .map(({ offset, value }) => (tag ? `${offset}:` : '') + Buffer.from(value).toString('latin1'));
    for (let partition = 0; partition < partitions; partition++)
      expect(tagged(outputs, partition, false), `seed ${seed}`).toEqual(tagged(inputs, partition, true));
    const committed = await bus.committed('copier', 'input');
    const counts = committed.map(({ metadata }) => Number(metadata));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(inputs.length);
  });
});
