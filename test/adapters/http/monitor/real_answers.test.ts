/**
 * The real monitor behind its server, before a simulated detector: what it answers is what the API's description says, and
 * JSROOT reads its objects. The made-up monitor of other tests is held to the same.
 */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { routes } from '../../../../src/adapters/http/monitor/routes.ts';
import { type MonitorServer, startMonitorServer } from '../../../../src/adapters/http/monitor/server.ts';
import { createMetrics } from '../../../../src/adapters/telemetry/metrics.ts';
import { type MonitoredWorld, openMonitoredWorld } from '../../../services/monitor/monitor_setup.ts';
import { handbookFolder } from './served.ts';

let world: MonitoredWorld;
let server: MonitorServer;
beforeAll(async () => {
  world = await openMonitoredWorld();
  await world.cycles(3);
  await world.rare(1, 0.001);
  await world.cycle();
  server = await startMonitorServer({
    port: 0,
    view: world.monitor.view,
    version: '1.2.3',
    waitingFor: () => [],
    metrics: createMetrics(),
    pageFolder: '/nowhere',
    handbookFolder,
  });
});
afterAll(async () => {
  await server.close();
  await world.end();
});

it('answers every path as its schema says', async () => {
  const { view } = world.monitor;
  const [tree] = view.objectTree;
  const [item] = await view.anomalies({ limit: 1 });
  expect(item).toBeDefined();
  const id = item!.id;
  const names = view.trendNames.slice(0, 3).map(({ name }) => name);
  expect(names).toHaveLength(3);
  let objects = 0;
  for (const route of routes.filter(({ method }) => method === 'GET')) {
    // Every object there is, on the paths that are of one.
    const of = route.path.includes('{object}') ? tree!.objects : [''];
    for (const object of of) {
      const path = route.path
        .replace('{region}', tree!.region)
        .replace('{object}', encodeURIComponent(object))
        .replace('{id}', encodeURIComponent(id))
        .concat(route.path === '/api/v1/trends' ? `?names=${encodeURIComponent(names.join(','))}` : '');
      const answer = await fetch(new URL(path, server.address));
      expect([path, answer.status]).toEqual([path, 200]);
      const body = route.contentType.includes('json') ? await answer.json() : await answer.text();
      expect([path, route.answer.safeParse(body).error?.issues ?? []]).toEqual([path, []]);
      objects += object === '' ? 0 : 1;
    }
  }
  expect(objects).toBeGreaterThanOrEqual(3 * 14);
});
