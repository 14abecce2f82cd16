/**
 * `tessera bench anomaly`: what the scores find, whether their p-values hold, the rate that is held, objects and bursts,
 * each a part in a file of its own. It refuses to let one part's failure pass for a figure: the run fails.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { version } from '../../src/assemble.ts';
import { say } from '../drive.ts';
import { machine, writeResult } from '../result.ts';
import { bursts } from './anomaly/bursts.ts';
import { bytes } from './anomaly/bytes.ts';
import { calibration } from './anomaly/calibration.ts';
import { catalogue } from './anomaly/catalogue.ts';
import { control } from './anomaly/control.ts';
import { cost } from './anomaly/cost.ts';
import { objects } from './anomaly/objects.ts';
import type { Part, PartResult, Row } from './anomaly/part.ts';
import { reportHtml } from './anomaly/report.ts';

/** In the order of the report. */
const everyPart: readonly Part[] = [catalogue, calibration, control, bytes, objects, bursts, cost];

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

/** One part of the file: what is asked anew replaces it, and nothing else does. Its rows and ratios stand with all. */
interface Head {
  readonly name: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly machine: string;
  readonly note: string;
  readonly rowCount: number;
  readonly ratioCount: number;
}
type Measured = Head & Pick<PartResult, 'rows' | 'ratios'>;

const measuredNow = results.map(({ part: { name }, result }): Measured => {
  const { note, ratios, rows } = result;
  const counts = { rowCount: rows.length, ratioCount: Object.keys(ratios).length };
  return { name, seed, quick: flags.quick, machine, note, ...counts, ratios, rows };
});

/** What an earlier run left in the file. */
const measuredBefore = (): readonly Measured[] => {
  if (flags.json === undefined || !existsSync(flags.json)) return [];
  type File = {
    readonly parts: readonly Head[];
    readonly rows: Row[];
    readonly ratios: PartResult['ratios'];
  };
  const { parts, rows, ratios } = JSON.parse(readFileSync(flags.json, 'utf8')) as File;
  const entries = Object.entries(ratios);
  return parts.map((part) => ({
    ...part,
    rows: rows.splice(0, part.rowCount),
    ratios: Object.fromEntries(entries.splice(0, part.ratioCount)),
  }));
};

const before = measuredBefore();
const parts = everyPart.flatMap(
  ({ name }) => measuredNow.find((one) => one.name === name) ?? before.find((one) => one.name === name) ?? [],
);

const ratios: Record<string, number | null> = {};
for (const part of parts)
  for (const [key, value] of Object.entries(part.ratios)) {
    if (key in ratios) throw new Error(`part ${part.name} gives ${key}, which another part gave already`);
    ratios[key] = value;
  }
const head = {
  bench: 'anomaly',
  machine,
  version,
  seed,
  quick: parts.some(({ quick }) => quick),
  note: ['All frames are simulated.', ...parts.map(({ note }) => note)].join(' '),
};
const heads: readonly Head[] = parts.map(({ rows: _rows, ratios: _ratios, ...rest }) => rest);
writeResult({ ...head, rows: parts.flatMap(({ rows }) => rows), ratios, parts: heads }, flags.json);
if (flags.json !== undefined) {
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
