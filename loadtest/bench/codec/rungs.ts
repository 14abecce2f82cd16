/**
 * The rungs of the ladder as contenders: each cuts its own layers out of the packets a lane made and decodes them, as
 * any reader does. Refuses to look at the frame again; a cut packet is encoded whole, envelope and all, and counted so.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { type Cards, home } from '../../../src/assemble.ts';
import { dequantise, prepareDequantiser } from '../../../src/codec/dequantise.ts';
import { type DecodedLadder, decodeLadder } from '../../../src/codec/ladder/ladder.ts';
import { type LadderTables, levelBoundsOf } from '../../../src/codec/ladder/tables.ts';
import { prepareTokenReader, readTokens } from '../../../src/codec/token_reader.ts';
import { type Layer, LayerKind } from '../../../src/domain/packet.ts';
import { openTables } from '../../../src/lane.ts';
import { parseDequantiserCard } from '../../../src/wire/cards/dequantiser.ts';
import { decodePacket, encodePacket } from '../../../src/wire/packet.ts';
import type { Contender } from './judge.ts';

/** The token layer, decoded by its model. */
export const tokensRung = async (
  key: string,
  { card, model, modelFolder }: Cards,
  packets: readonly Uint8Array[],
): Promise<Contender> => {
  const path = join(modelFolder, model.decoder.file);
  const decoder = await openModel({ path, file: model.decoder, provider: 'cpu' });
  const reader = prepareTokenReader(model, card);
  return {
    key,
    name: `tokens, ${model.name}/${model.version}`,
    async run(index) {
      const bytes = packets[index]!;
      return { bytes: bytes.length, digits: (await readTokens(reader, decodePacket(bytes), decoder.run))! };
    },
    close: () => decoder.close(),
  };
};

/** What of a packet a reader keeps. */
interface Cut {
  readonly tokens: boolean;
  readonly planes: number;
  readonly remainder: boolean;
}

/** The packet with the layers of a cut alone: what a shorter packet of the same frame would be, to the byte. */
export const cutPacket = (bytes: Uint8Array, { tokens, planes, remainder }: Cut): Uint8Array => {
  const packet = decodePacket(bytes);
  let planesSeen = 0;
  const layers = packet.layers.filter(({ kind }: Layer) => {
    if (kind === LayerKind.tokens) return tokens;
    if (kind === LayerKind.remainder) return remainder;
    if (kind !== LayerKind.plane) return true;
    planesSeen += 1;
    return planesSeen <= planes;
  });
  return encodePacket({ ...packet, layers });
};

export interface Ladder {
  readonly cards: Cards;
  readonly tables: LadderTables;
  readonly packets: readonly Uint8Array[];
}

/** @param packets with every rung */
export const openLadder = (cards: Cards, packets: readonly Uint8Array[]): Ladder => ({
  cards,
  tables: openTables({ instrument: cards.card, ladderTables: cards.ladderTables }),
  packets,
});

const decodeCut = ({ cards, tables }: Ladder, bytes: Uint8Array): DecodedLadder => {
  const packet = decodePacket(bytes);
  return decodeLadder(packet.layers, packet.hitCount, cards.card, tables)!;
};

/** Occupancy and planes, or all of it, with the values that the tables say stand for levels. */
export const ladderRung = (key: string, name: string, ladder: Ladder, cut: Cut): Contender => ({
  key,
  name,
  async run(index) {
    const bytes = cutPacket(ladder.packets[index]!, cut);
    return { bytes: bytes.length, digits: decodeCut(ladder, bytes).digits };
  },
});

/** Every rung without its tokens, each plane with scalar values. */
export const ladderRungs = (ladder: Ladder): readonly Contender[] => {
  const { planes } = ladder.tables.scale;
  const tokens = false;
  return [
    ladderRung('near0', 'occupancy', ladder, { tokens, planes: 0, remainder: false }),
    ...Array.from({ length: planes }, (_, i) => {
      const name = `occupancy and ${i + 1} plane${i === 0 ? '' : 's'}, ${2 ** (i + 1)} levels`;
      return ladderRung(`near${i + 1}`, name, ladder, { tokens, planes: i + 1, remainder: false });
    }),
    ladderRung('lossless', 'lossless: occupancy, planes and remainder', ladder, {
      tokens,
      planes,
      remainder: true,
    }),
  ];
};

const dequantiserFolder = join(home, 'models/tpc-dequant/1');

/** Planes with the learnt dequantiser; nothing where there is none, or none for these planes. */
export const dequantisedRungs = async (
  ladder: Ladder,
  absent: (what: string) => void,
): Promise<readonly Contender[]> => {
  const path = join(dequantiserFolder, 'card.json');
  if (!existsSync(path)) {
    absent('models/tpc-dequant/1');
    return [];
  }
  const card = parseDequantiserCard(readFileSync(path, 'utf8'));
  const { planes } = ladder.tables.scale;
  const numbers = Array.from({ length: planes }, (_, i) => i + 1);
  const known = numbers.map((plane) => levelBoundsOf(ladder.tables, plane).lowest);
  // The bench's harder instrument is not the model's: what it does to it is of interest all the same.
  const instrument = { ...ladder.cards.card, id: card.instruments[0]! };
  const dequantiser = prepareDequantiser(card, instrument, known);
  const model = await openModel({
    path: join(dequantiserFolder, card.model.file),
    file: card.model,
    provider: 'cpu',
  });
  return numbers.map((plane, i) => ({
    key: `dequant${2 ** plane}`,
    name: `${2 ** plane} levels, dequantised by ${card.name}/${card.version}`,
    async run(index) {
      const bytes = cutPacket(ladder.packets[index]!, { tokens: false, planes: plane, remainder: false });
      const { digits, level } = decodeCut(ladder, bytes);
      const hits = { count: digits.count, voxel: digits.voxel, level };
      return { bytes: bytes.length, digits: await dequantise(dequantiser, hits, i, model.run) };
    },
    ...(i === numbers.length - 1 ? { close: () => model.close() } : {}),
  }));
};
