/**
 * `tessera bench dqm`: how many bad runs each check flags at a stated rate of false alarms, against AutoDQM's
 * beta-binomial with 1, 4 and 8 references, over simulated runs whose faults were fixed beforehand (dqm/grid.ts). Refuses
 * to judge a run by thresholds it helped to set.
 */

import { parseArgs } from 'node:util';
import { version } from '../../src/assemble.ts';
import { say } from '../drive.ts';
import { machine, writeResult } from '../result.ts';
import { sets } from './dqm/grid.ts';
import { measureSet, type SetRuns } from './dqm/measure.ts';
import { resultOf } from './dqm/verdict.ts';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'string' },
    /** Few runs of everything: shows that it works, says little. */
    quick: { type: 'boolean', default: false },
    /** Not 717, 909, 1011, 2718, 16180, 31415 or 57721: what they gave was looked at while checks and runs were being written. */
    seed: { type: 'string', default: '60317' },
  },
});

const seed = Number(flags.seed);
const measured: SetRuns[] = [];
for (const plan of sets) measured.push(await measureSet(plan, seed, flags.quick, say));

const result = {
  bench: 'dqm',
  machine,
  version,
  seed,
  quick: flags.quick,
  ...resultOf(measured, { seed, worlds: 1_000 }),
};
writeResult(result, flags.json);
if (flags.json !== undefined) say(flags.json);
