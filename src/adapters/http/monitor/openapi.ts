/**
 * The API's description (OpenAPI 3.1), made from the list of routes and the schemas by which their questions are checked.
 * Refuses to describe what is not there: tests hold paths and description together.
 */

import { z } from 'zod';
import { components, fault } from './answer_schemas.ts';
import { type Route, routes } from './routes.ts';

type Json = Record<string, unknown>;
const uri = (id: string): string => `#/components/schemas/${id}`;

/** As JSON Schema 2020-12, which OpenAPI 3.1 is made of, without what only a document of its own needs. */
const schemaOf = (schema: z.ZodType): Json => {
  const known = components.get(schema);
  if (known !== undefined) return { $ref: uri(known.id) };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json;
  return rest;
};

const componentSchemas = (): Json => {
  const { schemas } = z.toJSONSchema(components, { io: 'input', uri });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _s, $id: _i, ...rest } = schema as Json;
      return [id, rest];
    }),
  );
};

const parameterOf = (where: 'path' | 'query', name: string, schema: z.ZodType): Json => {
  const { description, ...rest } = schemaOf(schema);
  const required = where === 'path' || !schema.safeParse(undefined).success;
  return { name, in: where, required, ...(description !== undefined && { description }), schema: rest };
};

const content = (type: string, schema: z.ZodType): Json => ({
  [type.split(';', 1)[0]!]: { schema: schemaOf(schema) },
});
const refused = (description: string): Json => ({
  description,
  content: content('application/json', fault),
});

const operationId = ({ method, path }: Route): string =>
  `${method.toLowerCase()}${path
    .replaceAll(/\/api\/v1|[{}]/g, '')
    .replaceAll(/[/.-]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`;

const operationOf = (route: Route): Json => {
  const parameters = [
    ...Object.entries(route.parameters).map(([name, schema]) => parameterOf('path', name, schema)),
    ...Object.entries(route.query).map(([name, schema]) => parameterOf('query', name, schema)),
  ];
  const named = Object.keys(route.parameters).length > 0;
  const writes = route.method !== 'GET';
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== null && {
      requestBody: { required: true, content: content('application/json', route.body) },
    }),
    responses: {
      200: { description: route.summary, content: content(route.contentType, route.answer) },
      400: refused('the question is wrong: what, where and the mend'),
      ...(named && { 404: refused('nothing of that name is known or kept') }),
      ...(writes && { 403: refused('a page of another site asks') }),
      ...(route.body !== null && {
        413: refused(`the body is larger than ${route.bodyBytesMax} bytes`),
        415: refused('the body is not application/json'),
      }),
    },
  };
};

const text = (summary: string, type: string): Json => ({
  get: {
    summary,
    responses: { 200: { description: summary, content: { [type]: { schema: { type: 'string' } } } } },
  },
});

/** What is no question with a JSON answer. */
const others: Readonly<Record<string, Json>> = {
  '/events': text(
    'Server-sent events, each one JSON: board, alarms, feed, runs, services, trends; all once on connecting',
    'text/event-stream',
  ),
  '/handbook': text('The operator’s handbook: its pages', 'text/html'),
  '/handbook/{code}': {
    parameters: [{ name: 'code', in: 'path', required: true, schema: { type: 'string' } }],
    ...text('One page of the handbook; with `.md` as it is written', 'text/html'),
  },
  '/livez': text('Alive', 'text/plain'),
  '/readyz': text('Ready, or 503 with what is waited for', 'application/json'),
  '/metrics': text('Prometheus metrics of the monitor', 'text/plain'),
  '/openapi.json': text('This description', 'application/json'),
};

export const openApiOf = (version: string): Json => {
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'tessera monitor',
      version,
      description:
        'What a monitor tells of a detector: qualities, objects, unusual frames, trends, alarms. Writes are taken as JSON from ' +
        "the monitor's own page, or from programs that are no browser.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: { ...paths, ...others },
    components: { schemas: componentSchemas() },
  };
};
