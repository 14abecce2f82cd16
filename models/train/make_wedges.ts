/**
 * Writes the wedges a model is trained and measured on: four npz files (Au+Au and p+p, training and test) that
 * depend on nothing but the cards, the particle lists and the seeds below. Refuses to overwrite a file.
 *
 *     node models/train/make_wedges.ts FOLDER
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectWedges, encodeNpz } from '../../src/sim/export.ts';
import { parseParticles } from '../../src/sim/particles.ts';
import { createWorld } from '../../src/sim/world.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';

/** Few regions of many time frames: wedges of one time frame share their collisions. */
const plans = [
  { name: 'auau_train', instrument: 'auau', split: 'train', timeFrames: 500, regions: 2, seed: 101 },
  { name: 'auau_test', instrument: 'auau', split: 'test', timeFrames: 120, regions: 1, seed: 202 },
  { name: 'pp_train', instrument: 'pp', split: 'train', timeFrames: 300, regions: 12, seed: 101 },
  { name: 'pp_test', instrument: 'pp', split: 'test', timeFrames: 100, regions: 12, seed: 202 },
] as const;

const home = join(import.meta.dirname, '..', '..');
const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder to write the npz files into');
mkdirSync(folder, { recursive: true });

for (const { name, instrument, split, timeFrames, regions, seed } of plans) {
  const file = join(folder, `${name}.npz`);
  if (existsSync(file)) {
    process.stderr.write(`${file} is there already\n`);
    continue;
  }
  const card = parseInstrumentCard(readFileSync(join(home, `instruments/sphenix-tpc-${instrument}.json`), 'utf8'));
  const particles = parseParticles(readFileSync(join(home, `models/particles/${card.conditions.particles}.bin`)));
  const world = createWorld(card, particles, { seed, run: 1, startNanos: 0n, split });
  const arrays = collectWedges({
    world,
    split,
    firstTimeFrame: 3,
    timeFrames,
    regionsPerTimeFrame: regions,
    seed,
    progress: (done) => process.stderr.write(`\r${name}: ${done} of ${timeFrames} time frames `),
  });
  writeFileSync(file, encodeNpz(arrays));
  const wedges = timeFrames * regions;
  const occupancy = (arrays.hits?.data.length ?? 0) / wedges / card.axes.reduce((n, axis) => n * axis.size, 1);
  process.stderr.write(`\n${file}: ${wedges} wedges, occupancy ${occupancy.toPrecision(3)}\n`);
}
