/**
 * What the local broker needs before it can run: Java, Kafka's jars fetched once by Maven from deploy/kafka, and
 * a formatted storage folder to copy from. Refuses to start anything, and names the mend when a part is missing.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../domain/fault.ts';

export interface KafkaSetupOptions {
  /** Jars, the formatted template and default data live under it. */
  readonly folder?: string;
  /** One sentence each time something that takes seconds begins or moves on. */
  readonly progress?: (line: string) => void;
}

export const kafkaFolderDefault = '.tessera/kafka';
const deployFolder = fileURLToPath(new URL('../../../deploy/kafka/', import.meta.url));
export const log4jFile = join(deployFolder, 'log4j2.properties');
const pomFile = join(deployFolder, 'pom.xml');
/** One cluster id for every local broker: they never meet, and it lets a formatted folder be copied. */
const clusterId = 'dGVzc2VyYS1sb2NhbC1rYQ';
const javaMajorMin = 17;

export interface KafkaFiles {
  readonly classPath: string;
  /** A formatted, empty data folder; copied for each new broker. */
  readonly template: string;
}

/** Where the prepared files of this pom are, whether or not they exist yet. */
export async function kafkaFiles(folder: string): Promise<KafkaFiles & { root: string; ready: boolean }> {
  const pom = await readFile(pomFile);
  const version = createHash('sha256').update(pom).digest('hex').slice(0, 12);
  const root = resolve(folder, `jars-${version}`);
  return {
    root,
    classPath: join(root, 'lib', '*'),
    template: join(root, 'template'),
    ready: existsSync(join(root, 'ready')),
  };
}

/** Fetches and formats what is missing; returns at once when nothing is. Safe to call from several processes. */
export async function prepareKafka(options: KafkaSetupOptions = {}): Promise<void> {
  const folder = options.folder ?? kafkaFolderDefault;
  const say = options.progress ?? (() => {});
  if (process.platform === 'win32')
    throw new Fault('kafka-setup', 'the local broker needs a POSIX system: pass --brokers to use a cluster');
  await requireJava(say);
  const files = await kafkaFiles(folder);
  if (files.ready) return;
  await requireProgram('mvn', 'maven', say);
  const partial = `${files.root}.${process.pid}`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await fetchJars(join(partial, 'lib'), say);
    say('formatting the storage of the local broker …');
    await formatTemplate(partial);
    await writeFile(join(partial, 'ready'), '');
    await rename(partial, files.root).catch(async (cause: NodeJS.ErrnoException) => {
      // Another process was faster: its folder is as good as ours.
      if (!(await kafkaFiles(folder)).ready) throw cause;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  say('the local broker is set up');
}

async function fetchJars(target: string, say: (line: string) => void): Promise<void> {
  say('fetching the jars of Apache Kafka with Maven (about 45 MB, once) …');
  let count = 0;
  let saidMs = performance.now();
  const args = ['-B', '-f', pomFile, 'dependency:copy-dependencies', `-DoutputDirectory=${target}`];
  const { code, tail } = await runProgram('mvn', args, (line) => {
    if (!line.includes('Downloaded from') || !line.includes('.jar')) return;
    count++;
    if (performance.now() - saidMs < 1000) return;
    saidMs = performance.now();
    say(`fetching the jars of Apache Kafka: ${count} files …`);
  });
  if (code === 0) return;
  const reason = tail.find((line) => line.includes('ERROR')) ?? tail.at(-1) ?? '';
  throw new Fault(
    'kafka-setup',
    `Maven could not fetch Kafka's jars (${reason.slice(0, 300)}): check that its repository can be reached, then try again`,
    { retryable: true },
  );
}

async function formatTemplate(root: string): Promise<void> {
  const template = join(root, 'template');
  const properties = join(root, 'format.properties');
  await writeFile(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      'controller.quorum.voters=1@127.0.0.1:1',
      'listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1',
      'controller.listener.names=CONTROLLER',
      `log.dirs=${template}`,
      '',
    ].join('\n'),
  );
  const args = ['-Xmx128m', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${log4jFile}`];
  args.push(`-Dtessera.kafka.log=${join(root, 'format.log')}`, '-cp', join(root, 'lib', '*'));
  args.push('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties);
  const { code, tail } = await runProgram('java', args);
  if (code !== 0) throw new Fault('kafka-setup', `Kafka's storage could not be formatted: ${tail.join(' ')}`);
}

async function requireJava(say: (line: string) => void): Promise<void> {
  await requireProgram('java', 'default-jre-headless', say);
  const { tail } = await runProgram('java', ['-version']);
  const version = /version "(\d+)/.exec(tail.join('\n'))?.[1];
  if (version === undefined || Number(version) < javaMajorMin)
    throw new Fault(
      'kafka-setup',
      `Kafka needs Java ${javaMajorMin} or newer and found ${version ?? 'none'}: install a newer JRE, or pass --brokers`,
    );
}

/** Makes sure a program exists; on Debian as root it is installed, and said so. */
async function requireProgram(
  name: string,
  debianPackage: string,
  say: (line: string) => void,
): Promise<void> {
  if (await exists(name)) return;
  const mend = `install it (Debian: apt-get install -y ${debianPackage}), or pass --brokers to use a cluster`;
  const mayInstall = process.getuid?.() === 0 && (await exists('apt-get'));
  if (!mayInstall)
    throw new Fault('kafka-setup', `the local broker needs ${name}, which is missing: ${mend}`);
  say(`${name} is missing: installing the Debian package ${debianPackage} (apt-get, about a minute) …`);
  await runProgram('apt-get', ['update', '-q']);
  const { code, tail } = await runProgram('apt-get', ['install', '-y', '-q', debianPackage]);
  if (code !== 0 || !(await exists(name)))
    throw new Fault('kafka-setup', `${name} could not be installed (${tail.at(-1) ?? ''}): ${mend}`);
}

const exists = async (name: string): Promise<boolean> =>
  (await runProgram('sh', ['-c', `command -v ${name}`])).code === 0;

/** Runs to the end; the last lines of both outputs are kept for the fault's sentence. */
function runProgram(
  command: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): Promise<{ code: number | null; tail: string[] }> {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const tail: string[] = [];
    const listen = (stream: NodeJS.ReadableStream): void => {
      let rest = '';
      stream.setEncoding('utf8');
      stream.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop()!;
        for (const line of lines) {
          tail.push(line);
          if (tail.length > 40) tail.shift();
          onLine(line);
        }
      });
    };
    listen(child.stdout);
    listen(child.stderr);
    child.on('error', () => done({ code: null, tail: [`${command} could not be started`] }));
    child.on('close', (code) => done({ code, tail }));
  });
}
