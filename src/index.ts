/**
 * The package's public reader: an archive opened for reading, its runs, time frames and packets, and hits decoded with
 * nothing but what lies in it. Refuses to write.
 *
 *     const archive = await openArchive('archive');
 *     const run = await archive.run((await archive.runs())[0]!);
 *     const decoder = await archive.decoder(run);
 *     for await (const { timeFrame, packets } of run.timeFrames({ kinds: ['tokens'] }))
 *       for (const packet of packets) console.log(timeFrame, await decoder.hits(packet, 'tokens'));
 *     await decoder.close();
 */

import { createFileStore } from './adapters/files/store.ts';
import { openModel } from './adapters/onnx/model.ts';
import { createParquetFormat } from './adapters/parquet/format.ts';
import type { Store } from './ports/store.ts';
import { type OpenArchive, type OpenRun, openArchive as openStored } from './services/dataset/archive.ts';
import { type OpenModelBytes, openDecoder, type PacketDecoder } from './services/dataset/decoder.ts';

export type { EventRow } from './archive/event_rows.ts';
export { packetBytesOf, packetOf } from './archive/packet_rows.ts';
export type { Seal } from './archive/seal.ts';
export type { RegionSummary } from './codec/event_tokens.ts';
export type { DecodedObject } from './codec/objects/shapes.ts';
export type { Digits } from './domain/frame.ts';
export type { InstrumentCard } from './domain/instrument.ts';
export type { Packet } from './domain/packet.ts';
export type {
  OpenRun,
  StoredPacket,
  StoredTimeFrame,
  TimeFrameChoice,
} from './services/dataset/archive.ts';
export { type DecodedLayer, type PacketDecoder, readablePacket } from './services/dataset/decoder.ts';

const openOnnx: OpenModelBytes = (bytes, file) =>
  openModel({ path: file.file, bytes, file, provider: 'cpu' });

export interface Archive extends OpenArchive {
  /** What decodes the run's packets; close it before the process ends. */
  decoder(run: OpenRun): Promise<PacketDecoder>;
}

/** @param place a folder, or a store of another kind. Throws file-invalid where there is no archive. */
export const openArchive = async (place: string | Store): Promise<Archive> => {
  const store = typeof place === 'string' ? createFileStore(place) : place;
  const archive = await openStored({ store, format: createParquetFormat('tessera') });
  return { ...archive, decoder: (run) => openDecoder(store, run.identity, openOnnx) };
};
