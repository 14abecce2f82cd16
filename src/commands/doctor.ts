/**
 * `tessera doctor`: what this machine has of what tessera needs, each with the mend. It refuses to install or
 * change anything, and to call a thing working that was only found: programs and providers are really run.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { limits } from '../domain/limits.ts';
import { alignedLines, bytesInWords, jsonLine, type Output } from './output.ts';

/** What the providers said when they were asked to run the model. */
export interface ProviderFinding {
  readonly provider: string;
  readonly works: boolean;
  readonly detail: string;
}

export interface DoctorParts {
  readonly output: Output;
  /** Runs the model on each provider in turn. */
  readonly probeProviders: () => Promise<readonly ProviderFinding[]>;
  /** The provider the configuration asks for: it must work, the others may. */
  readonly provider: string;
  /** Where the local broker, its jars and the environments live; need not exist yet. */
  readonly dataFolder: string;
  /** Whether Kafka's jars are there already. */
  readonly kafkaReady: boolean;
  /** The Python of the outside clients, and the places where a Chromium may be. */
  readonly python: string;
  readonly chromiums: readonly string[];
  /** The Node version package.json pins, as `24.21.0`. */
  readonly nodePinned: string;
}

export interface Finding {
  readonly name: string;
  /** `good`, `missing` (something cannot work), `optional` (missing, and only tests or a choice need it). */
  readonly state: 'good' | 'missing' | 'optional';
  readonly found: string;
  /** What to do; '' when nothing. */
  readonly mend: string;
}

const finding = (
  name: string,
  works: boolean,
  need: 'needed' | 'optional',
  found: string,
  mend: string,
): Finding => ({
  name,
  state: works ? 'good' : need === 'needed' ? 'missing' : 'optional',
  found,
  mend: works ? '' : mend,
});

const programTimeoutMs = 20_000;

/** First line that says a version, or null when the program does not run. */
const versionOf = (program: string, args: readonly string[]): string | null => {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: programTimeoutMs,
  });
  if (status !== 0) return null;
  // Maven colours its version even when nobody looks.
  const lines = stripVTControlCharacters(`${stdout}\n${stderr}`)
    .split('\n')
    .map((line) => line.trim());
  return lines.find((line) => /\d+\.\d+/.test(line)) ?? lines.find((line) => line !== '') ?? '';
};

const javaMajor = (version: string): number =>
  Number(/"?(\d+)(?:\.\d+)*/.exec(version.replace(/^\D*/, ''))?.[1] ?? 0);
const javaMajorMin = 17;

const nodeFinding = (pinned: string): Finding =>
  finding(
    'Node',
    process.versions.node === pinned,
    'needed',
    `${process.versions.node} (pinned: ${pinned})`,
    'start tessera through npm (npm start, npm run tessera): it brings its own Node',
  );

const kafkaFindings = (ready: boolean): Finding[] => {
  const java = versionOf('java', ['-version']);
  const maven = versionOf('mvn', ['-version']);
  const mend = `install a Java of at least ${javaMajorMin} (Debian: apt-get install openjdk-17-jre-headless), or use --brokers`;
  return [
    finding('Java', java !== null && javaMajor(java) >= javaMajorMin, 'needed', java ?? 'not found', mend),
    finding(
      'Kafka jars',
      ready,
      maven === null ? 'needed' : 'optional',
      ready ? 'fetched' : 'not fetched yet',
      maven === null
        ? 'install Maven (Debian: apt-get install maven), then run npm start once'
        : 'nothing now: npm start fetches them with Maven (about 45 MB)',
    ),
    finding(
      'Maven',
      maven !== null,
      'optional',
      maven ?? 'not found',
      ready ? 'nothing now: the jars are there' : 'install it (Debian: apt-get install maven)',
    ),
  ];
};

const clientFindings = (python: string, chromiums: readonly string[]): Finding[] => {
  const base = versionOf('python3', ['--version']);
  const made = existsSync(python);
  const imports = made
    ? versionOf(python, ['-c', 'import confluent_kafka; print(confluent_kafka.__version__)'])
    : null;
  const browser = chromiums
    .map((path) => [path, versionOf(path, ['--version'])] as const)
    .find(([, found]) => found !== null);
  return [
    finding(
      'Python for tests',
      imports !== null,
      'optional',
      imports !== null
        ? `${python}, confluent-kafka ${imports}`
        : made
          ? `${python} lacks its packages`
          : (base ?? 'not found'),
      base === null
        ? 'install Python 3.10 or newer; npm test makes its environment by itself'
        : 'npm test makes its environment by itself (about a minute)',
    ),
    finding(
      'Chromium for tests',
      browser !== undefined,
      'optional',
      browser === undefined ? 'not found' : `${browser[1]} at ${browser[0]}`,
      'install it (Debian: apt-get install chromium)',
    ),
  ];
};

/** The nearest folder that is there: what will be made lies on its disk. */
const existing = (folder: string): string => {
  let at = folder;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
};

const folderBytes = (folder: string): number => {
  if (!existsSync(folder)) return 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    // Kafka drops segments while we look: a file that is gone by now takes no room.
    bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
};

const machineFindings = (dataFolder: string): Finding[] => {
  const { bavail, bsize } = statfsSync(existing(dataFolder));
  const free = bavail * bsize;
  const cores = availableParallelism();
  const used = folderBytes(dataFolder);
  return [
    finding(
      'disk',
      free + used >= limits.dataFolderBytesMax,
      'needed',
      `${bytesInWords(free)} free, ${bytesInWords(used)} used in ${dataFolder}`,
      `make room: the local broker may fill ${bytesInWords(limits.dataFolderBytesMax)}, or lower --retention-bytes`,
    ),
    finding(
      'cores',
      cores >= 2,
      'optional',
      String(cores),
      'one core serves, slowly: the broker and the lanes share it',
    ),
    finding(
      'memory',
      totalmem() >= limits.memoryBytesMin,
      'optional',
      `${bytesInWords(totalmem())}, ${bytesInWords(freemem())} free`,
      `less than ${bytesInWords(limits.memoryBytesMin)}: use --workers 1 and a cluster elsewhere (--brokers)`,
    ),
  ];
};

const providerFindings = (found: readonly ProviderFinding[], wanted: string): Finding[] =>
  found.map(({ provider, works, detail }) =>
    finding(
      `provider ${provider}`,
      works,
      provider === wanted ? 'needed' : 'optional',
      detail,
      provider === wanted
        ? 'choose another with --provider'
        : `nothing, unless you want --provider ${provider}`,
    ),
  );

/** Exit code 0 when nothing that is needed is missing, 1 otherwise. */
export const doctor = async (parts: DoctorParts, options: { readonly json?: boolean }): Promise<number> => {
  const { output } = parts;
  output.note('asking each inference provider to run the model …');
  const findings = [
    nodeFinding(parts.nodePinned),
    ...kafkaFindings(parts.kafkaReady),
    ...providerFindings(await parts.probeProviders(), parts.provider),
    ...machineFindings(parts.dataFolder),
    ...clientFindings(parts.python, parts.chromiums),
  ];
  const missing = findings.filter(({ state }) => state === 'missing');
  if (options.json === true) output.print(jsonLine({ good: missing.length === 0, findings }));
  else {
    const rows = findings.map(({ name, state, found, mend }) => [
      state === 'good' ? 'good' : state,
      name,
      mend === '' ? found : `${found} → ${mend}`,
    ]);
    for (const line of alignedLines(rows, [false, false, false])) output.print(line);
    output.print('');
    output.print(
      missing.length === 0
        ? 'tessera can run here'
        : `tessera cannot run here yet: ${missing.map(({ name }) => name).join(', ')}`,
    );
  }
  return missing.length === 0 ? 0 : 1;
};
