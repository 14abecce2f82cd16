/**
 * What a question for one time frame fetches of an archive of very many: every byte is counted at the store. Refuses an
 * answer that is not the packet as it was sent.
 */

import { rmSync } from 'node:fs';
import { createFileStore } from '../../../src/adapters/files/store.ts';
import { layerTable } from '../../../src/archive/layer_rows.ts';
import { sealsFolder } from '../../../src/archive/names.ts';
import { packetBytesOf, packetTable, scoreNamesOf } from '../../../src/archive/packet_rows.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import type { OutputRecord } from '../../../src/ports/bus.ts';
import type { Store } from '../../../src/ports/store.ts';
import { readSeal, runsIn } from '../../../src/services/archive/position.ts';
import { topicsOf } from '../../../src/services/topics.ts';
import { encodePartialEvent } from '../../../src/wire/events/partial_event.ts';
import { sleep } from '../../drive.ts';
import { eventOf, type MadePacket, renumbered } from './events.ts';
import { partitions } from './produce.ts';
import { format, temporary, write } from './write.ts';

interface Question {
  readonly fetchedBytes: number;
  readonly requests: number;
  readonly found: number;
}

/** Every byte a reader fetches for one time frame: seals of the run, footers, pages of packets and of their tokens. */
const ask = async (store: Store, run: number, timeFrame: number, expected: Uint8Array): Promise<Question> => {
  let [fetchedBytes, requests, found] = [0, 0, 0];
  const counted = async <Bytes extends Uint8Array>(reading: Promise<Bytes>): Promise<Bytes> => {
    const bytes = await reading;
    fetchedBytes += bytes.length;
    requests += 1;
    return bytes;
  };
  const sought = { column: 'time_frame', from: BigInt(timeFrame), to: BigInt(timeFrame) };
  for (const file of await store.folder(sealsFolder(run))) {
    const name = sealsFolder(run) + file;
    const seal = await readSeal(store, name);
    await counted(store.read(name));
    if (seal.timeFrames === null || seal.timeFrames[0] > timeFrame || seal.timeFrames[1] < timeFrame)
      continue;
    const rowsOf = async (kind: string) => {
      const file = seal.files.find((one) => one.kind === kind);
      if (file === undefined) return { columns: [], rows: [] };
      const table = await format.open({
        byteLength: file.byteCount,
        read: (from, to) => counted(store.read(file.name, { from, to })),
      });
      const rows: Readonly<Record<string, unknown>>[] = [];
      for await (const group of table.rows({ sought })) rows.push(...group);
      return { columns: table.columns, rows };
    };
    const payloads: Uint8Array[] = [];
    for (const kind of ['tokens', 'near', 'lossless'])
      for (const cells of (await rowsOf(kind)).rows) {
        const { layer, payload } = layerTable.rowOf(cells);
        payloads[layer] = payload;
      }
    const { columns, rows } = await rowsOf('packets');
    await rowsOf('events');
    const identity = { run, instrumentId: seal.instrument, instrumentHash: seal.instrumentHash };
    for (const cells of rows) {
      const bytes = packetBytesOf(packetTable(scoreNamesOf(columns)).rowOf(cells), payloads, identity);
      if (Buffer.compare(bytes, expected) !== 0) throw new Error(`time frame ${timeFrame} is not as it was`);
      found += 1;
    }
  }
  if (found !== 1) throw new Error(`time frame ${timeFrame} was found ${found} times`);
  return { fetchedBytes, requests, found };
};

/** One region of p+p under so many time frames, and questions for some of them. */
export const pointQuery = async (
  card: InstrumentCard,
  made: ReadonlyMap<number, MadePacket[]>,
  queriedTimeFrames: number,
) => {
  const pool = [...made.values()].flatMap((packets) => packets.filter(({ region }) => region === 0));
  const packetAt = (number: number): MadePacket => renumbered(pool[(number * 7919) % pool.length]!, number);
  const folder = temporary('disk');
  const store = createFileStore(folder);
  const topic = topicsOf(card.id).partials;
  try {
    const written = await write(
      card,
      store,
      queriedTimeFrames,
      async (bus) => {
        for (let number = 0; number < queriedTimeFrames; ) {
          const records: OutputRecord[] = [];
          for (const end = Math.min(queriedTimeFrames, number + 2000); number < end; number += 1) {
            const value = encodePartialEvent(eventOf(card, [packetAt(number)], number));
            records.push({ topic, partition: number % partitions, key: null, value });
          }
          await bus.send(records);
          // The archiver shares this process: what is sent waits in memory.
          await sleep(0);
        }
      },
      false,
    );
    const [run] = await runsIn(store);
    const asked = [0.001, 0.2, 0.4, 0.6, 0.8, 0.999].map((share) => Math.floor(share * queriedTimeFrames));
    const questions: Question[] = [];
    for (const number of asked) questions.push(await ask(store, run!, number, packetAt(number).packet));
    return { written, questions };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
