/**
 * `tessera bench anomaly`: what the scores find, whether their p-values hold, the rate that is held, objects and bursts,
 * each a part in a file of its own. It refuses to let one part's failure pass for a figure: the run fails.
 */

import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { version } from '../../src/assemble.ts';
import { say } from '../drive.ts';
import { bursts } from './anomaly/bursts.ts';
import { calibration } from './anomaly/calibration.ts';
import { catalogue } from './anomaly/catalogue.ts';
import { control } from './anomaly/control.ts';
import { objects } from './anomaly/objects.ts';
import type { Part, PartResult } from './anomaly/part.ts';
import { reportHtml } from './anomaly/report.ts';

/** In the order of the report. */
const everyPart: readonly Part[] = [catalogue, calibration, control, objects, bursts];

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    /** Few frames of everything: shows that it runs, says little. */
    quick: { type: 'boolean', default: false },
    parts: { type: 'string', default: everyPart.map(({ name }) => name).join(',') },
    seed: { type: 'string', default: '505' },
  },
});

const wanted = flags.parts.split(',');
const unknown = wanted.filter((name) => !everyPart.some((part) => part.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `--parts ${unknown.join(',')}: the parts are ${everyPart.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}

const seed = Number(flags.seed);
const results: { readonly part: Part; readonly result: PartResult }[] = [];
for (const part of everyPart) {
  if (!wanted.includes(part.name)) continue;
  say(`${part.title} …`);
  results.push({ part, result: await part.measure({ quick: flags.quick, seed }) });
}

const ratios: Record<string, number | null> = {};
for (const { part, result } of results)
  for (const [key, value] of Object.entries(result.ratios)) {
    if (key in ratios) throw new Error(`part ${part.name} gives ${key}, which another part gave already`);
    ratios[key] = value;
  }
const head = {
  bench: 'anomaly',
  machine: `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
  version,
  seed,
  quick: flags.quick,
  note: ['All frames are simulated.', ...results.map(({ result }) => result.note)].join(' '),
};
const json = `${JSON.stringify({ ...head, rows: results.flatMap(({ result }) => result.rows), ratios }, null, 2)}\n`;
if (flags.json === undefined) process.stdout.write(json);
else {
  writeFileSync(flags.json, json);
  const html = `${flags.json.replace(/\.json$/, '')}.html`;
  writeFileSync(
    html,
    reportHtml(
      head,
      results.map(({ part, result }) => ({ title: part.title, result })),
    ),
  );
  say(`${flags.json} and ${html}`);
}
