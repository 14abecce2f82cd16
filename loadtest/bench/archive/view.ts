/** What a training view of an archived run weighs, and how fast it is made. Refuses to leave a packet with tokens out. */

import { createMemoryStore } from '../../../src/adapters/memory/store.ts';
import { noLabels } from '../../../src/archive/view/labels.ts';
import type { InstrumentCard } from '../../../src/domain/instrument.ts';
import type { ModelCard } from '../../../src/domain/model.ts';
import type { Store } from '../../../src/ports/store.ts';
import type { TableFormat } from '../../../src/ports/table.ts';
import { openArchive, type TimeFrameChoice } from '../../../src/services/dataset/archive.ts';
import { exportView } from '../../../src/services/dataset/description/view.ts';

export interface ViewCost {
  readonly rows: number;
  readonly byteCount: number;
  readonly seconds: number;
}

/** Time frames that are weighed: 1152 packets of 24 regions, of which Au+Au's take longest. */
const viewedTimeFrames = 48;

/** The run's first time frames in one part, so that what repeats in a made run is weighed as often as it comes. */
export const viewCostOf = async (
  archived: Store,
  format: TableFormat,
  { card, model }: { readonly card: InstrumentCard; readonly model: ModelCard },
): Promise<ViewCost> => {
  const archive = await openArchive({ store: archived, format });
  const run = await archive.run((await archive.runs())[0]!);
  const least = Math.min(...run.seals.flatMap(({ timeFrames }) => timeFrames?.[0] ?? []));
  const end = least + viewedTimeFrames;
  let packets = 0;
  for await (const { packets: stored } of run.timeFrames({ from: least, to: end - 1 }))
    packets += stored.filter(({ row }) => row.layers.length > 0).length;
  const seals = run.seals.map((seal) => ({ ...seal, timeFrames: [least, end - 1] as [number, number] }));
  const viewed = {
    ...run,
    seals,
    timeFrames: (asked: TimeFrameChoice = {}) =>
      run.timeFrames({ ...asked, to: Math.min(asked.to ?? end - 1, end - 1) }),
  };
  const beginMs = performance.now();
  const parts = { store: createMemoryStore(), format, run: viewed, card, model };
  const rule = { shares: [1, 0, 0], guardFrames: 0 } as const;
  const view = await exportView(parts, { rule, labels: noLabels, folder: '' });
  if (view === null || view.rows.train !== packets)
    throw new Error(`the view has ${view?.rows.train} of ${packets} packets`);
  return { rows: packets, byteCount: view.byteCount, seconds: (performance.now() - beginMs) / 1000 };
};
