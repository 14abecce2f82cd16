/**
 * Alerts in words: notices in the form of GCN, messages in the form of SNEWS, and the state they go on from. Refuses a
 * form it does not know by showing it as it is.
 */

import { readAlert } from '../../wire/alerts/message.ts';
import { decodeAlertState } from '../../wire/alerts/state.ts';
import { heading, type Told } from './told.ts';

export const alertHeadings = {
  alert: heading(['at'], ['form'], ['kind'], ['meant'], ['alert'], ['record', 'right'], ['text']),
  'alert-state': heading(
    ['bursts', 'right'],
    ['alerts', 'right'],
    ['background/s', 'right'],
    ['watched until'],
  ),
} as const;

const meantOf = (isTest: boolean, isDrill: boolean): string =>
  isDrill ? 'fire drill' : isTest ? 'test' : 'real';

/** Columns as under the heading. */
const rowOf = (bytes: Uint8Array): string[] | null => {
  const alert = readAlert(bytes);
  if (alert === null) return null;
  if (alert.form === 'gcn') {
    const { alert_datetime, alert_type, alert_tense, id, record_number, additional_info } = alert.message;
    const meant = alert_tense === 'current' ? 'real' : alert_tense;
    return [alert_datetime, 'gcn', alert_type, meant, id, String(record_number), additional_info];
  }
  const { message } = alert;
  const { tier, sent_time_utc, is_test, is_firedrill, meta } = message;
  const said =
    tier === 'Heartbeat' ? message.detector_status : tier === 'Retraction' ? message.retraction_reason : '';
  const [of, record] = [String(meta?.alert ?? ''), String(meta?.record_number ?? '')];
  return [sent_time_utc, 'snews', tier, meantOf(is_test, is_firedrill), of, record, said];
};

const alertTold = (bytes: Uint8Array): Told => {
  const text = new TextDecoder().decode(bytes);
  const row = rowOf(bytes);
  if (row === null)
    return { kind: 'json', row: [text.slice(0, 200)], full: [['text', text]], data: { text } };
  const { names } = alertHeadings.alert;
  return {
    kind: 'alert',
    row,
    full: row.map((cell, i): [string, string] => [names[i]!, cell]),
    data: JSON.parse(text) as Record<string, unknown>,
  };
};

const stateTold = (bytes: Uint8Array): Told => {
  const { book, finder, watchedMs } = decodeAlertState(bytes);
  const { slots } = finder.background;
  const seconds = slots.reduce((sum, { liveMs }) => sum + liveMs / 1000, 0);
  const weight = slots.reduce((sum, slot) => sum + slot.weight, 0);
  const rate = seconds > 0 ? String(Number((weight / seconds).toPrecision(3))) : 'not known yet';
  const until = watchedMs === null ? '–' : new Date(watchedMs).toISOString();
  const row = [String(book.bursts), String(book.alerts.length), rate, until];
  return {
    kind: 'alert-state',
    row,
    full: [
      ['bursts', row[0]!],
      ['background', `${rate} a second`],
      ['watched until', until],
      ...book.alerts.map(({ id, phase, record }): [string, string] => [id, `${phase}, ${record} notices`]),
    ],
    data: { bursts: book.bursts, alerts: book.alerts, watchedMs },
  };
};

export const alertTellers = { alert: alertTold, 'alert-state': stateTold } as const;
