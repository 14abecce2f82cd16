/**
 * The commands about an archive: verify, decode, export, replay, retain. Each opens the store, hands over to
 * `commands/archive`, and returns an exit code. It refuses to keep anything running.
 */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command, CommandOptions } from 'commander';
import { createFileStore } from './adapters/files/store.ts';
import { openModel } from './adapters/onnx/model.ts';
import { createParquetFormat } from './adapters/parquet/format.ts';
import { createSystemClock } from './adapters/system/clock.ts';
import { type Tiers, tierKinds } from './archive/proof/retention.ts';
import { openStore } from './archiving.ts';
import { version } from './assemble.ts';
import { decodeRun } from './commands/archive/decode.ts';
import { exportArchive } from './commands/archive/export.ts';
import { type ReplayRate, replayArchive } from './commands/archive/replay.ts';
import { tellVerdict } from './commands/archive/verify.ts';
import { durationMs } from './commands/duration.ts';
import { bytesInWords, grouped, type Output } from './commands/output.ts';
import { type Config, readConfig } from './config.ts';
import { Fault } from './domain/fault.ts';
import type { Bus } from './ports/bus.ts';
import { judgeAgainstRaw, type RawVerdict } from './services/dataset/against_raw.ts';
import { type ArchiveParts, type OpenRun, openArchive } from './services/dataset/archive.ts';
import { type DecodedLayer, decodedLayers, openDecoder } from './services/dataset/decoder.ts';
import { retainRun } from './services/dataset/retain.ts';
import { verifyArchive } from './services/dataset/verify.ts';
import { topicSpecs, topicsOf } from './services/topics.ts';
import { openSigner, publicKeyOf } from './wire/files/ed25519.ts';

type Flags = Record<string, string | boolean | undefined>;

export const textOfFile = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Fault('config-invalid', `${what} ${path} cannot be read (${(cause as Error).message})`, {
      cause,
    });
  }
};

const partsOf = (place: string, flags: Flags): ArchiveParts & { readonly config: Config } => {
  const config = readConfig(flags);
  return { config, store: openStore(config, place), format: createParquetFormat(`tessera ${version}`) };
};

const wholeNumber = (flag: string, value: string | boolean | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw new Fault('config-invalid', `${flag} = '${String(value)}': a whole number`);
};

/** The run asked for, or all of them. */
const runsOf = async (parts: ArchiveParts, flags: Flags): Promise<OpenRun[]> => {
  const archive = await openArchive(parts);
  const only = wholeNumber('--run', flags.run);
  const runs: OpenRun[] = [];
  for (const run of only === undefined ? await archive.runs() : [only]) runs.push(await archive.run(run));
  return runs.filter(({ seals }) => seals.length > 0);
};

const decoderOf = (parts: ArchiveParts, run: OpenRun, { provider }: Config) =>
  openDecoder(parts.store, run.identity, (bytes, file) =>
    openModel({ path: file.file, bytes, file, provider }),
  );

const verify = async (place: string, flags: Flags, output: Output): Promise<number> => {
  const parts = partsOf(place, flags);
  const trusted = typeof flags.key === 'string' ? publicKeyOf(textOfFile(flags.key, '--key')) : null;
  const verdict = await verifyArchive({ ...parts, trusted }, wholeNumber('--run', flags.run));
  const raw: RawVerdict[] = [];
  // What is damaged cannot be judged: its faults are told instead.
  if (flags.againstRaw === true && verdict.findings.length === 0)
    for (const run of await runsOf(parts, flags)) {
      const decoder = await decoderOf(parts, run, parts.config);
      try {
        raw.push(await judgeAgainstRaw(run, decoder));
      } finally {
        await decoder.close();
      }
    }
  return tellVerdict(verdict, raw, output, flags.json === true) ? 0 : 1;
};

const decode = async (place: string, flags: Flags, output: Output): Promise<number> => {
  const parts = partsOf(place, flags);
  const layer = String(flags.layer) as DecodedLayer;
  if (!decodedLayers.includes(layer))
    throw new Fault('config-invalid', `--layer = '${layer}': one of ${decodedLayers.join(', ')}`);
  const { out } = flags;
  if (typeof out !== 'string')
    throw new Fault('config-invalid', '--out FILE is missing: a name that ends in .parquet or .npz');
  const runs = await runsOf(parts, flags);
  const run = runs[0];
  if (run === undefined || runs.length > 1)
    throw new Fault('request-invalid', `${place} has ${runs.length} runs with data: name one with --run`);
  const [from, to] = [wholeNumber('--from', flags.from), wholeNumber('--to', flags.to)];
  const decoder = await decoderOf(parts, run, parts.config);
  try {
    const options = {
      layer,
      out,
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    const summary = await decodeRun(run, decoder, parts.format, options);
    if (flags.json === true) output.print(JSON.stringify({ out, run: run.run, layer, ...summary }));
    else
      output.print(
        `${out}: ${grouped(summary.hits)} hits of ${grouped(summary.packets)} packets of run ${run.run}, decoded from ${layer}; ${grouped(summary.without)} packets have not got it`,
      );
    return 0;
  } finally {
    await decoder.close();
  }
};

/** How long a tier is kept: 6h, 7d; null: for ever. */
const keptMs = (flags: Flags, kind: (typeof tierKinds)[number]): Tiers => {
  const value = flags[kind];
  return typeof value === 'string' ? { [kind]: durationMs(value) } : {};
};

const retain = async (place: string, flags: Flags, output: Output): Promise<number> => {
  const parts = partsOf(place, flags);
  const { config, store } = parts;
  if (typeof flags.copy !== 'string')
    throw new Fault(
      'config-invalid',
      '--copy PLACE is missing: nothing is deleted that is not proven to be copied',
    );
  if (typeof flags.why !== 'string')
    throw new Fault('config-invalid', '--why TEXT is missing: the record says why files went');
  const tiers = Object.assign({}, ...tierKinds.map((kind) => keptMs(flags, kind))) as Tiers;
  const settings = { tiers, why: flags.why, isTrial: flags.dryRun === true };
  const signer = config.signingKey === '' ? null : openSigner(textOfFile(config.signingKey, '--signing-key'));
  if (signer === null) output.note('the record of what is deleted is NOT SIGNED: no --signing-key');
  const nowMs = Number(createSystemClock().nowNanos() / 1_000_000n);
  const retaining = { store, copy: openStore(config, flags.copy), signer, nowMs, version };
  let isAllGone = true;
  for (const run of await runsOf(parts, flags)) {
    const found = await retainRun(retaining, run.run, settings);
    isAllGone &&= found.held.length === 0;
    if (flags.json === true) output.print(JSON.stringify(found));
    else {
      const verb = settings.isTrial ? 'would be deleted' : 'deleted';
      output.print(
        `run ${found.run}: ${found.deleted.length} files ${verb}, ${bytesInWords(found.deletedBytes)}`,
      );
      for (const { name, why } of found.held) output.print(`  kept ${name}: ${why}`);
    }
  }
  return isAllGone ? 0 : 1;
};

const exportView = async (place: string, flags: Flags, output: Output): Promise<number> => {
  const { out, labels } = flags;
  if (typeof out !== 'string' || out === '')
    throw new Fault('config-invalid', '--out FOLDER is missing: where the view goes');
  return exportArchive({
    ...partsOf(place, flags),
    version,
    output,
    out: createFileStore(resolve(out)),
    run: wholeNumber('--run', flags.run) ?? null,
    split: String(flags.split),
    guardFrames: wholeNumber('--guard', flags.guard) ?? 0,
    labels: typeof labels === 'string' ? { file: labels, text: textOfFile(labels, '--labels') } : null,
    json: flags.json === true,
  });
};

const rateOf = (value: string | boolean | undefined): ReplayRate => {
  if (value === 'max' || value === 'recorded') return value;
  const rate = Number(value);
  if (typeof value === 'string' && Number.isFinite(rate) && rate > 0) return rate;
  throw new Fault('config-invalid', `--rate = '${String(value)}': time frames a second, max or recorded`);
};

/** Sends an archive's packets to a topic of the bus. */
export const replayFromArchive = async (
  place: string,
  flags: Flags,
  bus: Bus,
  output: Output,
): Promise<number> => {
  const { rate: asked, ...others } = flags;
  const rate = rateOf(asked ?? 'recorded');
  const parts = partsOf(place, others);
  const { config } = parts;
  const runs = await runsOf(parts, others);
  const first = runs[0];
  if (first === undefined) throw new Fault('request-invalid', `${place} has no runs with data`);
  const archived = await decoderOf(parts, first, config);
  const { card } = archived;
  await archived.close();
  const topic = typeof flags.topic === 'string' ? flags.topic : topicsOf(card.id).tokens;
  const specs = topicSpecs(card, config.partitions, config.retentionBytes);
  const spec = specs.find(({ name }) => name === topicsOf(card.id).tokens)!;
  await bus.ensureTopics([{ ...spec, name: topic }]);
  const stopping = new AbortController();
  process.once('SIGINT', () => stopping.abort());
  const { signal } = stopping;
  const parties = { bus, clock: createSystemClock(), topic, signal, progress: () => {} };
  const replayed = await replayArchive(parties, runs, rate);
  if (flags.json === true) output.print(JSON.stringify({ topic, ...replayed }));
  else
    output.print(
      `${grouped(replayed.packets)} packets of ${grouped(replayed.timeFrames)} time frames to ${topic}; ${replayed.incomplete} not sent: a layer of theirs was deleted`,
    );
  return replayed.incomplete > 0 ? 1 : 0;
};

/**
 * Adds the commands about archives.
 * @param command makes a subcommand that takes every configuration key as a flag
 */
export const addDatasets = (
  command: (name: string, description: string, parent?: Command, options?: CommandOptions) => Command,
  ended: (code: number) => void,
  output: Output,
): void => {
  command('verify', 'whether an archive is what was written: files, packets, books, signature')
    .argument('<archive>', 'a folder, or s3://bucket/prefix')
    .option('--run <run>', 'this run alone')
    .option('--key <file>', 'public key (PEM) that manifests must be signed by')
    .option(
      '--against-raw',
      'how faithful the stored tokens and rungs are to the raw frames kept beside them',
    )
    .action(async (place: string, flags: Flags) => ended(await verify(place, flags, output)));

  command('decode', 'hits of an archive, with nothing but its own files')
    .argument('<archive>', 'a folder, or s3://bucket/prefix')
    .option('--layer <layer>', 'tokens, near or lossless', 'tokens')
    .option('--out <file>', 'ends in .parquet or .npz')
    .option('--run <run>', 'which run, where there are several')
    .option('--from <time-frame>', 'first time frame')
    .option('--to <time-frame>', 'last time frame')
    .action(async (place: string, flags: Flags) => ended(await decode(place, flags, output)));

  command('retain', 'delete files older than their tier, once each is proven to be copied elsewhere')
    .argument('<archive>', 'a folder, or s3://bucket/prefix')
    .option(
      '--copy <place>',
      'where each file was copied to: it is read there and hashed before it goes here',
    )
    .option('--lossless <age>', 'how long lossless rungs are kept, as 12h; absent: for ever')
    .option('--near <age>', 'how long near-lossless rungs are kept, as 168h; absent: for ever')
    .option('--raw <age>', 'how long raw frames are kept; absent: for ever')
    .option('--why <text>', 'what the record says')
    .option('--run <run>', 'this run alone')
    .option('--dry-run', 'say what would go, and delete nothing')
    .action(async (place: string, flags: Flags) => ended(await retain(place, flags, output)));

  command('export', 'the training view of a run: plain tokens in parts by time, as loaders know them')
    .argument('<archive>', 'a folder, or s3://bucket/prefix')
    .option('--out <folder>', 'where the view goes; the archive is left as it is')
    .option('--run <run>', 'which run, where there are several')
    .option('--split <shares>', 'shares of train, validation and test', '80,10,10')
    .option('--guard <count>', 'time frames left out at each border, so that no event is on both sides', '1')
    .option('--labels <file>', 'truth as CSV: time_frame, region where it differs, and a column a label')
    .action(async (place: string, flags: Flags) => ended(await exportView(place, flags, output)));
};
