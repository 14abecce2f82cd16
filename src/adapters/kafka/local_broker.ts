/**
 * A real one-node Kafka broker (KRaft) for one machine: started on a free port, with its data in one folder, and
 * gone with its owner even if that is killed. Refuses to be anything but local: it listens on 127.0.0.1 only.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Fault } from '../../domain/fault.ts';
import {
  type KafkaSetupOptions,
  kafkaFiles,
  kafkaFolderDefault,
  log4jFile,
  prepareKafka,
} from './local_setup.ts';

export { prepareKafka } from './local_setup.ts';

export interface LocalBrokerOptions extends KafkaSetupOptions {
  /** Default `<folder>/data`; one broker at a time owns it. */
  readonly dataFolder?: string;
  /** Taken if free, otherwise another; 0 for any. Default 9092. */
  readonly port?: number;
  /** Java heap; the page cache, not the heap, holds the records. */
  readonly heapMegabytes?: number;
  /** What a partition of a topic without its own bound keeps. */
  readonly retentionBytes?: number;
}

export interface LocalBroker {
  readonly brokers: string[];
  readonly port: number;
  readonly pid: number;
  /** Settles when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** Asks it to close, waits for it, and insists after ten seconds. Idempotent. */
  stop(): Promise<void>;
  /** `kill -9`, as a crash. */
  kill(): void;
}

const portDefault = 9092;
const heapMegabytesDefault = 512;
// 64 MiB a partition: 4 partitions of 7 topics of two instruments stay under 4 GiB.
const retentionBytesDefault = 64 * 1024 * 1024;
const startMs = 60_000;
const stopMs = 10_000;

export async function startLocalBroker(options: LocalBrokerOptions = {}): Promise<LocalBroker> {
  const folder = options.folder ?? kafkaFolderDefault;
  const say = options.progress ?? (() => {});
  await prepareKafka(options);
  const { classPath, template } = await kafkaFiles(folder);
  const dataFolder = resolve(options.dataFolder ?? join(folder, 'data'));
  const logs = join(dataFolder, 'logs');
  await mkdir(dataFolder, { recursive: true });
  if (!existsSync(join(logs, 'meta.properties'))) {
    await rm(logs, { recursive: true, force: true });
    await cp(template, logs, { recursive: true });
  }
  const deadlineMs = performance.now() + startMs;
  for (;;) {
    const port = await freePort(options.port ?? portDefault, say);
    const controllerPort = await freePort(0, say);
    const properties = join(dataFolder, 'server.properties');
    await writeFile(properties, serverProperties(options, logs, port, controllerPort));
    say(`starting Kafka on 127.0.0.1:${port} …`);
    const child = launch(classPath, properties, join(dataFolder, 'broker.log'), options);
    const reason = await untilReady(child, port, deadlineMs);
    if (reason === null) return ownedBroker(child, port);
    child.process.kill('SIGKILL');
    await child.exited;
    const detail = await explain(reason, child.output(), join(dataFolder, 'broker.log'));
    // A broker whose owner was just killed needs a moment to go; a port may be lost to another between look and use.
    const passing = /acquire lock|Address already in use/i.test(detail);
    if (!passing || performance.now() > deadlineMs - startMs + 15_000) {
      const mend = detail.includes('acquire lock')
        ? 'another broker owns this folder: stop it, or use it with --brokers'
        : 'see broker.log beside its data; deleting the data folder starts afresh';
      throw new Fault('kafka-setup', `Kafka did not start (${detail}): ${mend}`);
    }
    say('the data folder or port is still taken: trying again …');
    await new Promise((done) => setTimeout(done, 500));
  }
}

function serverProperties(
  options: LocalBrokerOptions,
  logs: string,
  port: number,
  controllerPort: number,
): string {
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': logs,
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // One node, few groups: four partitions load faster than fifty.
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.num.partitions': 1,
    'offsets.topic.segment.bytes': 8 * 1024 * 1024,
    'transaction.state.log.segment.bytes': 8 * 1024 * 1024,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // The coordinator would otherwise hold each offset commit back for 5 ms to fill a batch.
    'group.coordinator.append.linger.ms': 0,
    // A killed owner's transaction is aborted within a second of its timeout, not ten.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    'log.retention.bytes': options.retentionBytes ?? retentionBytesDefault,
    'log.segment.bytes': 16 * 1024 * 1024,
    'log.index.size.max.bytes': 1024 * 1024,
    'log.retention.check.interval.ms': 5000,
    'log.segment.delete.delay.ms': 1000,
    'metadata.log.segment.bytes': 16 * 1024 * 1024,
    'metadata.max.retention.bytes': 32 * 1024 * 1024,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'num.recovery.threads.per.data.dir': 2,
    'socket.send.buffer.bytes': 1024 * 1024,
    'socket.receive.buffer.bytes': 1024 * 1024,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`;
}

interface Launched {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  readonly hasExited: () => boolean;
  readonly output: () => string;
}

// The shell becomes Java (exec), so that our child's pid is the broker's. Before that it leaves a watcher behind
// that reads the pipe only we hold: a line means all is well, its end means that we died, however we died.
const launchScript =
  'exec 3<&0; (read line <&3 || kill -9 $$) >/dev/null 2>&1 & exec 3<&-; exec java "$@" </dev/null';

function launch(classPath: string, properties: string, log: string, options: LocalBrokerOptions): Launched {
  const heap = options.heapMegabytes ?? heapMegabytesDefault;
  const jvm = [`-Xmx${heap}m`, `-Xms${Math.min(heap, 256)}m`, '-XX:+UseSerialGC', '-Djava.awt.headless=true'];
  jvm.push(`-Dlog4j2.configurationFile=${log4jFile}`, `-Dtessera.kafka.log=${log}`);
  const child = spawn('sh', ['-c', launchScript, 'sh', ...jvm, '-cp', classPath, 'kafka.Kafka', properties], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own: a terminal's ctrl-C must reach us, not the broker under us.
    detached: true,
  });
  let output = '';
  let gone = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      output = (output + chunk).slice(-8192);
    });
  }
  child.stdin.on('error', () => {}); // it is closed when the broker is already gone
  const exited = new Promise<void>((done) => {
    const end = (): void => {
      gone = true;
      child.stdin.end('gone\n');
      done();
    };
    child.on('exit', end);
    child.on('error', end);
  });
  return { process: child, exited, hasExited: () => gone, output: () => output };
}

async function untilReady(child: Launched, port: number, deadlineMs: number): Promise<string | null> {
  for (;;) {
    if (child.hasExited()) return 'it ended at once';
    if (await accepts(port)) return null;
    if (performance.now() > deadlineMs) return `nothing listens after ${startMs / 1000} s`;
    await Promise.race([child.exited, new Promise((done) => setTimeout(done, 50))]);
  }
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });

async function explain(reason: string, output: string, log: string): Promise<string> {
  const written = await readFile(log, 'utf8').catch(() => '');
  const lines = `${written.slice(-16_384)}\n${output}`.split('\n');
  const telling = lines.filter((line) => /acquire lock|Exception|Error|already in use/i.test(line)).slice(-3);
  return `${reason}: ${telling.join('; ').slice(0, 500)}`;
}

function ownedBroker(child: Launched, port: number): LocalBroker {
  let stopping: Promise<void> | null = null;
  const stop = async (): Promise<void> => {
    if (child.hasExited()) return;
    child.process.kill('SIGTERM');
    const insist = setTimeout(() => child.process.kill('SIGKILL'), stopMs);
    await child.exited;
    clearTimeout(insist);
  };
  return {
    brokers: [`127.0.0.1:${port}`],
    port,
    pid: child.process.pid!,
    exited: child.exited,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    kill: () => {
      child.process.kill('SIGKILL');
    },
  };
}

/** The wanted port if nobody listens there, otherwise one the system picks. */
async function freePort(wanted: number, say: (line: string) => void): Promise<number> {
  const tryPort = (port: number): Promise<number | null> =>
    new Promise((done) => {
      const server = createServer();
      server.on('error', () => done(null));
      server.listen({ host: '127.0.0.1', port }, () => {
        const address = server.address();
        server.close(() => done(address !== null && typeof address === 'object' ? address.port : null));
      });
    });
  const first = await tryPort(wanted);
  if (first !== null) return first;
  const other = await tryPort(0);
  if (other === null) throw new Fault('port-taken', 'no free port could be found on 127.0.0.1');
  say(`port ${wanted} is taken: using ${other}`);
  return other;
}
