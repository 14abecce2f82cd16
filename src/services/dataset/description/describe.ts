/**
 * A run as a dataset others find their way in: its training view, the readiness report, the datasheet (README.md) and
 * `croissant.json`, in this order, because each tells of those before it; beside the run's data, or in a folder of their
 * own. Refuses to say what was not recorded, and to touch a closed run whose manifest it would make wrong.
 */

import { cardsFolder, runFolder } from '../../../archive/names.ts';
import { croissantOf } from '../../../archive/view/croissant.ts';
import { datasheetOf } from '../../../archive/view/datasheet.ts';
import type { DatasetFacts } from '../../../archive/view/facts.ts';
import { type Labels, noLabels } from '../../../archive/view/labels.ts';
import type { SplitRule } from '../../../archive/view/split.ts';
import type { EventModelName } from '../../../domain/archive/event_model.ts';
import type { Store } from '../../../ports/store.ts';
import type { ArchiveParts, OpenRun } from '../archive.ts';
import { readInstrument, readModel } from '../cards.ts';
import { makeReadiness } from './readiness.ts';
import { exportView } from './view.ts';

export interface DescribeParts extends ArchiveParts {
  readonly version: string;
  /** How a training view is cut; null: none is made. */
  readonly view: SplitRule | null;
  readonly labels?: Labels;
}

/** The models whose tokens the run has: those of its first packet, and event, with any; null where it has no packet. */
const modelsOf = async ({ store }: ArchiveParts, run: OpenRun) => {
  let eventModel: EventModelName | null = null;
  for await (const { events, packets } of run.timeFrames()) {
    eventModel ??= events.find((event) => event.eventModel !== null)?.eventModel ?? null;
    for (const { row } of packets)
      if (row.layers.length > 0) return { model: (await readModel(store, row.modelHash)).card, eventModel };
  }
  return null;
};

const describeInto = async (
  parts: DescribeParts,
  run: OpenRun,
  out: { readonly store: Store; readonly folder: string; readonly coded: boolean },
): Promise<DatasetFacts | null> => {
  const { version, view: rule, labels = noLabels } = parts;
  const { store, folder, coded } = out;
  const models = run.seals.length === 0 || run.file === null ? null : await modelsOf(parts, run);
  if (models === null) return null;
  const { model } = models;
  const { card } = await readInstrument(parts.store, run.identity.instrumentHash);
  const viewParts = { store, format: parts.format, run, card, model };
  const view = rule === null ? null : await exportView(viewParts, { rule, labels, folder });
  const facts = { card, ...models, run: run.file!, seals: run.seals, view, version, coded };
  await makeReadiness({ store, run, facts, folder });
  const put = (name: string, text: string): Promise<void> =>
    store.put(folder + name, [new TextEncoder().encode(text)]);
  await put('README.md', datasheetOf(facts));
  await put('croissant.json', croissantOf(facts));
  return facts;
};

/**
 * Makes all that describes a run, in its folder, before its manifest is made; null where it holds nothing that could be
 * described. May be called again. Throws file-invalid where the archive lacks the run's cards.
 */
export const describeRun = (parts: DescribeParts, run: OpenRun): Promise<DatasetFacts | null> =>
  describeInto(parts, run, { store: parts.store, folder: runFolder(run.run), coded: true });

/** The same in a folder of its own, with the cards and decoders a reader needs; the archive is left as it is. */
export const exportRun = async (
  parts: DescribeParts,
  run: OpenRun,
  store: Store,
): Promise<DatasetFacts | null> => {
  const facts = await describeInto(parts, run, { store, folder: '', coded: false });
  if (facts !== null)
    for await (const { name } of parts.store.list(cardsFolder))
      await store.put(name, [await parts.store.read(name)]);
  return facts;
};
