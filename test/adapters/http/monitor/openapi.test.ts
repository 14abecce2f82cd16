/** The API's description and the paths it describes, held together: neither has what the other has not. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { components } from '../../../../src/adapters/http/monitor/answer_schemas.ts';
import { routes } from '../../../../src/adapters/http/monitor/routes.ts';
import { type Served, serveWorld } from './served.ts';

type Json = Record<string, unknown>;
let served: Served;
let description: { openapi: string; paths: Record<string, Json>; components: { schemas: Json }; info: Json };
beforeAll(async () => {
  served = await serveWorld();
  description = (await (await served.ask('/openapi.json')).json()) as typeof description;
});
afterAll(() => served.server.close());

const every = (value: unknown, found: (key: string, value: unknown) => void): void => {
  if (value === null || typeof value !== 'object') return;
  for (const [key, inner] of Object.entries(value)) {
    found(key, inner);
    every(inner, found);
  }
};

describe('the description', () => {
  it('has all routes with their methods, and all else that is answered', async () => {
    expect(description.openapi).toBe('3.1.0');
    expect(description.info.version).toBe('1.2.3');
    const described = Object.entries(description.paths).flatMap(([path, operations]) =>
      Object.keys(operations)
        .filter((key) => key !== 'parameters')
        .map((method) => `${method.toUpperCase()} ${path}`),
    );
    const listed = routes.map(({ method, path }) => `${method} ${path}`);
    const others = described.filter((one) => !listed.includes(one));
    expect(listed.filter((one) => !described.includes(one))).toEqual([]);
    expect(others.map((one) => one.replace('GET ', '')).sort()).toEqual(
      ['/events', '/handbook', '/handbook/{code}', '/livez', '/metrics', '/openapi.json', '/readyz'].sort(),
    );
    for (const one of others) {
      const path = one.replace('GET ', '').replace('{code}', 'lag');
      const answer = await served.ask(path, { method: 'HEAD' });
      expect([path, answer.status]).toEqual([path, 200]);
    }
  });

  it('refers to what it holds, and names each operation once', () => {
    const names = Object.keys(description.components.schemas);
    every(description, (key, value) => {
      if (key === '$ref') expect(names).toContain(String(value).replace('#/components/schemas/', ''));
    });
    const ids: unknown[] = [];
    every(description.paths, (key, value) => {
      if (key === 'operationId') ids.push(value);
    });
    expect(ids).toHaveLength(routes.length);
    expect(new Set(ids).size).toBe(ids.length);
    const answers = routes.map(({ answer }) => components.get(answer)?.id).filter((id) => id !== undefined);
    expect(answers.every((id) => names.includes(id))).toBe(true);
  });

  it('describes each part of a question as it is checked', () => {
    for (const route of routes) {
      const operation = description.paths[route.path]![route.method.toLowerCase()] as {
        parameters?: { name: string; in: string; required: boolean }[];
        requestBody?: Json;
      };
      const told = (operation.parameters ?? []).map((one) => `${one.in} ${one.name}`).sort();
      const wanted = [
        ...Object.keys(route.parameters).map((name) => `path ${name}`),
        ...Object.keys(route.query).map((name) => `query ${name}`),
      ].sort();
      expect([route.path, told]).toEqual([route.path, wanted]);
      expect(operation.requestBody !== undefined).toBe(route.body !== null);
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(Object.keys(route.parameters)).toEqual(inPath);
    }
  });
});
