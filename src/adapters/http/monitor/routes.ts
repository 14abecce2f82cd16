/**
 * What may be asked of a monitor, path by path: how each question must look, what is answered, and from what. The server
 * answers by this list and the API's description is made from it, so that neither can say what the other does not.
 */

import { z } from 'zod';
import { Fault } from '../../../domain/fault.ts';
import { limits } from '../../../domain/limits.ts';
import type { MonitorView } from '../../../services/monitor/view.ts';
import { json } from '../answers.ts';
import * as shown from './answer_schemas.ts';
import { labelsCsv } from './labels.ts';
import * as asked from './questions.ts';
import { hierarchyOf, rootHistogram } from './root_json.ts';

type Fields = Readonly<Record<string, z.ZodType>>;
type Read<Of extends Fields> = { readonly [Key in keyof Of]: z.infer<Of[Key]> };

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI writes it: names in braces are taken from `parameters`. */
  readonly path: string;
  readonly summary: string;
  readonly parameters: Fields;
  readonly query: Fields;
  /** Both as wholes, made once: a schema compiles itself when it is first used. */
  readonly reads: { readonly parameters: z.ZodType<Read<Fields>>; readonly query: z.ZodType<Read<Fields>> };
  readonly body: z.ZodType | null;
  readonly bodyBytesMax: number;
  readonly contentType: string;
  readonly answer: z.ZodType;
  /** May pages of other servers read it? */
  readonly open: boolean;
  /** A string goes as it is, all else as JSON; null is `not here`. */
  respond(view: MonitorView, given: Given<Fields, Fields, z.ZodType>, handbook: Contents): unknown;
}

/** The handbook's pages. */
export type Contents = z.infer<typeof shown.handbookList>;

interface Given<Parameters extends Fields, Query extends Fields, Body extends z.ZodType> {
  readonly parameters: Read<Parameters>;
  readonly query: Read<Query>;
  readonly body: z.infer<Body>;
}

const route = <
  Parameters extends Fields = Record<never, z.ZodType>,
  Query extends Fields = Record<never, z.ZodType>,
  Body extends z.ZodType = z.ZodType,
>(given: {
  readonly method?: Route['method'];
  readonly path: string;
  readonly summary: string;
  readonly parameters?: Parameters;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyBytesMax?: number;
  readonly contentType?: string;
  readonly answer: z.ZodType;
  readonly open?: boolean;
  respond(view: MonitorView, given: Given<Parameters, Query, Body>, handbook: Contents): unknown;
}): Route => ({
  method: given.method ?? 'GET',
  path: given.path,
  summary: given.summary,
  parameters: given.parameters ?? {},
  query: given.query ?? {},
  reads: { parameters: z.object(given.parameters ?? {}), query: z.strictObject(given.query ?? {}) },
  body: given.body ?? null,
  bodyBytesMax: given.bodyBytesMax ?? limits.commandBytesMax,
  contentType: given.contentType ?? json,
  answer: given.answer,
  open: given.open ?? false,
  // What a route reads is what its own schemas give, which the list cannot say of all routes at once.
  respond: given.respond as Route['respond'],
});

const objectAt = { region: asked.name, object: asked.name };
/** By default what `trends` are asked for: the last hour. */
const trendMs = 3_600_000;

const saveLayout = async (view: MonitorView, name: string, text: string): Promise<object> => {
  const known = await view.layouts();
  if (!Object.hasOwn(known, name) && Object.keys(known).length >= limits.monitorLayoutsMax)
    throw new Fault(
      'request-invalid',
      `${limits.monitorLayoutsMax} layouts are kept already: delete one that nobody uses`,
    );
  await view.saveLayout(name, text);
  return {};
};

const rootObject = route({
  path: '/{region}/{object}/root.json',
  summary: 'One object as ROOT JSON: what JSROOT draws and TBufferJSON reads',
  parameters: objectAt,
  query: {
    span: asked.span,
    version: asked.version,
    part: asked.part,
    bin: asked.bin,
    compact: asked.ignored,
  },
  answer: shown.rootObject,
  open: true,
  async respond(view, { parameters, query }) {
    const object = await view.object(parameters.region, parameters.object, query.span, query.version);
    return object === null ? null : rootHistogram(object, query);
  },
});

export const routes: readonly Route[] = [
  route({
    path: '/api/v1/board',
    summary: 'Regions and checks with their qualities: the first screen',
    answer: shown.board,
    respond: (view) => view.board,
  }),
  route({
    path: '/api/v1/feed',
    summary: 'Unusual frames of late, newest first, and how many each cause has',
    answer: shown.feed,
    respond: (view) => view.feed,
  }),
  route({
    path: '/api/v1/alarms',
    summary: 'Alarms that are open or shelved, and those that have passed',
    answer: shown.alarms,
    respond: (view) => view.alarms,
  }),
  route({
    path: '/api/v1/services',
    summary: 'The newest heartbeat of each service',
    answer: shown.services,
    respond: (view) => view.services,
  }),
  route({
    path: '/api/v1/runs',
    summary: 'The run log, newest first',
    answer: shown.runs,
    respond: (view) => view.runs,
  }),
  route({
    path: '/api/v1/references',
    summary: 'What runs are compared with, and who chose so',
    answer: shown.references,
    respond: (view) => view.references,
  }),
  route({
    path: '/api/v1/objects',
    summary: 'Regions and the names of their objects',
    answer: shown.objectTree,
    respond: (view) => view.objectTree,
  }),
  route({
    path: '/api/v1/objects/{region}/{object}',
    summary: 'One object with its reference and pulls',
    parameters: objectAt,
    query: { span: asked.span, version: asked.version },
    answer: shown.object,
    respond: (view, { parameters, query }) =>
      view.object(parameters.region, parameters.object, query.span, query.version),
  }),
  route({
    path: '/api/v1/trend-names',
    summary: 'Names and units of what can be followed over time',
    answer: shown.trendNames,
    respond: (view) => view.trendNames,
  }),
  route({
    path: '/api/v1/trends',
    summary: 'Values over time, oldest first',
    query: { names: asked.names, from: asked.instant.optional(), until: asked.instant.optional() },
    answer: shown.trends,
    respond(view, { query: { names, from, until } }) {
      const untilMs = until ?? view.board.atMs;
      const fromMs = from ?? untilMs - trendMs;
      if (fromMs > untilMs)
        throw new Fault('request-invalid', `from (${fromMs}) lies after until (${untilMs}): exchange them`);
      return view.trends(names, fromMs, untilMs);
    },
  }),
  route({
    path: '/api/v1/anomalies',
    summary: 'Unusual frames that are kept, newest first',
    query: {
      before: asked.instant.optional(),
      region: asked.name.optional(),
      cause: asked.name.optional(),
      run: asked.whole.optional(),
      p: asked.probability.optional(),
      limit: asked.limit,
    },
    answer: shown.feedItems,
    respond: (view, { query: { before, region, cause, run, p, limit } }) =>
      view.anomalies({
        limit,
        ...(before !== undefined && { beforeMs: before }),
        ...(region !== undefined && { region }),
        ...(cause !== undefined && { cause }),
        ...(run !== undefined && { run }),
        ...(p !== undefined && { pValueMax: p }),
      }),
  }),
  route({
    path: '/api/v1/anomalies/{id}',
    summary: 'One unusual frame: its p-value in words, its scores, what is to blame, labels',
    parameters: { id: asked.name },
    answer: shown.anomaly,
    respond: (view, { parameters }) => view.anomaly(parameters.id),
  }),
  route({
    path: '/api/v1/frames/{id}',
    summary:
      'One frame in projections: raw where it is kept, as its tokens give it back, and what is to blame',
    parameters: { id: asked.name },
    answer: shown.frame,
    respond: (view, { parameters }) => view.frame(parameters.id),
  }),
  route({
    path: '/api/v1/labels',
    summary: 'Labels people gave to frames, oldest first: a training set',
    answer: shown.labels,
    respond: (view) => view.labels(),
  }),
  route({
    path: '/api/v1/labels.csv',
    summary: 'The same as comma-separated values, with a head line',
    contentType: 'text/csv; charset=utf-8; header=present',
    answer: shown.csv,
    respond: async (view) => labelsCsv(await view.labels()),
  }),
  route({
    path: '/api/v1/layouts',
    summary: "Layouts of tabs by name, each as the page's JSON",
    answer: shown.layouts,
    respond: (view) => view.layouts(),
  }),
  route({
    method: 'PUT',
    path: '/api/v1/layouts/{name}',
    summary: 'Keeps a layout under a name',
    parameters: { name: asked.layoutName },
    body: asked.layout,
    bodyBytesMax: limits.monitorLayoutBytesMax,
    answer: shown.done,
    respond: (view, { parameters, body }) => saveLayout(view, parameters.name, JSON.stringify(body)),
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/layouts/{name}',
    summary: 'Forgets a layout',
    parameters: { name: asked.layoutName },
    answer: shown.done,
    respond: async (view, { parameters }) => {
      await view.saveLayout(parameters.name, null);
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/acts',
    summary: 'Something a person does: acknowledge, shelve, comment, choose references, label',
    body: asked.act,
    answer: shown.done,
    respond: async (view, { body }) => {
      await view.act(body);
      return {};
    },
  }),
  route({
    path: '/api/v1/handbook',
    summary:
      'Pages of the handbook; each is at /handbook/{code}, and as it is written at /handbook/{code}.md',
    answer: shown.handbookList,
    respond: (_view, _given, handbook) => handbook,
  }),
  route({
    path: '/h.json',
    summary: "Regions and objects as JSROOT's browser lists them",
    query: { compact: asked.ignored },
    answer: shown.hierarchy,
    open: true,
    respond: (view) => hierarchyOf(view.objectTree),
  }),
  rootObject,
  // As JSROOT's browser asks: compression is agreed upon by headers, whatever the name says.
  { ...rootObject, path: '/{region}/{object}/root.json.gz' },
];
