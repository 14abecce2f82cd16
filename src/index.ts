/**
 * The package's public reader: what lies in an archive, and how its files are opened. Refuses to write.
 */

export { createFileStore } from './adapters/files/store.ts';
export { createParquetFormat } from './adapters/parquet/format.ts';
export { layerTable } from './archive/layer_rows.ts';
export { segmentOf } from './archive/names.ts';
export { packetBytesOf, packetOf, packetTable, scoreNamesOf } from './archive/packet_rows.ts';
export { rawTable } from './archive/raw_rows.ts';
export { decodeSeal, type Seal } from './archive/seal.ts';
