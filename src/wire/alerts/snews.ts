/**
 * Alerts as messages of SNEWS 2.0 (the package snews-data-formats 1.1.1, schema 0.2): a coincidence, a significance and a timing tier
 * message for each notice of a burst, retractions of all three, and heartbeats. Refuses nothing.
 */

import { z } from 'zod';
import type { AlertMode, Burst, Notice } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import { hashKey } from '../../kernels/prng.ts';

const schemaVersion = '0.2';

/** Who speaks, and whether it is meant. */
export interface Sender {
  readonly detectorName: string;
  readonly mode: AlertMode;
}

const head = {
  id: z.string(),
  uuid: z.string(),
  sent_time_utc: z.string(),
  machine_time_utc: z.string(),
  is_pre_sn: z.boolean(),
  is_test: z.boolean(),
  is_firedrill: z.boolean(),
  meta: z.record(z.string(), z.unknown()).nullable(),
  schema_version: z.string(),
  detector_name: z.string(),
};
const pValue = z.number().min(0).max(1);

export const snewsMessage = z.discriminatedUnion('tier', [
  z.object({ ...head, tier: z.literal('CoincidenceTier'), p_val: pValue, neutrino_time_utc: z.string() }),
  z.object({
    ...head,
    tier: z.literal('SignificanceTier'),
    p_val: pValue,
    p_values: z.array(pValue).max(limits.alertBinsMax),
    t_bin_width_sec: z.number().min(0),
  }),
  z.object({
    ...head,
    tier: z.literal('TimingTier'),
    p_val: pValue,
    neutrino_time_utc: z.string(),
    start_time_utc: z.string(),
    /** ns since the start. */
    timing_series: z.array(z.number().int().min(0)).min(1).max(limits.burstInstantsTold),
    background_rate_Hz: z.number().min(0),
  }),
  z.object({
    ...head,
    tier: z.literal('Retraction'),
    retract_message_uuid: z.string(),
    retract_latest_n: z.literal(0),
    retraction_reason: z.string(),
  }),
  z.object({ ...head, tier: z.literal('Heartbeat'), detector_status: z.enum(['ON', 'OFF']) }),
]);
export type SnewsMessage = z.infer<typeof snewsMessage>;

/** ISO 8601 in UTC with nanoseconds, as SNEWS writes instants. @param ms since the epoch */
export const nanosecondInstant = (ms: number): string => {
  const whole = Math.floor(ms);
  const rest = Math.min(999_999, Math.floor((ms - whole) * 1e6));
  return `${new Date(whole).toISOString().slice(0, 23)}${String(rest).padStart(6, '0')}Z`;
};

/** A UUID that is a function of a name (RFC 9562, version 8): who publishes a notice again says the same. */
const uuidOf = (name: string): string => {
  const bytes = [...new TextEncoder().encode(name)];
  const hex = [1, 2, 3, 4]
    .map((part) =>
      hashKey([part, ...bytes])
        .toString(16)
        .padStart(8, '0'),
    )
    .join('');
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
};

type Tier = SnewsMessage['tier'];
const tiersOfBurst = ['CoincidenceTier', 'SignificanceTier', 'TimingTier'] as const;

const headOf = (
  sender: Sender,
  tier: Tier,
  name: string,
  sentMs: number,
  machineMs: number,
  drill: boolean,
) => {
  const id = `${sender.detectorName}_${tier}_${name}`;
  return {
    id,
    uuid: uuidOf(id),
    sent_time_utc: nanosecondInstant(sentMs),
    machine_time_utc: nanosecondInstant(machineMs),
    is_pre_sn: false,
    is_test: sender.mode === 'test',
    is_firedrill: drill || sender.mode === 'firedrill',
    schema_version: schemaVersion,
    detector_name: sender.detectorName,
  };
};

/** P(Poisson(mean) ≥ count). */
const poissonTail = (mean: number, count: number): number => {
  let [term, below] = [Math.exp(-mean), 0];
  for (let k = 0; k < count; k++) {
    below += term;
    term *= mean / (k + 1);
  }
  let above = 0;
  for (let k = count; term > 1e-12 * above && k < count + 1000; k++) {
    above += term;
    term *= mean / (k + 1);
  }
  return count > mean ? Math.min(1, above) : Math.max(0, 1 - below);
};

/** How improbable each bin of a tenth of the window is by background, from the first event on. */
const binsOf = ({ firstMs, windowMs, instantsMs, backgroundPerSecond }: Burst) => {
  const binMs = windowMs / 10;
  const last = instantsMs.at(-1) ?? firstMs;
  const count = Math.min(limits.alertBinsMax, Math.floor((last - firstMs) / binMs) + 1);
  const counts = new Array<number>(count).fill(0);
  for (const atMs of instantsMs) {
    const bin = Math.floor((atMs - firstMs) / binMs);
    if (bin < count) counts[bin]! += 1;
  }
  const mean = (backgroundPerSecond * binMs) / 1000;
  return { pValues: counts.map((n) => poissonTail(mean, n)), seconds: binMs / 1000 };
};

/** The messages of one notice; a retraction names the three of the first notice. */
export const snewsOf = (sender: Sender, { kind, alert, atMs, text }: Notice): SnewsMessage[] => {
  const { burst, drill, record } = alert;
  const meta = { alert: alert.id, record_number: record, alert_type: kind, text };
  const [sentMs, machineMs] = [atMs, burst.firstMs];
  if (kind === 'retraction')
    return tiersOfBurst.map((tier) => ({
      ...headOf(sender, 'Retraction', `${alert.id}_${record}_${tier}`, sentMs, machineMs, drill),
      tier: 'Retraction',
      meta,
      retract_message_uuid: uuidOf(`${sender.detectorName}_${tier}_${alert.id}_1`),
      retract_latest_n: 0,
      retraction_reason: text,
    }));
  const headFor = (tier: Tier) => ({
    ...headOf(sender, tier, `${alert.id}_${record}`, sentMs, machineMs, drill),
    meta,
    p_val: burst.pValue,
  });
  const bins = binsOf(burst);
  const first = nanosecondInstant(burst.firstMs);
  return [
    {
      ...headFor('CoincidenceTier'),
      tier: 'CoincidenceTier',
      neutrino_time_utc: first,
    },
    {
      ...headFor('SignificanceTier'),
      tier: 'SignificanceTier',
      p_values: bins.pValues,
      t_bin_width_sec: bins.seconds,
    },
    {
      ...headFor('TimingTier'),
      tier: 'TimingTier',
      neutrino_time_utc: first,
      start_time_utc: first,
      timing_series: burst.instantsMs.map((ms) => Math.round((ms - burst.firstMs) * 1e6)),
      background_rate_Hz: burst.backgroundPerSecond,
    },
  ];
};

/** @param atMs the broker's time, ms since the epoch */
export const snewsHeartbeat = (sender: Sender, on: boolean, atMs: number): SnewsMessage => ({
  ...headOf(sender, 'Heartbeat', nanosecondInstant(atMs), atMs, atMs, false),
  tier: 'Heartbeat',
  meta: null,
  detector_status: on ? 'ON' : 'OFF',
});
