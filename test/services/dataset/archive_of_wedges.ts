/** An archive of real packets: blobs of hits through the whole lane, sealed by hand, with the cards a reader needs. */

import { readFileSync } from 'node:fs';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../../../src/adapters/memory/lane.ts';
import { createParquetFormat } from '../../../src/adapters/parquet/format.ts';
import { firstPolicy } from '../../../src/anomaly/fidelity.ts';
import { archiveFile, cardsFolder, runFile } from '../../../src/archive/names.ts';
import { encodeRun, openRun } from '../../../src/archive/run.ts';
import type { Kept } from '../../../src/archive/segment.ts';
import { messageId, run as runNumber, timeFrameNumber } from '../../../src/domain/quantity.ts';
import { openLane } from '../../../src/lane.ts';
import type { LanePacket } from '../../../src/ports/lane.ts';
import type { Store } from '../../../src/ports/store.ts';
import { sealSegment } from '../../../src/services/archive/sealing.ts';
import { sha256Of } from '../../../src/wire/files/sha256.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { decodePacket } from '../../../src/wire/packet.ts';
import { identityOf } from '../../frames.ts';
import { blobDigits, encoderPath, ladderTables, modelCard, ppCard } from '../../stages/wedge.ts';

export const format = createParquetFormat('a test');
const root = new URL('../../../', import.meta.url);

export interface WedgeArchive {
  readonly store: Store;
  readonly run: number;
  readonly regions: number;
  readonly timeFrames: number;
  /** Time frames a segment. */
  readonly perSegment: number;
  /** JSON of the order that opened the run; '' for one that its data opened. */
  readonly metadata?: string;
  /** Time frames that repeat the frame so many before them. */
  readonly repeatAfter?: number;
  readonly isAbsent?: (timeFrame: number, region: number) => boolean;
}

const keepCards = async (store: Store): Promise<void> => {
  const put = async (name: string, path: string): Promise<void> => {
    await store.create(cardsFolder + name, readFileSync(new URL(path, root)));
  };
  const named = (role: string, path: string): Promise<void> => {
    const hash = sha256Of([readFileSync(new URL(path, root))]).slice(0, 16);
    return put(`${role}-${hash}-${path.slice(path.lastIndexOf('/') + 1)}`, path);
  };
  await put(`instrument-${ppCard.hash}.json`, 'instruments/sphenix-tpc-pp.json');
  await put(`model-${modelCard.hash}.json`, 'models/tpc-fsq-100/1/card.json');
  await named('decoder', `models/tpc-fsq-100/1/${modelCard.decoder.file}`);
  await named('encoder', `models/tpc-fsq-100/1/${modelCard.encoder.file}`);
  await named('tables', `instruments/${ppCard.tables!.file}`);
};

export const archiveOfWedges = async (options: WedgeArchive): Promise<void> => {
  const { store, run, regions, timeFrames, perSegment, repeatAfter, isAbsent = () => false } = options;
  const setup = { instrument: ppCard, model: modelCard, encoderPath, provider: 'cpu', ladderTables } as const;
  const lane = createMemoryLane(await openLane(setup, createVirtualClock()));
  const policy = { ...firstPolicy(), prescale: 8 };
  await store.create(
    archiveFile,
    new TextEncoder().encode(`${JSON.stringify({ layout: 1, instrument: ppCard.id }, null, 2)}\n`),
  );
  await keepCards(store);
  await store.put(runFile(run), [
    encodeRun({
      ...openRun(run, ppCard.id, options.metadata === undefined ? 'data' : 'order'),
      metadata: options.metadata ?? '',
    }),
  ]);
  for (let first = 0; first < timeFrames; first += perSegment) {
    const kept: Kept[] = [];
    for (let timeFrame = first; timeFrame < Math.min(timeFrames, first + perSegment); timeFrame += 1) {
      const present = Array.from({ length: regions }, (_, region) => region).filter(
        (region) => !isAbsent(timeFrame, region),
      );
      const seed = repeatAfter === undefined ? timeFrame : timeFrame % repeatAfter;
      const frames = present.map((region) =>
        encodeFrame(
          {
            ...identityOf(ppCard, region, timeFrame),
            timeFrame: timeFrameNumber(timeFrame),
            messageId: messageId(timeFrame),
            run: runNumber(run),
          },
          blobDigits(1 + seed * 64 + region, 5 + ((seed * 7 + region) % 40)),
          ppCard,
        ),
      );
      const { results } = await lane.process({ frames, policy, pressure: 'none' });
      const packets = (results as LanePacket[]).map(({ packet, region }) => ({
        region,
        packet,
        instants: new Uint8Array(0),
      }));
      const { identity } = decodePacket(packets[0]!.packet);
      const event = {
        ...identity,
        sourceName: `${ppCard.id}.assembler/0`,
        messageId: messageId(timeFrame),
        revision: 0,
        part: 0,
        partCount: 1,
        reason: present.length === regions ? 0 : 1,
        regionCount: ppCard.regions.length,
        present: Uint8Array.of(present.reduce((mask, region) => mask | (1 << region), 0)),
        gaps: [],
        packets,
        eventTokens: [timeFrame % 81, 80],
        eventModel: null,
      };
      kept.push({ kind: 'event', run, event });
    }
    await sealSegment(
      { store, format, instrument: { id: ppCard.id, hash: ppCard.hash }, version: '0.1.0', simulated: null },
      {
        name: { topic: 'sphenix-tpc-pp_partials', partition: 0, firstOffset: BigInt(first) },
        nextOffset: BigInt(Math.min(timeFrames, first + perSegment)),
        run,
        kept,
        unreadable: 0,
      },
    );
  }
  await lane.close();
};
