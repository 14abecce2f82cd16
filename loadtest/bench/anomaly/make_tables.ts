/**
 * Makes `instruments/scores/<id>.json` from the simulated chamber's good frames, collisions of the training split:
 * `node loadtest/bench/anomaly/make_tables.ts sphenix-tpc-pp 1000`. Refuses the split that scores are measured on.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openScoreFit } from '../../../src/anomaly/scores/fit.ts';
import { scoreTablesToJson } from '../../../src/anomaly/scores/tables.ts';
import { home } from '../../../src/assemble.ts';
import { limited, wiring } from '../../../src/sim/mishaps/site.ts';
import { say } from '../../drive.ts';
import { chamberSeed, openFrameMaker } from './frames.ts';

const [instrument, count] = process.argv.slice(2) as [string, string];
const run = 1;
const maker = openFrameMaker(instrument);
const frames = function* () {
  for (const { region, digits } of maker.frames(run, 'train', Number(count)))
    yield { region, digits: limited(digits, maker.adcMax) };
};
const { card, model } = maker.cards;
const wired = { cardLayers: wiring.cardLayers, cardLanes: wiring.cardPads, chipLanes: wiring.chipPads };
const provenance = {
  simulated: true,
  chamberSeed,
  run,
  split: 'train',
  timeFrames: Number(count),
  inputTableOf: `${model.name}/${model.version}`,
};
const fit = openScoreFit(card, model, wired);
for (const frame of frames()) fit.learnChannels(frame);
for (const frame of frames()) fit.learnGauges(frame);
const json = scoreTablesToJson(fit.tables(provenance));
const folder = join(home, 'instruments/scores');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, `${instrument}.json`), json);
say(`${instrument}: ${json.length} bytes, SHA-256 ${createHash('sha256').update(json).digest('hex')}`);
