/** Labels as comma-separated values (RFC 4180), one frame a line: a training set. Refuses to change what people wrote. */

import type { MonitorView } from '../../../services/monitor/view.ts';

type Label = Awaited<ReturnType<MonitorView['labels']>>[number];

const columns: readonly (readonly [string, (label: Label) => string | number | undefined])[] = [
  ['id', ({ id }) => id],
  ['run', ({ item }) => item?.run],
  ['time_frame', ({ item }) => item?.timeFrame],
  ['region', ({ item }) => item?.region],
  ['frame_at_ms', ({ item }) => item?.atMs],
  ['cause', ({ item }) => item?.cause],
  ['p_value', ({ item }) => item?.pValue],
  ['where', ({ item }) => item?.where],
  ['label', ({ label }) => label],
  ['comment', ({ comment }) => comment],
  ['who', ({ who }) => who],
  ['labelled_at_ms', ({ atMs }) => atMs],
];

const quoted = (value: string | number | undefined): string => {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** What is not known of a frame that has been forgotten is an empty field. */
export const labelsCsv = (labels: readonly Label[]): string =>
  [columns.map(([name]) => name), ...labels.map((label) => columns.map(([, read]) => quoted(read(label))))]
    .map((row) => `${row.join(',')}\r\n`)
    .join('');
