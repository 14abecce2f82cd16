/**
 * A real one-node Kafka broker (KRaft) for one machine: started on a free port, with its data in one folder, and
 * gone with its owner even if that is killed. Refuses to be anything but local: it listens on 127.0.0.1 only.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
/** How long a taken folder or port is tried for again. */
const takenMs = 5000;

export async function startLocalBroker(options: LocalBrokerOptions = {}): Promise<LocalBroker> {
  const folder = options.folder ?? kafkaFolderDefault;
  const say = options.progress ?? (() => {});
  await prepareKafka(options);
  const { classPath, template } = await kafkaFiles(folder);
  const dataFolder = resolve(options.dataFolder ?? join(folder, 'data'));
  await formatFolder(dataFolder, template);
  const startedMs = performance.now();
  for (let tries = 0; ; tries++) {
    const port = await freePort(options.port ?? portDefault, say);
    const controllerPort = await freePort(0, say);
    // Of this attempt alone: another may be starting in the same folder, and must fail without touching ours.
    const properties = join(dataFolder, `server-${process.pid}-${port}.properties`);
    await writeFile(properties, serverProperties(options, dataFolder, port, controllerPort));
    if (tries === 0) say(`starting Kafka on 127.0.0.1:${port} …`);
    const child = launch(classPath, dataFolder, properties, options);
    const reason = await untilReady(child, port, startedMs + startMs);
    await rm(properties, { force: true });
    if (reason === null) {
      say(`Kafka is ready after ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      return ownedBroker(child, port);
    }
    child.process.kill('SIGKILL');
    await child.exited;
    const taken = child.exitCode() === folderTakenCode;
    const detail = taken ? 'its folder is locked' : await explain(reason, child.output(), dataFolder);
    // The folder of an owner that was just killed is free in a moment; a port may be lost between look and use.
    const passing = taken || /Address already in use/i.test(detail);
    if (!passing || performance.now() > startedMs + takenMs) {
      const mend = taken
        ? 'another broker owns this folder: stop it, or use it with --brokers'
        : 'see broker.log beside its data; deleting the data folder starts afresh';
      throw new Fault('kafka-setup', `Kafka did not start in ${dataFolder} (${detail}): ${mend}`);
    }
    if (tries === 0) say('the data folder or port is still taken: trying again for a few seconds …');
    await new Promise((done) => setTimeout(done, 500));
  }
}

/** A copy of the formatted template where there is none yet; whole or not at all. */
async function formatFolder(dataFolder: string, template: string): Promise<void> {
  const logs = join(dataFolder, 'logs');
  await mkdir(dataFolder, { recursive: true });
  if (existsSync(join(logs, 'meta.properties'))) return;
  const partial = `${logs}.${process.pid}`;
  await cp(template, partial, { recursive: true });
  await rename(partial, logs).catch(async () => {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(join(logs, 'meta.properties')))
      throw new Fault('kafka-setup', `${logs} holds something that is not Kafka's: move it away`);
  });
}

function serverProperties(
  options: LocalBrokerOptions,
  dataFolder: string,
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
    'log.dirs': join(dataFolder, 'logs'),
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
    // A broker that was killed may not register again before its former self has expired: 9 s by default.
    'broker.session.timeout.ms': 4000,
    'broker.heartbeat.interval.ms': 1000,
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

/** EX_TEMPFAIL: another broker holds the lock of the folder. */
const folderTakenCode = 75;

interface Launched {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  readonly hasExited: () => boolean;
  readonly exitCode: () => number | null;
  readonly output: () => string;
}

// The shell becomes Java (exec), so that our child's pid is the broker's. Before that it locks the folder on a
// descriptor that Java inherits and the kernel releases however Java ends: Kafka's own lock comes too late, after
// a second broker has written into the metadata log. And it leaves a watcher behind that reads the pipe only we
// hold: a line means all is well, its end means that we died, however we died.
const launchScript = `
  lock=$1; shift; exec 3<&0 9>"$lock"
  if command -v flock >/dev/null; then flock -n 9 || exit ${folderTakenCode}; fi
  (read line <&3 || kill -9 $$) 9>&- >/dev/null 2>&1 &
  exec 3<&-; exec java "$@" </dev/null`;

function launch(
  classPath: string,
  dataFolder: string,
  properties: string,
  options: LocalBrokerOptions,
): Launched {
  const lock = join(dataFolder, 'lock');
  const log = join(dataFolder, 'broker.log');
  const heap = options.heapMegabytes ?? heapMegabytesDefault;
  // The first compiler alone: the second one's gain is small for a broker, and its work took a third of the broker's
  // time in the first minutes, on cores that others need.
  const jvm = [
    ...[`-Xmx${heap}m`, `-Xms${Math.min(heap, 256)}m`],
    ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'],
  ];
  jvm.push(`-Dlog4j2.configurationFile=${log4jFile}`, `-Dtessera.kafka.log=${log}`);
  const child = spawn(
    'sh',
    ['-c', launchScript, 'sh', lock, ...jvm, '-cp', classPath, 'kafka.Kafka', properties],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A process group of its own: a terminal's ctrl-C must reach us, not the broker under us.
      detached: true,
    },
  );
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
  return {
    process: child,
    exited,
    hasExited: () => gone,
    exitCode: () => child.exitCode,
    output: () => output,
  };
}

async function untilReady(child: Launched, port: number, deadlineMs: number): Promise<string | null> {
  for (;;) {
    if (child.hasExited()) return 'it ended at once';
    if (await answers(port)) return null;
    if (performance.now() > deadlineMs) return `nothing answers after ${startMs / 1000} s`;
    await Promise.race([child.exited, new Promise((done) => setTimeout(done, 50))]);
  }
}

// ApiVersions, version 0, from nobody: the port is open long before the broker behind it answers, also that of
// a broker that is about to give up.
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0, 255, 255]);
const answerMs = 1000;

const answers = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(apiVersions));
    const end = (answered: boolean): void => {
      socket.destroy();
      done(answered);
    };
    socket.setTimeout(answerMs, () => end(false));
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
  });

async function explain(reason: string, output: string, dataFolder: string): Promise<string> {
  const written = await readFile(join(dataFolder, 'broker.log'), 'utf8').catch(() => '');
  const lines = `${written.slice(-16_384)}\n${output}`.split('\n');
  const telling = lines.filter((line) => /Exception|Error|already in use/i.test(line)).slice(-3);
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
