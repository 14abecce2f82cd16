/**
 * The HTML report beside the JSON: every part's note, plots, table and ratios in one file without scripts. Refuses to
 * leave a row out.
 */

import { plotSvg } from '../../../src/archive/report/plot.ts';
import type { PartResult, Row } from './part.ts';

const text = (raw: string): string =>
  raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const cell = (value: Row[string] | undefined): string =>
  value === undefined || value === null
    ? '–'
    : typeof value === 'number'
      ? String(Number(value.toPrecision(4)))
      : text(value);

/** Rows with the same columns make one table. */
const tables = (rows: readonly Row[]): string => {
  const byColumns = new Map<string, Row[]>();
  for (const row of rows) {
    const columns = Object.keys(row).join('\u0000');
    byColumns.set(columns, [...(byColumns.get(columns) ?? []), row]);
  }
  return [...byColumns.entries()]
    .map(([columns, group]) => {
      const names = columns.split('\u0000');
      const head = names.map((name) => `<th>${text(name)}</th>`).join('');
      const body = group
        .map((row) => `<tr>${names.map((name) => `<td>${cell(row[name])}</td>`).join('')}</tr>`)
        .join('\n');
      return `<table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table>`;
    })
    .join('\n');
};

const style =
  'body{font:14px sans-serif;margin:2em;max-width:1350px;color:#222}table{border-collapse:collapse;margin:1em 0;font-size:12px}' +
  'td,th{border:1px solid #ddd;padding:2px 6px;text-align:right}td:first-child,th:first-child{text-align:left}svg{margin:4px}';

export const reportHtml = (
  head: { readonly machine: string; readonly version: string; readonly seed: number },
  parts: readonly { readonly title: string; readonly result: PartResult }[],
): string => {
  const sections = parts.map(({ title, result: { note, plots = [], rows, ratios } }) =>
    [
      `<h2>${text(title)}</h2><p>${text(note)}</p>`,
      ...plots.map(plotSvg),
      '<details open><summary>Figures</summary>',
      tables([Object.fromEntries(Object.entries(ratios))]),
      '</details><details><summary>Rows</summary>',
      tables(rows),
      '</details>',
    ].join('\n'),
  );
  return [
    '<!doctype html><meta charset="utf-8"><title>tessera bench anomaly</title>',
    `<style>${style}</style><h1>Anomaly scores, measured</h1>`,
    `<p>tessera ${text(head.version)} on ${text(head.machine)}, seed ${head.seed}. All frames are simulated.</p>`,
    ...sections,
    '',
  ].join('\n');
};
