/**
 * Alerts as notices of NASA's General Coordinates Network: the fields of its core schemas Alert, DateTime, Event, Reporter,
 * Statistics and AdditionalInfo (nasa-gcn/gcn-schema), and those a supernova notice adds. Refuses nothing.
 */

import { z } from 'zod';
import type { Notice } from '../../domain/burst.ts';
import { limits } from '../../domain/limits.ts';
import type { Sender } from './snews.ts';

export const gcnNotice = z.object({
  mission: z.string(),
  instrument: z.string(),
  id: z.string(),
  record_number: z.number(),
  alert_datetime: z.string(),
  alert_tense: z.enum(['current', 'archival', 'test']),
  alert_type: z.enum(['initial', 'update', 'retraction']),
  trigger_time: z.string(),
  /** Hz. */
  far: z.number().min(0),
  /** s. */
  rate_duration: z.number(),
  /** As in the notices of Super-Kamiokande: events, and s of the window they are counted in. */
  n_events: z.number(),
  detection_interval: z.number(),
  additional_info: z.string(),
});
export type GcnNotice = z.infer<typeof gcnNotice>;

/** ISO 8601 in UTC with microseconds, as GCN writes instants. @param ms since the epoch */
const microsecondInstant = (ms: number): string => {
  const whole = Math.floor(ms);
  const rest = Math.min(999, Math.floor((ms - whole) * 1000));
  return `${new Date(whole).toISOString().slice(0, 23)}${String(rest).padStart(3, '0')}Z`;
};

export const gcnOf = ({ detectorName, mode }: Sender, { kind, alert, atMs, text }: Notice): GcnNotice => {
  const { burst, drill } = alert;
  const meant = !drill && mode === 'real';
  const old = atMs - burst.lastMs > limits.alertArchivalMs;
  return {
    mission: 'tessera',
    instrument: detectorName,
    id: alert.id,
    record_number: alert.record,
    alert_datetime: microsecondInstant(atMs),
    alert_tense: meant ? (old ? 'archival' : 'current') : 'test',
    alert_type: kind,
    trigger_time: microsecondInstant(burst.firstMs),
    far: burst.falseAlarmsPerSecond,
    rate_duration: burst.windowMs / 1000,
    n_events: burst.weight,
    detection_interval: burst.windowMs / 1000,
    additional_info: text,
  };
};
