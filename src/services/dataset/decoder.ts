/**
 * Packets of an archive back to hits, with the decoders and tables that lie inside it: by the tokens (lossy, an ONNX
 * network), by the near-lossless rungs, or to the last bit. Refuses to use a model or a table from anywhere else.
 */

import type { EventRow } from '../../archive/event_rows.ts';
import { type FileIdentity, packetOf } from '../../archive/packet_rows.ts';
import { type RegionSummary, summariesOf } from '../../codec/event_tokens.ts';
import { builtInTables, type LadderTables } from '../../codec/ladder/tables.ts';
import { parseTables } from '../../codec/ladder/tables_file.ts';
import { type DecodedObject, objectGrid, objectOf } from '../../codec/objects/shapes.ts';
import { packetLadder, packetObjects } from '../../codec/packet.ts';
import { prepareTokenReader, readTokens, type TokenReader } from '../../codec/token_reader.ts';
import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelFile } from '../../domain/model.ts';
import { LayerKind, type Packet } from '../../domain/packet.ts';
import type { Model } from '../../ports/model.ts';
import type { Store } from '../../ports/store.ts';
import type { StoredPacket } from './archive.ts';
import { readEventModels, readInstrument, readLadderTables, readModel, readNamed } from './cards.ts';

export const decodedLayers = ['tokens', 'near', 'lossless'] as const;
export type DecodedLayer = (typeof decodedLayers)[number];

export interface PacketDecoder {
  readonly card: InstrumentCard;
  readonly tables: LadderTables;
  /** The model's decoder that made these tokens, running. */
  modelOf(hash: string): Promise<{ readonly reader: TokenReader; readonly model: Model }>;
  /**
   * Hits of a packet by one of its layers; null when it has not got it (it was not kept, or its file was not read).
   * `lossless` is exact; `near` is each hit's voxel and the value that stands for its level, without the remainder.
   */
  hits(stored: StoredPacket, layer: DecodedLayer): Promise<Digits | null>;
  /** The clusters a packet tells of, by its object tokens alone; null when it has none. */
  objects(stored: StoredPacket): DecodedObject[] | null;
  /**
   * What a time frame's event tokens tell of every region, by the model that made them (where nobody recorded which: the
   * newest); null where there are none, or the archive has not got their model.
   */
  summaries(event: Pick<EventRow, 'eventTokens' | 'eventModel'>): RegionSummary[] | null;
  close(): Promise<void>;
}

/** The packet with those of its layers that were read. */
export const readablePacket = ({ row, payloads }: StoredPacket, identity: FileIdentity): Packet => {
  const layers = row.layers.filter((_, layer) => payloads[layer] !== undefined);
  return packetOf(
    { ...row, layers },
    payloads.filter((payload) => payload !== undefined),
    identity,
  );
};

export type OpenModelBytes = (bytes: Uint8Array, file: ModelFile) => Promise<Model>;

export const openDecoder = async (
  store: Store,
  identity: FileIdentity,
  openModel: OpenModelBytes,
): Promise<PacketDecoder> => {
  const { card } = await readInstrument(store, identity.instrumentHash);
  const text = await readLadderTables(store, card);
  const tables = text === null ? builtInTables(card) : parseTables(text, card);
  const eventModels = await readEventModels(store, card.id);
  const models = new Map<string, Promise<{ reader: TokenReader; model: Model }>>();
  const open = async (hash: string) => {
    const { card: model } = await readModel(store, hash);
    const bytes = await readNamed(store, 'decoder', model.decoder);
    return { reader: prepareTokenReader(model, card), model: await openModel(bytes, model.decoder) };
  };
  const modelOf = (hash: string) => {
    const known = models.get(hash) ?? open(hash);
    models.set(hash, known);
    return known;
  };
  return {
    card,
    tables,
    modelOf,
    async hits(stored, layer) {
      const packet = readablePacket(stored, identity);
      if (layer === 'tokens') {
        if (!packet.layers.some(({ kind }) => kind === LayerKind.tokens)) return null;
        const { reader, model } = await modelOf(packet.modelHash);
        return readTokens(reader, packet, model.run);
      }
      const upTo = { planes: tables.scale.planes, remainder: layer === 'lossless' };
      if (!packet.layers.some(({ kind }) => kind === LayerKind.occupancy)) return null;
      const ladder = packetLadder(packet, card, tables, upTo);
      return ladder === null || (layer === 'lossless' && !ladder.exact) ? null : ladder.digits;
    },
    objects(stored) {
      const tokens = packetObjects(readablePacket(stored, identity), card);
      if (tokens === null) return null;
      const grid = objectGrid(card);
      return Array.from({ length: tokens.count }, (_, i) => objectOf(tokens, i, grid));
    },
    summaries({ eventTokens, eventModel }) {
      const model = eventModels.find(({ hash }) => eventModel === null || hash === eventModel.hash);
      return model === undefined ? null : summariesOf(eventTokens, model);
    },
    async close() {
      for (const opening of models.values()) await (await opening.catch(() => null))?.model.close();
    },
  };
};
