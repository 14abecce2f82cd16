/**
 * `tessera export`: the training view of a run as a folder of its own that loaders open as it is. Refuses a run that is not
 * there, and to guess which one is meant.
 */

import { noLabels, parseLabels } from '../../archive/view/labels.ts';
import { parseShares, splits } from '../../archive/view/split.ts';
import { Fault } from '../../domain/fault.ts';
import type { Store } from '../../ports/store.ts';
import type { TableFormat } from '../../ports/table.ts';
import { openArchive } from '../../services/dataset/archive.ts';
import { readInstrument } from '../../services/dataset/cards.ts';
import { exportRun } from '../../services/dataset/description/describe.ts';
import { bytesInWords, grouped, type Output } from '../output.ts';

export interface ExportOptions {
  readonly store: Store;
  readonly format: TableFormat;
  readonly version: string;
  readonly output: Output;
  /** Where the view goes. */
  readonly out: Store;
  /** Null: the only run there is. */
  readonly run: number | null;
  /** As `80,10,10`. */
  readonly split: string;
  readonly guardFrames: number;
  /** A CSV file and what stands in it; null: no truth is known. */
  readonly labels: { readonly file: string; readonly text: string } | null;
  readonly json: boolean;
}

/** The run asked for, or the only one. Throws request-invalid. */
const chosen = async (runs: readonly number[], asked: number | null): Promise<number> => {
  if (asked !== null) return asked;
  if (runs.length === 1) return runs[0]!;
  throw new Fault(
    'request-invalid',
    runs.length === 0
      ? 'the archive has no runs yet'
      : `--run is missing: the archive has runs ${runs.slice(0, 20).join(', ')}`,
  );
};

export const exportArchive = async (options: ExportOptions): Promise<number> => {
  const { store, format, version, output, out, labels: said } = options;
  const archive = await openArchive({ store, format });
  const run = await archive.run(await chosen(await archive.runs(), options.run));
  if (run.file?.state !== 'closed')
    output.note(`run ${run.run} is not closed: what comes later is not in this view`);
  const labels =
    said === null
      ? noLabels
      : parseLabels(
          said.text,
          said.file,
          (await readInstrument(store, run.identity.instrumentHash)).card.regions,
        );
  const view = { shares: parseShares(options.split), guardFrames: options.guardFrames };
  const facts = await exportRun({ store, format, version, view, labels }, run, out);
  if (facts === null || facts.view === null) {
    output.note(`run ${run.run} holds no packets with tokens: nothing to export`);
    return 1;
  }
  const { rows, files, byteCount, guarded, withoutTokens, repeats } = facts.view;
  if (options.json)
    output.print(JSON.stringify({ run: run.run, rows, files, byteCount, guarded, withoutTokens, repeats }));
  else {
    output.print(
      `${splits.map((split) => `${grouped(rows[split])} ${split}`).join(', ')}: ${files.length} files, ${bytesInWords(byteCount)} in ${out.place}`,
    );
    output.print(
      `left out: ${grouped(guarded)} at borders, ${grouped(withoutTokens)} without tokens, ${grouped(repeats)} that repeat an earlier part`,
    );
  }
  const empty = splits.filter((split) => rows[split] === 0 && view.shares[splits.indexOf(split)]! > 0);
  if (empty.length > 0) output.note(`no rows in ${empty.join(' and ')}`);
  return 0;
};
