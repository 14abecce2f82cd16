/**
 * The cards inside an archive: what turns its packets back into hits with nothing but its own files. Refuses a file
 * whose content is not what its name or the card that names it says.
 */

import { cardsFolder } from '../../archive/names.ts';
import type { EventModelCard } from '../../domain/archive/event_model.ts';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { ModelCard } from '../../domain/model.ts';
import type { Store } from '../../ports/store.ts';
import { parseInstrumentCard, parseModelCard } from '../../wire/card.ts';
import { parseEventModelCard } from '../../wire/cards/event_model.ts';
import { sha256Of } from '../../wire/files/sha256.ts';

const read = async (store: Store, name: string): Promise<Uint8Array> => {
  if ((await store.size(name)) !== null) return store.read(name);
  throw new Fault(
    'file-invalid',
    `${name} is missing in ${store.place}: without it packets cannot be decoded`,
  );
};

const textIn = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const isOf = (hash: string, wanted: string, name: string): void => {
  if (hash !== wanted) throw new Fault('file-invalid', `${name} has the hash ${hash}; it was changed`);
};

export interface StoredCard<Card> {
  readonly card: Card;
  /** The JSON as the archive holds it. */
  readonly text: string;
}

export const readInstrument = async (store: Store, hash: string): Promise<StoredCard<InstrumentCard>> => {
  const name = `${cardsFolder}instrument-${hash}.json`;
  const text = textIn(await read(store, name));
  const card = parseInstrumentCard(text);
  isOf(card.hash, hash, name);
  return { card, text };
};

export const readModel = async (store: Store, hash: string): Promise<StoredCard<ModelCard>> => {
  const name = `${cardsFolder}model-${hash}.json`;
  const text = textIn(await read(store, name));
  const card = parseModelCard(text);
  isOf(card.hash, hash, name);
  return { card, text };
};

/** Event models in the archive that name an instrument, the newest first. */
export const readEventModels = async (store: Store, instrumentId: string): Promise<EventModelCard[]> => {
  const found: EventModelCard[] = [];
  for (const file of await store.folder(cardsFolder)) {
    const hash = /^event-([0-9a-f]{16})-/.exec(file)?.[1];
    if (hash === undefined) continue;
    const bytes = await read(store, cardsFolder + file);
    isOf(sha256Of([bytes]).slice(0, 16), hash, cardsFolder + file);
    const card = parseEventModelCard(textIn(bytes));
    if (card.instruments.includes(instrumentId)) found.push(card);
  }
  return found.sort((a, b) => b.version - a.version);
};

/** @param role of the file: tables, scores, encoder, decoder; `named` is how a card names it */
export const readNamed = async (
  store: Store,
  role: string,
  named: { readonly file: string; readonly sha256: string },
): Promise<Uint8Array> => {
  const base = named.file.slice(named.file.lastIndexOf('/') + 1);
  const name = `${cardsFolder}${role}-${named.sha256.slice(0, 16)}-${base}`;
  const bytes = await read(store, name);
  isOf(sha256Of([bytes]), named.sha256, name);
  return bytes;
};

/** Static tables of the ladder as text; null for an instrument without them. */
export const readLadderTables = async (store: Store, card: InstrumentCard): Promise<string | null> =>
  card.tables === undefined ? null : textIn(await readNamed(store, 'tables', card.tables));
