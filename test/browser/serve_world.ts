/**
 * Serves a made-up monitor with live data, to develop the page by:
 * `node test/browser/serve_world.ts [--port 8090] [--page folder] [--feed 1] [--kill-after seconds]`.
 */

import { parseArgs } from 'node:util';
import { startMonitorServer } from '../../src/adapters/http/monitor/server.ts';
import { createMetrics } from '../../src/adapters/telemetry/metrics.ts';
import { createMonitorWorld, worldRegions } from './monitor_world.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    page: { type: 'string', default: new URL('../../.tessera/page', import.meta.url).pathname },
    feed: { type: 'string', default: '1' },
    'kill-after': { type: 'string', default: '10' },
  },
});
const world = createMonitorWorld({ seed: 1, startMs: Date.now(), feedPerSecond: Number(values.feed) });
const server = await startMonitorServer({
  port: Number(values.port),
  view: world.view,
  version: '0.0.0',
  waitingFor: () => [],
  metrics: createMetrics(),
  pageFolder: values.page,
  handbookFolder: new URL('../../deploy/handbook', import.meta.url).pathname,
});
process.stderr.write(`made-up monitor at ${server.address}\n`);
let lastMs = Date.now();
setInterval(() => {
  const nowMs = Date.now();
  world.advance(nowMs - lastMs);
  lastMs = nowMs;
}, 250);
setTimeout(() => world.killCard({ region: worldRegions[2]!, card: 4 }), Number(values['kill-after']) * 1000);
