/**
 * `tessera up` as a person starts it, in a folder and on ports of its own: ready, flowing, answering on page and
 * gRPC, ended by ctrl-C with balanced books; and whatever way it ends, no process stays behind.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, makeClientConstructor, type ServiceError } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../loadtest/drive.ts';
import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import { topicsOf } from '../../src/services/topics.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { kafkaMissing, keptLog } from './broker.ts';

const root = join(import.meta.dirname, '../..');
const instrument = 'sphenix-tpc-pp';
const missing = (await kafkaMissing()) ?? (existsSync('/proc/self/cmdline') ? null : 'no /proc to look into');

/** Asks again and again until it answers; the deadline is the test's. */
const until = async <Value>(ask: () => Promise<Value | null> | Value | null): Promise<Value> => {
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(50);
  }
};

/** Command lines of living processes that name this folder, as all that `up` starts do. */
const processesNaming = (folder: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(folder) ? [`${pid}: ${command.slice(0, 60)} … ${command.slice(-60)}`] : [];
      } catch {
        return []; // it ended while we looked
      }
    });

describe.skipIf(missing !== null)(`tessera up${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  let folder: string;
  let up: ChildProcess;
  let ports: { http: number; status: number; grpc: number; kafka: number };
  let stdout: string;
  let stderr: string;
  let ended: Promise<number | null>;

  beforeAll(() => {
    execFileSync(process.execPath, [join(root, 'deploy/page.mjs')]);
  }, 60_000);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tessera-up-'));
    // Jars are fetched once a machine, not once a test.
    mkdirSync(join(folder, 'kafka'));
    const prepared = join(root, '.tessera/kafka');
    for (const name of readdirSync(prepared).filter((one) => /^jars-[0-9a-f]+$/.test(one)))
      symlinkSync(join(prepared, name), join(folder, 'kafka', name));
    ports = {
      http: await freePort(),
      status: await freePort(),
      grpc: await freePort(),
      kafka: await freePort(),
    };
  });

  const start = (): void => {
    up = spawn(
      process.execPath,
      [
        ...[
          join(root, 'src/main.ts'),
          'up',
          '--instrument',
          instrument,
          '--rate',
          '4',
          '--pool',
          '4',
          '--json',
        ],
        ...['--data-dir', folder, '--http-port', String(ports.http), '--grpc-port', String(ports.grpc)],
        ...['--kafka-port', String(ports.kafka), '--status-port', String(ports.status)],
      ],
      // A process group of its own, as a terminal gives its foreground job.
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    [stdout, stderr] = ['', ''];
    up.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    up.stderr!.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-8192);
    });
    ended = new Promise((resolve) => up.once('exit', (code) => resolve(code)));
  };

  const http = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${ports.status}${path}`);
  const untilReady = (): Promise<true> =>
    until(async () => {
      if (up.exitCode !== null) throw new Error(`up ended with ${up.exitCode}: ${stderr}`);
      return (await http('/readyz').catch(() => null))?.status === 200 ? true : null;
    });
  const untilGone = (): Promise<true> => until(() => (processesNaming(folder).length === 0 ? true : null));

  /** Reads the first packets of the token topic as any other client of the broker would. */
  const readPackets = async (count: number): Promise<number> => {
    const bus = createKafkaBus({ brokers: [`127.0.0.1:${ports.kafka}`], log: keptLog() });
    const topic = topicsOf(instrument).tokens;
    let read = 0;
    for await (const { value } of bus.read({ topic, from: { at: 'beginning' }, bufferBytesMax: 1 << 20 })) {
      expect(decodePacket(value).identity.instrumentId).toBe(instrument);
      read += 1;
      if (read === count) break;
    }
    await bus.close();
    return read;
  };

  const grpcHealth = (): Promise<unknown> => {
    const Health = makeClientConstructor(healthService, 'Health');
    const health = new Health(`127.0.0.1:${ports.grpc}`, credentials.createInsecure());
    return new Promise((resolve, reject) => {
      health.check!(
        { service: 'tessera.v1.Tessera' },
        (error: ServiceError | null, answer: { status: string }) => {
          health.close();
          if (error === null) resolve(answer.status);
          else reject(error);
        },
      );
    });
  };

  afterEach(async () => {
    if (up.exitCode === null && up.signalCode === null) process.kill(-up.pid!, 'SIGKILL');
    await untilGone();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets ready, flows, answers everywhere, and ends at ctrl-C with balanced books and nothing left', async () => {
    start();
    await untilReady();
    expect(await readPackets(48)).toBe(48);
    // The monitor is a process of its own, and starts beside.
    const page = await until(() => fetch(`http://127.0.0.1:${ports.http}/`).catch(() => null));
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
    expect(await page.text()).toContain('<title>');
    expect((await (await http('/metrics')).text()).length).toBeGreaterThan(1000);
    expect(await grpcHealth()).toBe('SERVING');

    // A terminal's ctrl-C reaches the whole foreground job.
    process.kill(-up.pid!, 'SIGINT');
    expect(await ended, stderr).toBe(0);
    const summary = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(summary).toMatchObject({ instrument, balanced: true, inFlight: 0 });
    expect(summary.received).toBeGreaterThanOrEqual(48);
    expect(summary.received).toBe(summary.kept + summary.shed + summary.refused);
    await untilGone();
  }, 120_000);

  it('leaves nothing behind when it is killed', async () => {
    start();
    await untilReady();
    expect(await readPackets(24)).toBe(24);
    expect(processesNaming(folder).length).toBeGreaterThanOrEqual(3);
    const killedMs = performance.now();
    up.kill('SIGKILL');
    await ended;
    await untilGone();
    expect((performance.now() - killedMs) / 1000).toBeLessThan(15);
  }, 120_000);

  it('ends with a sentence and nothing left when its broker dies', async () => {
    start();
    await untilReady();
    const broker = processesNaming(folder).find((one) => one.includes(' java ') || one.includes(': java'));
    process.kill(Number(broker!.split(':')[0]), 'SIGKILL');
    expect(await ended, stderr).toBe(3);
    expect(stderr).toContain('the local Kafka ended by itself');
    await untilGone();
  }, 120_000);

  it('ends at ctrl-C while it is still starting', async () => {
    start();
    await until(() => (processesNaming(folder).some((one) => one.includes('java')) ? true : null));
    up.kill('SIGINT');
    expect(await ended, stderr).toBe(0);
    await untilGone();
  }, 120_000);
});
