/**
 * From bursts to alerts: one alert a burst, with an initial notice, updates as it grows and ends, and a retraction when it
 * was none. Pure. Refuses, with a sentence, to retract what is not there or is retracted already.
 */

import type { Alert, AlertBook, AlertCommand, Burst, BurstTelling, Notice } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';

export const emptyAlertBook: AlertBook = { alerts: [], bursts: 0 };

export interface AlertStep {
  readonly book: AlertBook;
  readonly notices: readonly Notice[];
  /** null: done. */
  readonly fault: string | null;
}

/** 2026-05-04T03:02:01.123Z as 20260504T030201123Z: names of files and topics' keys allow it. */
const compact = (ms: number): string => new Date(ms).toISOString().replace(/[-:.]/g, '');
const figure = (value: number): string => String(Number(value.toPrecision(3)));

const sentence = (burst: Burst): string =>
  `${figure(burst.windowWeight)} rare time frames in ${figure(burst.windowMs / 1000)} s, full from ${figure(burst.threshold)} on; ` +
  `${figure(burst.weight)} since it began, background ${figure(burst.backgroundPerSecond)} a second`;

/** Puts an alert in its place and says so. */
const tell = (book: AlertBook, kind: Notice['kind'], alert: Alert, atMs: number, text: string): AlertStep => {
  const told: Alert = { ...alert, record: alert.record + 1 };
  const others = book.alerts.filter(({ id }) => id !== alert.id);
  const known = others.length < book.alerts.length;
  const alerts = known
    ? book.alerts.map((one) => (one.id === alert.id ? told : one))
    : [told, ...others].slice(0, limits.alertsKept);
  return { book: { ...book, alerts }, notices: [{ kind, alert: told, atMs, text }], fault: null };
};

/** @param atMs the broker's time, ms since the epoch */
export const takeTelling = (book: AlertBook, { kind, burst }: BurstTelling, atMs: number): AlertStep => {
  if (kind === 'begun') {
    const alert: Alert = {
      id: `burst-${compact(burst.firstMs)}`,
      record: 0,
      burst,
      phase: 'open',
      drill: false,
    };
    return tell({ ...book, bursts: book.bursts + 1 }, 'initial', alert, atMs, sentence(burst));
  }
  const open = book.alerts.find(({ phase, drill }) => phase === 'open' && !drill);
  // A person retracted it: there is no more to say of it.
  if (open === undefined) return { book, notices: [], fault: null };
  if (kind === 'grown') return tell(book, 'update', { ...open, burst }, atMs, sentence(burst));
  if (kind === 'ended')
    return tell(book, 'update', { ...open, burst, phase: 'over' }, atMs, `over: ${sentence(burst)}`);
  const why = `no burst but another rate: it has lasted ${figure((burst.lastMs - burst.firstMs) / 60_000)} min`;
  return tell(book, 'retraction', { ...open, burst, phase: 'retracted' }, atMs, why);
};

/** A burst nobody has seen: ten events in a second. */
const drillBurst = (atMs: number): Burst => ({
  firstMs: atMs - 1000,
  lastMs: atMs - 100,
  weight: 10,
  expected: 0,
  windowMs: 1000,
  windowWeight: 10,
  threshold: 10,
  falseAlarmsPerSecond: 0,
  pValue: 0,
  backgroundPerSecond: 0,
  instantsMs: Array.from({ length: 10 }, (_, i) => atMs - 1000 + 100 * i),
});

/** @param atMs the broker's time of the command, ms since the epoch */
export const obey = (book: AlertBook, asked: AlertCommand, atMs: number): AlertStep => {
  const by = `${asked.who}${asked.why === '' ? '' : `: ${asked.why}`}`;
  if (asked.command === 'fire-drill') {
    const alert: Alert = {
      id: `drill-${compact(atMs)}`,
      record: 0,
      burst: drillBurst(atMs),
      phase: 'over',
      drill: true,
    };
    return tell(book, 'initial', alert, atMs, `fire drill by ${by}`);
  }
  const found = asked.alert === 'latest' ? book.alerts[0] : book.alerts.find(({ id }) => id === asked.alert);
  if (found === undefined) return { book, notices: [], fault: `there is no alert ${asked.alert}` };
  if (found.phase === 'retracted') return { book, notices: [], fault: `${found.id} is retracted already` };
  return tell(book, 'retraction', { ...found, phase: 'retracted' }, atMs, `retracted by ${by}`);
};

/** What shows that a burst is going on: its sentence; null when none is. */
export const openBurst = (book: AlertBook): string | null => {
  const open = book.alerts.find(({ phase, drill }) => phase === 'open' && !drill);
  return open === undefined ? null : sentence(open.burst);
};
