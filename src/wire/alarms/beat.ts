/**
 * What alarms are judged by in a heartbeat: the figures of its JSON, and no more of it. Refuses, by null, the
 * heartbeats of other software and what does not hold the figures: the status topic belongs to all services.
 */

import { z } from 'zod';
import { severities } from '../../domain/alarm.ts';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { decodeStatus } from '../status.ts';

const count = z.number().min(0);
const message = z.object({
  atMs: z.number(),
  uptimeMs: count,
  state: z.enum(['starting', 'running', 'draining', 'stopped']),
  books: z
    .array(z.object({ service: z.string(), received: count, refused: count, balanced: z.boolean() }))
    .min(1)
    .max(64),
  latency: z
    .array(z.object({ stage: z.string(), p99Ms: z.number().nullable(), budgetMs: z.number() }))
    .max(64),
  flow: z.object({
    lagFrames: count,
    partitions: count,
    pressure: z.enum(['none', 'shed-refinement', 'shed-frames']),
  }),
  out: z.object({ framesPerSecond: count }),
  refused: z.array(z.object({ code: z.string(), count })).max(128),
  // Services of an earlier version say none.
  conditions: z
    .array(z.object({ cause: z.string(), severity: z.enum(severities), total: count, message: z.string() }))
    .max(limits.alarmCausesMax)
    .default([]),
});

/** The figures of one heartbeat; fields as in `StatusSnapshot`. */
export interface Beat extends z.infer<typeof message> {
  readonly serviceId: string;
}

/** Throws nothing; null is a heartbeat that alarms are not judged by. */
export const readBeat = (bytes: Uint8Array): Beat | null => {
  try {
    const { softwareName, serviceId, statusJson } = decodeStatus(bytes);
    if (softwareName !== 'tessera') return null;
    const parsed = z.object({ message }).safeParse(JSON.parse(statusJson));
    return parsed.success ? { ...parsed.data.message, serviceId } : null;
  } catch (error) {
    if (error instanceof Fault || error instanceof SyntaxError) return null;
    throw error;
  }
};
