/**
 * Writes the events that the models of trigger objects are trained and judged on, as NumPy arrays: `train.npy`,
 * `choose.npy`, `test.npy` (normal stream, uint16 [events, 57]: integer + 1, 0 = no object), `<signal>_look.npy` for each
 * signal. Settings are chosen with `choose` and `look`, which are of the training half.
 * Refuses nothing; the same files come out each time.
 *
 *     node models/train/l1_make_events.ts FOLDER
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { home } from '../../src/assemble.ts';
import type { ObjectsCard } from '../../src/domain/instrument.ts';
import { encodeNpy } from '../../src/sim/export.ts';
import { readLists, vectorWriter } from '../../src/sim/objects/lists.ts';
import { type ObjectEvent, openObjectStream, signals } from '../../src/sim/objects/stream.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder to write the npy files into');
const [trainEvents, chooseEvents, testEvents, signalEvents] = [120_000, 200_000, 30_000, 4_000];
const text = readFileSync(join(home, 'instruments/l1-objects.json'), 'utf8');
const card = parseInstrumentCard(text) as ObjectsCard;
const lists = readLists((name) => readFileSync(join(home, 'models/particles', `${name}.bin`)));
const { cells, write } = vectorWriter(card);

const save = (name: string, count: number, event: (number: number) => ObjectEvent): void => {
  const data = new Uint16Array(count * cells);
  for (let n = 0; n < count; n++) write(event(n), data, n * cells);
  writeFileSync(join(folder, `${name}.npy`), encodeNpy({ data, shape: [count, cells] }));
  process.stderr.write(`${name}: ${count} events\n`);
};

mkdirSync(folder, { recursive: true });
const train = openObjectStream(card, lists, { seed: 31, split: 'train' });
const choose = openObjectStream(card, lists, { seed: 33, split: 'train' });
const test = openObjectStream(card, lists, { seed: 32, split: 'test' });
save('train', trainEvents, (n) => train.normal(n));
save('choose', chooseEvents, (n) => choose.normal(n));
save('test', testEvents, (n) => test.normal(n));
// Of the training half: what is looked at while settings are chosen is not what is measured on.
for (const name of signals) save(`${name}_look`, signalEvents, (n) => train.of(name, n));
