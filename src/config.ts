/**
 * The one reader of configuration: file, then `TESSERA_*` environment, then flags, into one frozen Config.
 * Refuses a wrong configuration with *all* its faults at once, each naming the key, the value and the mend.
 */

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { sharesIn } from './archive/view/split.ts';
import { alertModes } from './domain/burst.ts';
import { Fault } from './domain/fault.ts';
import { limits } from './domain/limits.ts';
import { objectTokensOf } from './domain/policy.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const count = (least: number, most: number) => z.coerce.number().int().min(least).max(most);
const rising = (values: readonly number[]): boolean =>
  values.every((value, i) => value > (values[i - 1] ?? 0) && value <= 86_400_000);
const milliseconds = z
  .string()
  .transform((list) => list.split(',').map(Number))
  .refine((list) => list.length <= limits.burstWindowsMax && rising(list), {
    error: `up to ${limits.burstWindowsMax} lengths that rise, as 100,1000,10000`,
  });
const splitShares = z.string().refine((text) => text === '' || sharesIn(text) !== null, {
  error: 'three shares for train, validation and test, as 80,10,10',
});
const real = (least: number, most: number) => z.coerce.number().min(least).max(most);

const shape = {
  instrument: z.string().min(1),
  bus: z.enum(['kafka', 'memory']),
  brokers: z.string(),
  group: z.string().min(1),
  partitions: count(1, 256),
  delivery: z.enum(['exactly-once', 'at-least-once']),
  overload: z.enum(['wait', 'shed-refinement', 'shed-frames']),
  shedAfterMs: count(100, 3_600_000),
  latencyBudgetMs: count(1, 3_600_000),
  provider: z.enum(['cpu', 'webgpu', 'cuda']),
  workers: count(1, 64),
  rarePValue: real(0, 1),
  rareTarget: real(0, 0.05),
  rateChunkFrames: count(100, 1_000_000_000),
  byteBudget: real(0, 1e15),
  sparePlanes: count(0, 8),
  prescale: count(0, 1_000_000_000),
  warmupCount: count(1, 1_000_000_000),
  objectTokens: z.enum(objectTokensOf),
  policyIntervalMs: count(100, 3_600_000),
  burstWindowsMs: milliseconds,
  burstFalseAlarmsPerYear: real(1e-6, 1e6),
  alertMode: z.enum(alertModes),
  alertHeartbeatMs: count(1000, 86_400_000),
  rate: real(0, 1_000_000),
  seed: count(0, 4_294_967_295),
  pool: z.literal('auto').or(count(0, 4096)),
  mishap: z.string(),
  httpPort: port,
  statusPort: port,
  cycleMs: count(100, 3_600_000),
  grpcPort: port,
  kafkaPort: port,
  retentionBytes: count(1_048_576, 1_099_511_627_776),
  dataDir: z.string().min(1),
  assembleDeadlineMs: count(1, 3_600_000),
  assembleBackstopMs: count(100, 3_600_000),
  archive: z.string(),
  archiveSegmentBytes: count(65_536, 1_073_741_824),
  archiveRollMs: count(1000, 86_400_000),
  archiveRaw: count(0, 1_000_000_000),
  archiveView: splitShares,
  signingKey: z.string(),
  s3Endpoint: z.string(),
  s3Region: z.string().min(1),
  s3KeyId: z.string(),
  s3Secret: z.string(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']),
} as const;

export type Config = Readonly<{ [Key in keyof typeof shape]: z.infer<(typeof shape)[Key]> }>;

export interface ConfigKey {
  readonly key: keyof Config;
  readonly env: string;
  readonly flag: string;
  readonly default: string;
  readonly unit: string;
  readonly meaning: string;
}

const cores = (): number => {
  // One lane worker a core up to eight: beyond that the broker, not inference, is what a processor waits for.
  const available = Math.max(1, navigator.hardwareConcurrency);
  return Math.min(8, Math.max(2, available));
};

type Row = readonly [key: keyof Config, fallback: string, unit: string, meaning: string];
const rows: readonly Row[] = [
  ['instrument', 'sphenix-tpc-auau', 'card id', 'the instrument card that is served, from instruments/'],
  ['bus', 'kafka', '', 'kafka (a real one), or memory: one process, no promise across a restart'],
  ['brokers', '', 'host:port,…', 'an existing Kafka cluster; empty: `up` starts a local one'],
  ['group', 'tessera', 'name', 'consumer group of the processors; with the topic it names the transactions'],
  [
    'partitions',
    '4',
    'partitions',
    'of topics that are created: the most processors that can share the work',
  ],
  ['delivery', 'exactly-once', '', 'exactly-once, or at-least-once for less latency'],
  ['overload', 'shed-refinement', '', 'what pressure may take: wait (nothing), shed-refinement, shed-frames'],
  [
    'shedAfterMs',
    '5000',
    'ms',
    'age of the oldest waiting frame at which pressure begins (twice it: frames)',
  ],
  [
    'latencyBudgetMs',
    '100',
    'ms',
    'budget from intended send time to commit; figures show their share of it',
  ],
  ['provider', 'cpu', '', 'execution provider of the models: cpu, webgpu or cuda; an absent one is refused'],
  ['workers', String(cores()), 'threads', 'worker threads, one inference session each (default: by cores)'],
  ['rarePValue', '0.01', 'probability', 'frames with a smaller p-value are kept losslessly'],
  [
    'rareTarget',
    '0',
    'share of frames',
    'kept losslessly as rare: a controller moves rarePValue to hold it; 0: rarePValue stands',
  ],
  [
    'rateChunkFrames',
    '20000',
    'frames',
    'of the calibrating partition, between two steps of that controller',
  ],
  [
    'byteBudget',
    '0',
    'bytes/s',
    'of packets by event time: rare frames lose rungs to keep within it, the least rare first; 0: none',
  ],
  [
    'sparePlanes',
    '0',
    'planes',
    'ordinary frames may be given while the byte budget has room, the least ordinary first; 0: none',
  ],
  ['prescale', '256', 'time frames', 'one time frame in this many is kept losslessly, unbiased; 0: none'],
  ['warmupCount', '1000', 'frames', 'scores a band of hit counts needs before anything in it is called rare'],
  [
    'objectTokens',
    'refined',
    '',
    'which packets carry the clusters of their frame as object tokens: none, refined (those kept losslessly), all',
  ],
  ['policyIntervalMs', '5000', 'ms', 'how often the calibrator publishes a policy snapshot'],
  [
    'burstWindowsMs',
    '100,300,1000,3000,10000',
    'ms,…',
    'windows of event time in which rare time frames are counted; they share the budget',
  ],
  [
    'burstFalseAlarmsPerYear',
    '52',
    'bursts/year',
    'how often chance alone may make an alert; 52: once a week',
  ],
  ['alertMode', 'test', '', 'how alerts are marked: test or firedrill (nobody is to act on them), or real'],
  ['alertHeartbeatMs', '60000', 'ms', 'how often alerts say that the detector is on'],
  ['rate', '2', 'time frames/s', 'what the simulator of `up` and `simulate` sends; 0: as fast as it can'],
  ['seed', '1', '', 'seed of the simulated world'],
  [
    'pool',
    'auto',
    'time frames',
    'simulated time frames made once and replayed, of objects 256 for each; 0: each one simulated anew; auto: 47, of sparse ones ten a second anew',
  ],
  [
    'mishap',
    '',
    'kind:key=value,…',
    'a fault put into simulated frames, as dead-card:region=tpc_outer_n03,after=40s (also card, channel, strength, for); `;` between several',
  ],
  [
    'httpPort',
    '8080',
    'port',
    'the monitor’s page, /api and /metrics on 127.0.0.1; another is taken when busy',
  ],
  [
    'statusPort',
    '8081',
    'port',
    '/livez, /readyz, /metrics of the other services on 127.0.0.1; another is taken when busy',
  ],
  ['cycleMs', '5000', 'ms', 'of a monitor’s cycle: objects are filled for so long, then judged'],
  ['grpcPort', '8001', 'port', 'gRPC gateway on 127.0.0.1; another is taken when busy'],
  ['kafkaPort', '9092', 'port', 'local broker on 127.0.0.1; another is taken when busy'],
  [
    'retentionBytes',
    '805306368',
    'bytes',
    'kept on all partitions of one big topic; keeps .tessera/ under 4 GiB',
  ],
  ['dataDir', '.tessera', 'folder', 'where the local broker, logs and environments live'],
  [
    'assembleDeadlineMs',
    '1000',
    'ms',
    'event time after the end of a time frame at which its partial event goes without the regions that are missing',
  ],
  [
    'assembleBackstopMs',
    '5000',
    'ms',
    'the same by the wall clock, from its first packet on: where traffic stops, or event time runs slower',
  ],
  [
    'archive',
    '',
    'folder, s3://…',
    'where partial events are archived: a folder, or s3://bucket/prefix; empty: nowhere',
  ],
  [
    'archiveSegmentBytes',
    '67108864',
    'bytes',
    'of a partition that are taken before they become files; all partitions hold 256 MiB at most',
  ],
  ['archiveRollMs', '60000', 'ms', 'age at which what was taken becomes files, however little it is'],
  [
    'archiveRaw',
    '256',
    'time frames',
    'one time frame in this many is archived as raw frames too: as `prescale`, or a multiple of it; 0: none',
  ],
  [
    'archiveView',
    '',
    'shares',
    'a training view is made of each run when it closes: shares of train, validation and test, as 80,10,10; empty: none',
  ],
  [
    'signingKey',
    '',
    'file',
    'Ed25519 private key (PEM) that manifests and records of retention are signed with; empty: they are NOT signed',
  ],
  ['s3Endpoint', '', 'URL', 'of an S3-compatible object store, as https://s3.example.org'],
  ['s3Region', 'us-east-1', 'name', 'region that requests to the object store are signed for'],
  ['s3KeyId', '', '', 'access key of the object store; better from the environment than as a flag'],
  ['s3Secret', '', '', 'its secret; better from the environment than as a flag'],
  ['logLevel', 'info', '', 'debug, info, warn (nothing lost) or error (data lost)'],
];

const kebab = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Every key with its default, unit and meaning: `tessera config`, the flags and the README read this. */
export const configKeys: readonly ConfigKey[] = rows.map(([key, fallback, unit, meaning]) => ({
  key,
  env: `TESSERA_${kebab(key).replaceAll('-', '_').toUpperCase()}`,
  flag: `--${kebab(key)}`,
  default: fallback,
  unit,
  meaning,
}));

/** Reads the file named by `path` (JSON, keys as in `tessera config`); none named: no settings. */
const readConfigFile = (path: string | undefined, faults: string[]): Record<string, unknown> => {
  if (path === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    faults.push(`${path}: must hold one JSON object of keys and values`);
  } catch (error) {
    faults.push(`${path}: ${(error as Error).message}`);
  }
  return {};
};

/**
 * @param flags values by key from the command line, undefined where not given
 * @throws Fault config-invalid with every fault on its own line
 */
export const readConfig = (
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config => {
  const faults: string[] = [];
  const file = (flags.config as string | undefined) ?? environment.TESSERA_CONFIG;
  const fromFile = readConfigFile(file, faults);
  const known = new Set<string>(configKeys.map((row) => row.key));
  for (const key of Object.keys(fromFile))
    if (!known.has(key)) faults.push(`${file}: unknown key '${key}' (tessera config lists all keys)`);
  const environmentNames = new Set([...configKeys.map((row) => row.env), 'TESSERA_CONFIG']);
  for (const name of Object.keys(environment))
    if (name.startsWith('TESSERA_') && !name.startsWith('TESSERA_TEST_') && !environmentNames.has(name))
      faults.push(`environment: unknown ${name} (tessera config lists all names)`);

  const values: Record<string, unknown> = {};
  for (const row of configKeys) {
    const [value, where] =
      flags[row.key] !== undefined
        ? [flags[row.key], row.flag]
        : environment[row.env] !== undefined
          ? [environment[row.env], row.env]
          : fromFile[row.key] !== undefined
            ? [fromFile[row.key], `${file}: ${row.key}`]
            : [row.default, 'default'];
    const checked = shape[row.key].safeParse(value);
    if (checked.success) values[row.key] = checked.data;
    else
      faults.push(`${where} = '${String(value)}': ${checked.error.issues.map((i) => i.message).join('; ')}`);
  }
  if (faults.length > 0) throw new Fault('config-invalid', faults.join('\n'));
  return Object.freeze(values) as Config;
};

/** Keys that other people on this machine must not read off a list of processes. */
const secretKeys: readonly (keyof Config)[] = ['s3KeyId', 's3Secret'];

/** Child processes (the simulator of `up`) inherit what this process was told. */
export const configFlags = (config: Config): string[] =>
  configKeys
    .filter(({ key }) => !secretKeys.includes(key))
    .flatMap((row) => [row.flag, String(config[row.key])]);

/** The environment of child processes: this process's, and what is secret. */
export const configEnvironment = (config: Config): Record<string, string | undefined> => ({
  ...process.env,
  ...Object.fromEntries(
    configKeys
      .filter(({ key }) => secretKeys.includes(key))
      .map(({ key, env }) => [env, String(config[key])]),
  ),
});
