/**
 * The proof of the archiver: killed at random instants under load, alone, in pairs, and frozen until it has lost its
 * partitions, it archives every (time frame, revision) once. It refuses to believe the archiver: all is read back.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFileStore } from '../../src/adapters/files/store.ts';
import { createParquetFormat } from '../../src/adapters/parquet/format.ts';
import type { PartialEvent } from '../../src/domain/archive/partial_event.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { LayerKind } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import type { OutputRecord } from '../../src/ports/bus.ts';
import { archiveGroups } from '../../src/services/archive/archiver.ts';
import { verifyArchive } from '../../src/services/dataset/verify.ts';
import { topicSpecs } from '../../src/services/topics.ts';
import { encodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { encodePacket } from '../../src/wire/packet.ts';
import { type ProcessorChild, sleep, startTessera, stopAll } from '../drive.ts';
import { contentOf } from './archive_audit.ts';
import { openWorld, temporaryFolder } from './world.ts';

export interface ArchivePlan {
  readonly instrument: string;
  readonly partitions: number;
  /** Partial events a second. */
  readonly rate: number;
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface ArchiveReport {
  readonly kills: number;
  readonly sent: number;
  /** Rows of events in the archive, each another (time frame, revision). */
  readonly events: number;
  readonly segments: number;
  readonly faults: readonly string[];
  readonly logs: string;
}

const startNanos = 1_767_225_600_000_000_000n;
/** An event in so many has an amendment, and time frames are of two runs. */
const amendedEach = 7;
const logCharsShown = 6000;
const completeMsMax = 60_000;

const eventOf = (card: InstrumentCard, number: number, revision: number, runNumber: number): PartialEvent => {
  const identity = {
    sourceName: card.regions[0]!,
    messageId: messageId(number),
    timestampNanos: epochNanos(startNanos + BigInt(number) * 100_000n),
    durationNanos: durationNanos(100_000n),
    run: run(runNumber),
    timeFrame: timeFrameNumber(number),
    instrumentId: card.id,
    instrumentHash: card.hash,
  };
  const payload = new Uint8Array(300 + ((number * 37) % 900)).map(
    (_, i) => (i * number * 7 + revision) & 255,
  );
  const packet = encodePacket({
    identity,
    modelId: 'tpc-fsq/1',
    modelHash: cardHash('00112233445566ff'),
    hitCount: 10,
    rawByteCount: 100,
    layers: [{ kind: LayerKind.tokens, codec: 1, symbolCount: 9, payload }],
    scores: [{ name: 'surprise', value: number }],
    pValue: 0.5,
    policyVersion: policyVersion(1),
    reason: 0,
  });
  return {
    ...identity,
    sourceName: `${card.id}.assembler/0`,
    revision,
    part: 0,
    partCount: 1,
    reason: revision === 0 ? 0 : 2,
    regionCount: card.regions.length,
    present: new Uint8Array(Math.ceil(card.regions.length / 8)).fill(1),
    gaps: [],
    packets: [{ region: revision % card.regions.length, packet, instants: new Uint8Array(0) }],
    eventTokens: [],
    eventModel: null,
  };
};

export const proveArchive = async (plan: ArchivePlan): Promise<ArchiveReport> => {
  const { instrument, partitions, rate, kills, seed, say } = plan;
  const random = createPrng(seed, 6);
  const world = await openWorld(instrument, partitions);
  const { card } = world.cards;
  await world.bus.ensureTopics(topicSpecs(card, partitions, 64_000_000_000));
  const folder = join(temporaryFolder(), 'archive');
  const group = 'proof';
  const faults: string[] = [];
  const logs: string[] = [];
  const sent = new Set<string>();
  const startArchiver = (): Promise<ProcessorChild> => {
    const dataFolder = temporaryFolder();
    logs.push(join(dataFolder, 'archive.log'));
    return startTessera('archive', [
      ...world.flags,
      ...['--group', group, '--archive', folder, '--data-dir', dataFolder, '--archive-raw', '0'],
      // Small segments, so that every kill meets another step of one.
      ...['--archive-segment-bytes', '131072', '--archive-roll-ms', '1000'],
    ]);
  };

  // A source that waits for nobody.
  const silence = new AbortController();
  const sending = (async () => {
    for (let number = 1, beginMs = performance.now(); !silence.signal.aborted; ) {
      const due = Math.floor(((performance.now() - beginMs) / 1000) * rate);
      const records: OutputRecord[] = [];
      for (; number <= due && records.length < 500; number += 1) {
        const runNumber = number < 2000 ? 1 : 2;
        const revisions = number % amendedEach === 0 ? [0, 1] : [0];
        for (const revision of revisions) {
          const value = encodePartialEvent(eventOf(card, number, revision, runNumber));
          records.push({ topic: world.topics.partials, partition: number % partitions, key: null, value });
          sent.add(`${runNumber}/${number}/${revision}`);
        }
      }
      if (records.length > 0) await world.bus.send(records);
      else await sleep(20);
    }
  })();

  let killed = 0;
  let [one, other]: (ProcessorChild | null)[] = [null, null];
  try {
    one = await startArchiver();
    await one.ready();
    while (killed < kills) {
      const how = killed % 5;
      if (how >= 3 && other === null) {
        other = await startArchiver();
        await other.ready();
      }
      await sleep(200 + random.uniform() * 3000);
      if (how === 4) {
        // Frozen until the other has its partitions: it wakes with a segment in its hands that is not its own any more.
        one!.process.kill('SIGSTOP');
        await sleep(11_000);
        one!.process.kill('SIGCONT');
        await sleep(random.uniform() * 500);
      }
      one!.kill();
      await one!.exited;
      killed += 1;
      say(`archiver: kill ${killed} of ${kills}, ${sent.size} partial events sent`);
      [one, other] = other === null ? [await startArchiver(), null] : [other, null];
      // Every other one dies while it starts.
      if (killed % 2 === 0) await one.ready();
    }
    await one!.ready();
    silence.abort();
    await sending;
    await complete();
    one!.process.kill('SIGTERM');
    const code = await one!.exited;
    if (code !== 0) faults.push(`the last archiver ended with ${code}`);
  } finally {
    silence.abort();
  }

  /** Everything sent is sealed and committed. */
  async function complete(): Promise<void> {
    const ends = await world.bus.offsets(world.topics.partials);
    for (
      const deadlineMs = performance.now() + completeMsMax;
      performance.now() < deadlineMs;
      await sleep(200)
    ) {
      const committed = await world.bus.committed(archiveGroups(group).partials, world.topics.partials);
      const behind = ends.filter(
        ({ partition, high }) => (committed.find((one) => one.partition === partition)?.offset ?? 0n) < high,
      );
      if (behind.length === 0) return;
    }
    faults.push(`not all is archived within ${completeMsMax / 1000} s`);
  }

  let events = 0;
  let segments = 0;
  try {
    const content = await contentOf(createFileStore(folder));
    const found = new Set(content.events);
    [events, segments] = [found.size, content.seals.length];
    if (content.events.length !== found.size)
      faults.push(`${content.events.length - found.size} (time frame, revision) are there twice`);
    const lost = [...sent].filter((key) => !found.has(key));
    if (lost.length > 0) faults.push(`${lost.length} are not there, as ${lost.slice(0, 5).join(', ')}`);
    const strange = content.events.filter((key) => !sent.has(key));
    if (strange.length > 0)
      faults.push(`${strange.length} were never sent, as ${strange.slice(0, 5).join(', ')}`);
    if (content.packets.size !== sent.size) faults.push(`${content.packets.size} packets of ${sent.size}`);
    if (content.unsealed.length > 0) faults.push(`${content.unsealed.length} files that no seal names`);
    const reader = { store: createFileStore(folder), format: createParquetFormat('a reader'), trusted: null };
    const { findings } = await verifyArchive(reader);
    faults.push(...findings.slice(0, 5).map(({ sentence }) => `tessera verify: ${sentence}`));
  } catch (error) {
    faults.push(`the archive cannot be read: ${String(error)}`);
  }
  const ends = logs
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'utf8').slice(-logCharsShown));
  await stopAll();
  return {
    kills: killed,
    sent: sent.size,
    events,
    segments,
    faults,
    logs: faults.length === 0 ? '' : ends.join('\n'),
  };
};
