/**
 * What the monitor answers, as schemas: the API's description is made of them, and tests hold answers to them. Refuses
 * nothing while it serves: what leaves was made by typed code, and the types here are those of `dqm/board.ts`.
 */

import { z } from 'zod';
import { severities } from '../../../domain/alarm.ts';
import type {
  ActivityShown,
  AlarmsShown,
  AnomalyShown,
  BoardSnapshot,
  FeedItem,
  FeedShown,
  FrameShown,
  LabelShown,
  ObjectShown,
  ProjectionShown,
  QualityShown,
  ReferencesShown,
  RunShown,
  ServiceShown,
  TrendShown,
} from '../../../dqm/board.ts';
import { spans } from '../../../dqm/board.ts';
import { qualityNumbers } from '../../../dqm/quality.ts';
import type { MonitorView } from '../../../services/monitor/view.ts';

/** Names under which the description refers to these. */
export const components = z.registry<{ readonly id: string }>();
const named = <Schema extends z.ZodType>(id: string, schema: Schema): Schema => {
  components.add(schema, { id });
  return schema;
};

const text = z.string();
const count = z.number().int().min(0);
const atMs = z.number().meta({ description: 'ms since the epoch' });
const numbers = z.array(z.number());
/** The names of qualities, of which there is at least one. */
const qualityName = z.enum(Object.keys(qualityNumbers) as [keyof typeof qualityNumbers]);
const choice = z.enum(['latest', 'chosen', 'pinned']);

const quality: z.ZodType<QualityShown> = named(
  'Quality',
  z.object({ quality: qualityName, reason: text.meta({ description: 'one sentence' }) }),
);
const activityFields = { run: count, activity: text, startedMs: atMs, stoppedMs: atMs.nullable() };
const activity: z.ZodType<ActivityShown> = named('Activity', z.object(activityFields));

const cell: z.ZodType<BoardSnapshot['cells'][number]> = named(
  'Cell',
  z.object({
    region: text,
    check: text,
    quality: qualityName,
    reason: text,
    object: text.nullable(),
    bins: z.array(count),
    where: z.array(text),
    sinceMs: atMs,
    atMs,
  }),
);

export const references: z.ZodType<ReferencesShown> = named(
  'References',
  z.object({
    activity: text.nullable(),
    choice,
    runs: z.array(count),
    provisional: z.boolean(),
    words: text,
    good: z.array(count),
    history: z.array(z.object({ activity: text, choice, runs: z.array(count), who: text, why: text, atMs })),
  }),
);

export const board: z.ZodType<BoardSnapshot> = named(
  'Board',
  z.object({
    schema: z.literal(1),
    sequence: count,
    atMs,
    instrument: z.object({
      id: text,
      title: text,
      regions: z.array(text),
      simulated: text.nullable().meta({ description: 'what is not real here; null when everything is' }),
    }),
    activity: activity.nullable(),
    cycle: z.object({
      number: count,
      seconds: z.number(),
      endedMs: atMs.nullable(),
      frames: count,
      share: z.number().min(0).max(1),
    }),
    staleAfterMs: z.number(),
    checks: z.array(z.object({ name: text, meaning: text })),
    cells: z.array(cell),
    regions: z.array(quality),
    overall: quality,
    references,
  }),
);

const axis = z.object({ name: text, unit: text, size: count, origin: z.number(), step: z.number() });
export const object: z.ZodType<ObjectShown> = named(
  'Object',
  z.object({
    region: text,
    name: text,
    title: text,
    unit: text,
    axes: z.array(axis).meta({ description: 'outermost first; edges are origin + step · index' }),
    span: z.enum(spans),
    fromMs: atMs,
    untilMs: atMs,
    frames: count,
    values: numbers.meta({ description: 'row-major' }),
    reference: numbers.nullable(),
    pulls: numbers.nullable(),
    spread: z.number().min(1).nullable().meta({
      description:
        'σ of pulls in σ of counting, as bins of good cycles scatter; null: not known, σ of counting',
    }),
  }),
);
export const objectTree: z.ZodType<MonitorView['objectTree']> = named(
  'ObjectTree',
  z.array(z.object({ region: text, objects: z.array(text) })),
);

const feedFields = {
  id: text.meta({ description: 'run-timeFrame-region' }),
  atMs,
  run: count,
  timeFrame: count,
  region: text,
  cause: text,
  pValue: z.number().min(0).max(1),
  where: text,
};
const feedItem: z.ZodType<FeedItem> = named('FeedItem', z.object(feedFields));
export const feedItems: z.ZodType<readonly FeedItem[]> = named('FeedItems', z.array(feedItem));
export const feed: z.ZodType<FeedShown> = named(
  'Feed',
  z.object({
    items: z.array(feedItem),
    total: count,
    skipped: count,
    causes: z.array(z.object({ cause: text, count, pValueMin: z.number() })),
  }),
);

const labelFields = { id: text, label: text, comment: text, who: text, atMs };
const label: z.ZodType<LabelShown> = named('Label', z.object(labelFields));
export const labels: z.ZodType<Awaited<ReturnType<MonitorView['labels']>>> = named(
  'Labels',
  z.array(z.object({ ...labelFields, item: feedItem.nullable() })),
);

const share = z.number();
export const anomaly: z.ZodType<AnomalyShown> = named(
  'Anomaly',
  z.object({
    ...feedFields,
    words: text.meta({ description: 'the p-value in words' }),
    pLow: z.number().nullable(),
    pHigh: z.number().nullable(),
    scores: z.array(z.object({ name: text, value: z.number(), pValue: z.number() })),
    findings: z.array(
      z.object({
        scoreName: text,
        score: z.number(),
        where: text,
        channels: z.array(z.object({ channel: count, share, where: text })),
        patches: z.array(z.object({ patch: count, share })),
      }),
    ),
    patches: z.array(z.object({ patch: count, surpriseBits: z.number() })),
    labels: z.array(label),
  }),
);

const side = z.object({ name: text, unit: text, size: count });
const projection: z.ZodType<ProjectionShown> = named(
  'Projection',
  z.object({
    across: side,
    up: side,
    values: numbers.meta({ description: 'values[up · across.size + across]' }),
  }),
);
export const frame: z.ZodType<FrameShown> = named(
  'Frame',
  z.object({
    id: text,
    region: text,
    timeFrame: count,
    hits: count,
    packet: z.object({ layers: z.array(text), reason: text, bytes: count }).nullable(),
    raw: z.array(projection).nullable(),
    decoded: z.array(projection).nullable(),
    blame: projection.nullable(),
    missing: z.array(text),
  }),
);

export const trends: z.ZodType<readonly TrendShown[]> = named(
  'Trends',
  z.array(z.object({ name: text, unit: text, atMs: z.array(atMs), values: z.array(z.number().nullable()) })),
);
export const trendNames: z.ZodType<MonitorView['trendNames']> = named(
  'TrendNames',
  z.array(z.object({ name: text, unit: text })),
);
export const services: z.ZodType<readonly ServiceShown[]> = named(
  'Services',
  z.array(z.object({ serviceId: text, atMs, silent: z.boolean(), message: z.unknown() })),
);

const saidAt = { who: text, why: text, atMs };
export const alarms: z.ZodType<AlarmsShown> = named(
  'Alarms',
  z.object({
    alarms: z.array(
      z.object({
        cause: text,
        severity: z.enum(severities),
        message: text,
        sinceMs: atMs,
        lastMs: atMs,
        count: z.number(),
        unit: z.enum(['frames', 'seconds', 'bursts']),
        acknowledged: z.object(saidAt).nullable(),
        shelved: z.object({ ...saidAt, untilMs: atMs }).nullable(),
        open: z.boolean(),
        handbook: text.meta({ description: 'path of its page in the handbook' }),
        comments: z.array(z.object({ who: text, text, atMs })),
      }),
    ),
    past: z.array(z.object({ cause: text, severity: text, message: text, sinceMs: atMs, untilMs: atMs })),
  }),
);

export const runs: z.ZodType<readonly RunShown[]> = named(
  'Runs',
  z.array(z.object({ ...activityFields, quality, frames: count, rareFrames: count, good: z.boolean() })),
);

export const layouts = named(
  'Layouts',
  z.record(text, text.meta({ description: 'JSON as the page made it' })),
);
export const handbookList = named('Handbook', z.array(z.object({ code: text, title: text })));
export const done = named('Done', z.object({}));
export const fault = named(
  'Fault',
  z.object({
    fault: z.object({ code: text, message: text.meta({ description: 'what, where and the mend' }) }),
  }),
);
/** ROOT's own forms are described by ROOT. */
export const rootObject = named('RootObject', z.looseObject({ _typename: text }));
export const hierarchy = named('Hierarchy', z.looseObject({ _name: text }));
/** Text that is no JSON. */
export const csv = z.string();
