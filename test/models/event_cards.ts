/** The event models that are shipped, through the real parser. */

import { readFileSync } from 'node:fs';
import type { EventModelCard } from '../../src/domain/archive/event_model.ts';
import { parseEventModelCard } from '../../src/wire/cards/event_model.ts';

export const shippedEventModels = ['event-fsq-auau', 'event-fsq-pp'] as const;

export const eventFile = (name: string, file: string): Buffer =>
  readFileSync(new URL(`../../models/${name}/1/${file}`, import.meta.url));

const cards = new Map<string, EventModelCard>();
export const eventCardOf = (name: string): EventModelCard => {
  const known = cards.get(name) ?? parseEventModelCard(eventFile(name, 'card.json').toString());
  cards.set(name, known);
  return known;
};
