/** A small archive of real packets: frames of tracks through a lane, sealed as the archiver seals, raw ones beside. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../../../src/adapters/memory/lane.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/adapters/memory/store.ts';
import { createParquetFormat } from '../../../src/adapters/parquet/format.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { archiveFile, cardsFolder, runFile } from '../../../src/archive/names.ts';
import { encodeRun, openRun, type RunFile } from '../../../src/archive/run.ts';
import type { Seal } from '../../../src/archive/seal.ts';
import type { Kept } from '../../../src/archive/segment.ts';
import { findEventModel, loadCards } from '../../../src/assemble.ts';
import { eventTokenizer } from '../../../src/codec/event_tokens.ts';
import { nameOfEventModel } from '../../../src/domain/archive/event_model.ts';
import type { CarriedPacket, PartialEvent } from '../../../src/domain/archive/partial_event.ts';
import type { PolicySnapshot } from '../../../src/domain/policy.ts';
import { messageId, timeFrameNumber } from '../../../src/domain/quantity.ts';
import { openLane } from '../../../src/lane.ts';
import type { Store } from '../../../src/ports/store.ts';
import { sealsOf } from '../../../src/services/archive/position.ts';
import { sealSegment } from '../../../src/services/archive/sealing.ts';
import { type CloseParts, closeRun } from '../../../src/services/dataset/close_run.ts';
import type { Signer } from '../../../src/wire/files/ed25519.ts';
import { sha256Of } from '../../../src/wire/files/sha256.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { encodeInstants } from '../../../src/wire/instants.ts';
import { digitsOf, identityOf, randomOf } from '../../frames.ts';

export const format = createParquetFormat('a test');
export const cards = loadCards('sphenix-tpc-pp');
const { card } = cards;

export interface MadeFrame {
  readonly timeFrame: number;
  readonly region: number;
  readonly frame: Uint8Array;
  readonly packet: Uint8Array;
}

const regions = [0, 1, 2];
const partitions = 2;

/** Frames and packets of time frames [0, count); every fourth losslessly. */
export const makeFrames = async (count: number): Promise<MadeFrame[]> => {
  const { model, modelFolder, ladderTables } = cards;
  const lane = createMemoryLane(
    await openLane(
      {
        instrument: card,
        model,
        encoderPath: join(modelFolder, model.encoder.file),
        provider: 'cpu',
        ladderTables,
      },
      createVirtualClock(),
    ),
  );
  try {
    const places = Array.from({ length: count }, (_, timeFrame) =>
      regions.map((region) => ({ timeFrame, region })),
    ).flat();
    const frames = places.map(({ timeFrame, region }) => {
      const identity = {
        ...identityOf(card, region, timeFrame),
        messageId: messageId(Math.floor(timeFrame / partitions)),
      };
      return encodeFrame(identity, digitsOf(card, 3, randomOf(region * 1_000_003 + timeFrame)), card);
    });
    const policy: PolicySnapshot = { ...firstPolicy(), prescale: 3, objectTokens: 'refined' };
    const { results } = await lane.process({ frames, policy, pressure: 'none' });
    return results.map((result, i) => {
      if (result.end === 'refused') throw new Error(result.code);
      return { ...places[i]!, frame: frames[i]!, packet: result.packet };
    });
  } finally {
    await lane.close();
  }
};

const eventModel = findEventModel(card.id)!;
const carried = ({ region, packet }: MadeFrame): CarriedPacket => ({
  region,
  packet,
  instants: encodeInstants({ commit: 9n }),
});

const eventOf = (timeFrame: number, packets: readonly MadeFrame[], revision: number): PartialEvent => ({
  ...identityOf(card, 0, timeFrame),
  sourceName: `${card.id}.assembler/0`,
  messageId: messageId(Math.floor(timeFrame / partitions)),
  timeFrame: timeFrameNumber(timeFrame),
  revision,
  part: 0,
  partCount: 1,
  reason: revision === 0 ? 0 : 2,
  regionCount: card.regions.length,
  present: Uint8Array.of(7, 0, 0),
  gaps: [],
  packets: packets.map(carried),
  eventTokens: revision === 0 ? eventTokenizer(eventModel.card)(packets.map(carried)) : [],
  eventModel: revision === 0 ? nameOfEventModel(eventModel.card) : null,
});

const kept = (frames: readonly MadeFrame[], revision = 0): Kept[] => {
  const byFrame = new Map<number, MadeFrame[]>();
  for (const one of frames) byFrame.set(one.timeFrame, [...(byFrame.get(one.timeFrame) ?? []), one]);
  return [...byFrame].map(([timeFrame, packets]) => ({
    kind: 'event',
    run: 7,
    event: eventOf(timeFrame, packets, revision),
  }));
};

const keptRaw = (frames: readonly MadeFrame[]): Kept[] =>
  frames.map(({ timeFrame, region, frame }) => ({
    kind: 'frame',
    run: 7,
    durationNanos: card.timeFrameNanos,
    row: {
      timeFrame,
      region,
      messageId: Math.floor(timeFrame / partitions),
      startNanos: identityOf(card, region, timeFrame).timestampNanos,
      frame,
    },
  }));

/** Cards as the archiver puts them. */
export const putCards = async (store: Store): Promise<void> => {
  const { model, modelFolder } = cards;
  const put = (name: string, bytes: Uint8Array) => store.put(cardsFolder + name, [bytes]);
  const named = (role: string, path: string, file: string) => {
    const bytes = readFileSync(path);
    return put(`${role}-${sha256Of([bytes]).slice(0, 16)}-${file.slice(file.lastIndexOf('/') + 1)}`, bytes);
  };
  await put(`instrument-${card.hash}.json`, readFileSync(`instruments/${card.id}.json`));
  await put(`model-${model.hash}.json`, readFileSync(join(modelFolder, 'card.json')));
  await named('decoder', join(modelFolder, model.decoder.file), model.decoder.file);
  await named('event', eventModel.path, 'card.json');
  await named('tables', `instruments/${card.tables!.file}`, card.tables!.file);
};

/**
 * Run 7 in an archive, in memory where no other place is named: of each of two partitions two segments, the last region of
 * time frame 2 coming late as a revision of its own, and raw frames of every third time frame.
 */
export const makeArchive = async <Kind extends Store = MemoryStore>(
  frames: readonly MadeFrame[],
  place?: Kind,
): Promise<{ readonly store: Kind; readonly run: RunFile }> => {
  const store = (place ?? createMemoryStore()) as Kind;
  const instrument = { id: card.id, hash: card.hash };
  const parts = { store, format, instrument, version: '0.0.0', simulated: null };
  await store.put(archiveFile, [
    new TextEncoder().encode(`${JSON.stringify({ layout: 1, instrument: card.id }, null, 2)}\n`),
  ]);
  await putCards(store);
  const middle = Math.max(...frames.map(({ timeFrame }) => timeFrame)) / 2;
  const isLate = ({ timeFrame, region }: MadeFrame) => timeFrame === 2 && region === 2;
  for (let partition = 0; partition < partitions; partition += 1) {
    const own = frames.filter(({ timeFrame }) => timeFrame % partitions === partition);
    const early = kept(own.filter((one) => one.timeFrame <= middle && !isLate(one)));
    const late = [...kept(own.filter(isLate), 1), ...kept(own.filter((one) => one.timeFrame > middle))];
    const name = { topic: `${card.id}_partials`, partition };
    const seal = { run: 7, unreadable: 0 };
    await sealSegment(parts, { ...seal, name: { ...name, firstOffset: 0n }, nextOffset: 40n, kept: early });
    await sealSegment(parts, { ...seal, name: { ...name, firstOffset: 40n }, nextOffset: 90n, kept: late });
  }
  const raw = keptRaw(frames.filter(({ timeFrame }) => timeFrame % 3 === 0));
  const name = { topic: `${card.id}_frames`, partition: 0, firstOffset: 0n };
  await sealSegment(parts, { run: 7, unreadable: 0, name, nextOffset: 99n, kept: raw });
  return { store, run: { ...openRun(7, card.id, 'data'), state: 'closed', closedMs: 1_767_225_700_000 } };
};

/** Closes it as the archiver does. */
export const closeArchive = async (
  { store, run }: { readonly store: Store; readonly run: RunFile },
  signer: Signer | null = null,
  seals?: readonly Seal[],
  describe: NonNullable<CloseParts['describe']> = [],
) => {
  const manifest = await closeRun(
    { store, format, version: '0.0.0', signer, log: quietLog, describe },
    run,
    seals ?? (await sealsOf(store, 7)),
  );
  await store.put(runFile(7), [encodeRun(run)]);
  return manifest;
};
