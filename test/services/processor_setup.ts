/** What a processor needs in a test: the p+p instrument with its real model in an inline lane, and settings. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryLane } from '../../src/adapters/memory/lane.ts';
import { openLane } from '../../src/lane.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Lane } from '../../src/ports/lane.ts';
import type { ProcessorSettings } from '../../src/services/processor.ts';
import { parseInstrumentCard, parseModelCard } from '../../src/wire/card.ts';

const root = join(import.meta.dirname, '../..');
export const card = parseInstrumentCard(readFileSync(join(root, 'instruments/sphenix-tpc-pp.json'), 'utf8'));
const modelFolder = join(root, 'models', card.model.name, String(card.model.version));
const model = parseModelCard(readFileSync(join(modelFolder, 'card.json'), 'utf8'));

export const openRealLane = async (clock: Clock): Promise<Lane> => {
  const encoderPath = join(modelFolder, model.encoder.file);
  const ladderTables = readFileSync(join(root, 'instruments', card.tables!.file), 'utf8');
  const setup = { instrument: card, model, encoderPath, ladderTables, provider: 'cpu' } as const;
  return createMemoryLane(await openLane(setup, clock));
};

type Own = Pick<ProcessorSettings, 'policy' | 'policyIntervalMs'> & Partial<ProcessorSettings>;

export const processorSettings = (own: Own): ProcessorSettings => ({
  group: 'test',
  delivery: 'exactly-once',
  overload: 'wait',
  shedAfterMs: 5000,
  onAssigned: () => {},
  ...own,
});
