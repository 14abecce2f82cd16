/**
 * Decoding on as many threads as encoding is measured with: packet bytes in, digits out, each thread on this file.
 * Refuses to send digits back: readers use them where they are made; what comes back is how many there were.
 */

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { type Cards, loadCards } from '../../../src/assemble.ts';
import { packetDigits } from '../../../src/codec/packet.ts';
import { openTables } from '../../../src/lane.ts';
import { decodePacket } from '../../../src/wire/packet.ts';

export interface DecodeCrew {
  /** Decodes all packets handed over at the start once, split evenly; resolves to the number of hits. */
  decodeAll(): Promise<number>;
  close(): Promise<void>;
}

interface CrewData {
  readonly decodeCrew: true;
  readonly instrument: string;
  readonly packets: readonly Uint8Array[];
}

export const openDecodeCrew = async (
  { card }: Cards,
  packets: readonly Uint8Array[],
  workers: number,
): Promise<DecodeCrew> => {
  const crew = Array.from({ length: workers }, (_, part) => {
    const own = packets.filter((_packet, i) => i % workers === part).map((packet) => packet.slice());
    const data: CrewData = { decodeCrew: true, instrument: card.id, packets: own };
    return new Worker(new URL(import.meta.url), { workerData: data });
  });
  const answer = (worker: Worker): Promise<number> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (hits: number) => {
        worker.off('error', reject);
        resolve(hits);
      });
    });
  await Promise.all(crew.map(answer));
  return {
    async decodeAll() {
      const answers = crew.map(answer);
      for (const worker of crew) worker.postMessage('again');
      return (await Promise.all(answers)).reduce((sum, hits) => sum + hits, 0);
    },
    async close() {
      await Promise.all(crew.map((worker) => worker.terminate()));
    },
  };
};

const isCrewData = (data: unknown): data is CrewData =>
  data !== null && typeof data === 'object' && 'decodeCrew' in data;

if (!isMainThread && parentPort !== null && isCrewData(workerData)) {
  const port = parentPort;
  const { card, ladderTables } = loadCards(workerData.instrument);
  const { packets } = workerData;
  const tables = openTables({ instrument: card, ladderTables });
  port.on('message', () => {
    let hits = 0;
    for (const packet of packets) hits += packetDigits(decodePacket(packet), card, tables)!.count;
    port.postMessage(hits);
  });
  port.postMessage(0);
}
