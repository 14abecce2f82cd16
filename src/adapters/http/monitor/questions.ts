/**
 * What may stand in a question to the monitor: parts of paths, queries and bodies, each with its bounds. Refuses what is
 * not listed, and says what may be.
 */

import { z } from 'zod';
import { limits } from '../../../domain/limits.ts';
import { spans } from '../../../dqm/board.ts';
import type { ShiftAct } from '../../../services/monitor/view.ts';

/** Regions, objects, causes, ids of frames. */
export const name = z.string().min(1).max(limits.nameBytesMax);
export const whole = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** ms since the epoch. */
export const instant = z.coerce.number().min(0).max(8.64e15).meta({ description: 'ms since the epoch' });
export const probability = z.coerce.number().min(0).max(1);
export const span = z
  .enum(spans)
  .default('run')
  .meta({ description: 'cycle: the last one; moving: the last minute; run: since its start' });
export const version = whole.optional().meta({ description: 'number of a past cycle or run; absent: now' });
export const limit = z.coerce.number().int().min(1).max(limits.monitorAnomaliesMax).default(100);
export const names = z
  .string()
  .transform((list) => list.split(',').filter((one) => one !== ''))
  .refine((list) => list.length >= 1 && list.length <= limits.monitorTrendsMax, {
    error: `1 to ${limits.monitorTrendsMax} names with commas between, as /api/v1/trend-names lists them`,
  })
  .meta({ description: 'names with commas between' });
export const part = z
  .enum(['values', 'reference', 'pulls'])
  .default('values')
  .meta({ description: 'values, the combined reference scaled to them, or (value − reference) / σ' });
export const bin = whole
  .optional()
  .meta({ description: 'of three axes: this bin of the innermost alone, as two axes' });
/** What JSROOT adds to its questions and needs no answer. */
export const ignored = z.string().max(64).optional();
export const layoutName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u, '1 to 64 letters, digits, spaces, dots, dashes')
  .refine((text) => !['__proto__', 'constructor'].includes(text), 'not this name');
export const layout = z
  .record(z.string(), z.unknown())
  .meta({ description: 'a layout as the page makes and reads it' });

const who = z.string().trim().min(1).max(limits.alarmNameCharsMax);
const why = z.string().trim().max(limits.alarmTextCharsMax);
const said = z.string().trim().min(1).max(limits.alarmTextCharsMax);
const runs = z.array(z.number().int().min(0)).min(1).max(limits.dqmReferencesMax);
const cause = name;
const activity = name;

export const act: z.ZodType<ShiftAct> = z.discriminatedUnion('act', [
  z.strictObject({ act: z.enum(['acknowledge', 'unshelve']), cause, who, why }),
  z.strictObject({
    act: z.literal('shelve'),
    cause,
    who,
    why,
    minutes: z
      .number()
      .min(1)
      .max(limits.alarmShelveMsMax / 60_000),
  }),
  z.strictObject({ act: z.literal('comment'), cause, who, why: said }),
  z.strictObject({ act: z.enum(['choose', 'pin']), activity, runs, who, why }),
  z.strictObject({ act: z.literal('release'), activity, who, why }),
  z.strictObject({ act: z.literal('label'), id: name, label: name, comment: why, who }),
]);
