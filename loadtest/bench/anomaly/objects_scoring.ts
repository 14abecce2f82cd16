/**
 * Scores of simulated trigger events as the lane makes them, and the baselines beside: scalar sums of pT and MET.
 * Refuses nothing; what scores cost is measured here too, in the same run as tokenizing.
 */

import { join } from 'node:path';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { openObjectJudge, openObjectScorers } from '../../../src/anomaly/scores/object_scores.ts';
import type { ObjectScoreTables } from '../../../src/anomaly/scores/object_tables.ts';
import { surveyColumns } from '../../../src/anomaly/scores/scorers.ts';
import type { Cards } from '../../../src/assemble.ts';
import type { ObjectsCard } from '../../../src/domain/instrument.ts';
import { limits } from '../../../src/domain/limits.ts';
import { openGatherer } from '../../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../../src/kernels/patches/patch.ts';
import { classes, type ObjectEvent } from '../../../src/sim/objects/stream.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';
import { median } from '../../measure.ts';

export interface ScoredEvents {
  readonly count: number;
  /** Crossings looked at for them. */
  readonly tries: number;
  /** Which PYTHIA event each was made of, by class and list; −1 where it was none. */
  readonly sources: Int32Array;
  readonly scores: ReadonlyMap<string, Float64Array>;
  /** Numbers each event has, and the sum of its pT in steps. */
  readonly hitCounts: Float64Array;
  readonly charges: Float64Array;
}

/** Mean rarities of these scores; which, was chosen with training-half events. */
export const combinations: Readonly<Record<string, readonly string[]>> = {
  'latent + feature': ['latent', 'feature'],
  'latent + feature + HT + MET': ['latent', 'feature', 'HT', 'MET'],
};

const baselines = ['HT', 'sum pT', 'MET'] as const;

export const openObjectScoring = async (
  { model, modelFolder }: Cards,
  card: ObjectsCard,
  tables: ObjectScoreTables,
) => {
  const scorers = openObjectScorers(card, model, tables);
  const judge = openObjectJudge(tables, card);
  const grid = patchGrid(card);
  const gatherer = openGatherer(grid, card.adcBits, Uint8Array.from(model.inputTable), scorers.spareBytes);
  const watch = scorers.watch(gatherer)!;
  const encoder = await openModel({
    path: join(modelFolder, model.encoder.file),
    file: model.encoder,
    provider: 'cpu',
  });
  const layout = recordLayout(card);
  const framesMax = limits.jobFramesMax;
  const rowsMax = framesMax * grid.patchCount;
  const bite = {
    opens: new Array<{ hitCount: number } | null>(framesMax).fill(null),
    firstRow: new Uint32Array(framesMax),
    rowCount: new Uint32Array(framesMax),
    symbols: new Uint8Array(rowsMax * model.symbolsPerPatch),
    surveyed: new Float64Array(framesMax * surveyColumns),
  };
  const rows = {
    patches: new Uint32Array(rowsMax),
    cells: new Uint8Array(rowsMax * grid.cellsPerPatch),
  };
  const groupOf = (name: string): number => card.groups.findIndex((group) => group.name === name);
  const [met, jet] = [groupOf('met'), groupOf('jet')];
  const pt = card.fields.findIndex(({ name }) => name === 'pt');
  const step = card.fields[pt]!.step;
  const hold = ({ records }: ObjectEvent): void => {
    const { count, voxel, adc } = digitsOfRecords(records, layout);
    gatherer.hits.voxel.set(voxel);
    gatherer.hits.adc.set(adc);
    gatherer.hits.count = count;
  };
  /** Fills a bite with events from `from` on; returns how many rows. */
  const fill = (events: readonly ObjectEvent[]): number => {
    let row = 0;
    events.forEach((event, frame) => {
      hold(event);
      bite.firstRow[frame] = row;
      bite.rowCount[frame] = gatherer.gather(rows, row);
      bite.opens[frame] = { hitCount: gatherer.hits.count };
      watch(bite.rowCount[frame]!, 0, gatherer.hits.count, bite.surveyed, frame * surveyColumns);
      row += bite.rowCount[frame]!;
    });
    return row;
  };
  const bites = function* (count: number, eventOf: (number: number) => ObjectEvent) {
    for (let from = 0; from < count; from += framesMax)
      yield {
        from,
        events: Array.from({ length: Math.min(framesMax, count - from) }, (_, i) => eventOf(from + i)),
      };
  };
  return {
    names: scorers.names,
    async score(count: number, eventOf: (number: number) => ObjectEvent): Promise<ScoredEvents> {
      const scores = new Map([...scorers.names, ...baselines].map((name) => [name, new Float64Array(count)]));
      const [hitCounts, charges] = [new Float64Array(count), new Float64Array(count)];
      const out = new Float64Array(scorers.names.length);
      const sources = new Int32Array(count);
      let tries = 0;
      for (const { from, events } of bites(count, eventOf)) {
        const rowCount = fill(events);
        await encoder.run(rows.cells, rowCount, bite.symbols);
        events.forEach((event, frame) => {
          tries += event.tries;
          sources[from + frame] =
            event.source < 0 ? -1 : classes.indexOf(event.class) * 2 ** 20 + event.source;
          scorers.scoreFrame(bite, frame, out, 0);
          hitCounts[from + frame] = bite.opens[frame]!.hitCount;
          charges[from + frame] = scorers.totalCharge(bite, frame);
          scorers.names.forEach((name, i) => {
            scores.get(name)![from + frame] = out[i]!;
          });
          for (const { group, values } of event.records) {
            const gev = values[pt]! * step;
            if (group === met) scores.get('MET')![from + frame] = gev;
            else scores.get('sum pT')![from + frame]! += gev;
            if (group === jet) scores.get('HT')![from + frame]! += gev;
          }
        });
      }
      return { count, tries, sources, scores, hitCounts, charges };
    },
    /** Nanoseconds a frame of tokenizing and of each kind of score; medians of several rounds. */
    async cost(count: number, eventOf: (number: number) => ObjectEvent) {
      const spent = { tokenizing: [] as number[], networks: [] as number[], surprise: [] as number[] };
      const out = new Float64Array(scorers.names.length);
      for (const { events } of bites(count, eventOf)) {
        const rowCount = fill(events);
        const began = performance.now();
        await encoder.run(rows.cells, rowCount, bite.symbols);
        const tokenized = performance.now();
        for (let frame = 0; frame < events.length; frame++) scorers.scoreFrame(bite, frame, out, 0);
        const surprised = performance.now();
        for (let frame = 0; frame < events.length; frame++)
          judge(gatherer.hits, bite.surveyed, frame * surveyColumns);
        const judged = performance.now();
        spent.tokenizing.push(((tokenized - began) * 1e6) / events.length);
        spent.surprise.push(((surprised - tokenized) * 1e6) / events.length);
        spent.networks.push(((judged - surprised) * 1e6) / events.length);
      }
      const [tokenizing, networks, surprise] = [
        median(spent.tokenizing),
        median(spent.networks),
        median(spent.surprise),
      ];
      const share = networks / tokenizing;
      return {
        share,
        row: {
          'tokenizing, ns a frame': tokenizing,
          'latent and feature, ns a frame': networks,
          'token surprise, ns a frame': surprise,
          'latent and feature over tokenizing': share,
        },
      };
    },
    close: () => encoder.close(),
  };
};
