/**
 * Truth beside the tokens: a CSV file with a line a time frame, or a time frame and region, and a column for each label.
 * Refuses lines that say two things of one frame.
 */

import { Fault } from '../../domain/fault.ts';

/** What is known of frames: `of` gives the labels of one, {} where nobody said. */
export interface Labels {
  readonly names: readonly string[];
  readonly lines: number;
  of(timeFrame: number, region: number): Readonly<Record<string, string>>;
}

export const noLabels: Labels = { names: [], lines: 0, of: () => ({}) };

const wrong = (file: string, line: number, what: string): Fault =>
  new Fault(
    'file-invalid',
    `${file}, line ${line + 1}: ${what}; the first line names the columns: time_frame, region where labels differ by region, and the labels`,
  );

/** Cells without quotes or commas inside: labels are words and numbers. */
const cellsOf = (line: string): string[] =>
  line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));

const reserved = new Set(['start_ns', 'hit_count', 'p_value', 'reason', 'tokens', 'event_tokens']);

/**
 * @param text of the CSV file, @param file its name, for messages
 * @param regionNames of the instrument card: a region is given by name or by index
 */
export const parseLabels = (text: string, file: string, regionNames: readonly string[]): Labels => {
  const lines = text.split(/\r?\n/);
  const head = cellsOf(lines[0] ?? '');
  const [frameAt, regionAt] = [head.indexOf('time_frame'), head.indexOf('region')];
  const names = head.filter((name) => name !== 'time_frame' && name !== 'region');
  if (frameAt < 0 || names.length === 0) throw wrong(file, 0, `columns ${head.join(', ')}`);
  const clash = names.find((name) => reserved.has(name) || /^(patch|object)_/.test(name) || name === '');
  if (clash !== undefined) throw wrong(file, 0, `'${clash}' is a column of the view, or nothing`);
  const found = new Map<string, Record<string, string>>();
  lines.forEach((line, at) => {
    if (at === 0 || line.trim() === '') return;
    const cells = cellsOf(line);
    if (cells.length !== head.length) throw wrong(file, at, `${cells.length} cells, not ${head.length}`);
    const timeFrame = cells[frameAt]!;
    if (!/^\d{1,15}$/.test(timeFrame)) throw wrong(file, at, `'${timeFrame}' is no time frame`);
    let place = '';
    if (regionAt >= 0) {
      const said = cells[regionAt]!;
      const region = /^\d+$/.test(said) ? Number(said) : regionNames.indexOf(said);
      if (region < 0 || region >= regionNames.length) throw wrong(file, at, `'${said}' is no region`);
      place = String(region);
    }
    const key = `${Number(timeFrame)}/${place}`;
    if (found.has(key)) throw wrong(file, at, `time frame ${timeFrame} stands there already`);
    found.set(
      key,
      Object.fromEntries(
        head.flatMap((name, i) =>
          i === frameAt || i === regionAt || cells[i] === '' ? [] : [[name, cells[i]!]],
        ),
      ),
    );
  });
  return {
    names,
    lines: found.size,
    of: (timeFrame, region) => found.get(`${timeFrame}/${regionAt >= 0 ? region : ''}`) ?? {},
  };
};
