/**
 * Makes what is usual of an instrument, as it is shipped: runs of many simulated chambers whose gain and beam drift are
 * watched as a monitor watches them, and what every check reads in them is written down. Refuses to judge a chamber by itself: the
 * chambers whose shapes are shipped are others than those whose readings are. All of it is simulated, and says so.
 *
 *     node models/train/make_usual.ts INSTRUMENT [FILE]
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openModel } from '../../src/adapters/onnx/model.ts';
import { home, loadCards, version } from '../../src/assemble.ts';
import type { Digits } from '../../src/domain/frame.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import type { Reading } from '../../src/dqm/checks/list.ts';
import { trendNames, trendsOf } from '../../src/dqm/checks/trend.ts';
import { shapeNames } from '../../src/dqm/checks/usual.ts';
import { watchHits } from '../../src/dqm/cycles/hits.ts';
import { comparable, keyOf } from '../../src/dqm/cycles/norm.ts';
import { placesOf } from '../../src/dqm/cycles/places.ts';
import { openSilence } from '../../src/dqm/cycles/silence.ts';
import type { Watched } from '../../src/dqm/cycles/watched.ts';
import { openFiller } from '../../src/dqm/fill.ts';
import { binsOf, objectLayout } from '../../src/dqm/layout.ts';
import { knotsOf } from '../../src/dqm/thresholds.ts';
import { openGatherer } from '../../src/kernels/patches/gather.ts';
import { patchGrid } from '../../src/kernels/patches/patch.ts';
import { createPrng, type Prng } from '../../src/kernels/prng.ts';
import { wiring } from '../../src/sim/mishaps/site.ts';
import { parseParticles } from '../../src/sim/particles.ts';
import { createWorld } from '../../src/sim/world.ts';
import type { UsualCard } from '../../src/wire/cards/usual.ts';

/** Chambers that shapes are taken from, and those whose readings are; the first seeds are others than the simulator's default. */
const chambers = { shapes: 2, readings: 8, firstSeed: 7001 } as const;
/** Windows of a run: its beginning, which stands in as references, and those that are read. */
const windows = { beginning: 4, read: 10 } as const;
/** Natural drift: from run to run, and from a run's beginning to later. Shares of gain and of the rate of collisions. */
const drift = { gain: 0.03, gainMost: 0.08, rate: 0.12, rateMost: 0.3, gainLater: 0.004, rateLater: 0.03 } as const;

type Fill = (window: number, timeFrames: number) => AsyncGenerator<Float64Array[]>;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const drawn = (prng: Prng, sigma: number, most: number): number =>
  1 + Math.max(-most, Math.min(most, sigma * prng.gaussian()));

const withConditions = (card: InstrumentCard, gain: number, rate: number): InstrumentCard => ({
  ...card,
  conditions: {
    ...card.conditions,
    adcPerElectron: Number(card.conditions.adcPerElectron) * gain,
    collisionRateHz: Number(card.conditions.collisionRateHz) * rate,
  },
});

const parts = (values: Float64Array | readonly number[]): number[] => {
  const all = values.reduce((sum: number, one: number) => sum + one, 0);
  return Array.from(values, (one) => Number(((1e6 * one) / Math.max(1, all)).toPrecision(4)));
};
const short = (value: number): number => Number(value.toPrecision(4));

const openDetector = async (instrument: string) => {
  const { card, model, modelFolder } = loadCards(instrument);
  const particles = parseParticles(
    readFileSync(join(home, 'models/particles', `${String(card.conditions.particles)}.bin`)),
  );
  const layout = objectLayout(
    card,
    { cardLayers: wiring.cardLayers, cardLanes: wiring.cardPads, chipLanes: wiring.chipPads },
    model,
  );
  const encoder = await openModel({ path: join(modelFolder, model.encoder.file), file: model.encoder, provider: 'cpu' });
  const filler = openFiller(layout);
  const grid = patchGrid(card);
  const gatherer = openGatherer(grid, card.adcBits, Uint8Array.from(model.inputTable));
  const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * grid.cellsPerPatch) };
  const symbols = new Uint8Array(grid.patchCount * model.symbolsPerPatch);
  const addFrame = async (digits: Digits, before: Digits | undefined, into: Float64Array): Promise<void> => {
    filler.addHits(digits, into);
    if (before !== undefined) filler.addRepeats(digits, before, into);
    gatherer.hits.voxel.set(digits.voxel.subarray(0, digits.count));
    gatherer.hits.adc.set(digits.adc.subarray(0, digits.count));
    gatherer.hits.count = digits.count;
    const count = gatherer.gather(rows, 0);
    if (count > 0) await encoder.run(rows.cells, count, symbols);
    filler.addSymbols(symbols, count, into);
  };
  /** So many time frames as one window is made of; crowded ones are few. */
  const crowded = Number(card.conditions.centralShare) > 0;
  /** Windows of a chamber's run; `onFrame` is told the hits of a frame's front-end cards. */
  async function* run(seed: number, onFrame: (region: number, parts: Float64Array) => void, watched: Watched): AsyncGenerator<Float64Array[]> {
    const prng = createPrng(seed, 77);
    const [gain, rate] = [drawn(prng, drift.gain, drift.gainMost), drawn(prng, drift.rate, drift.rateMost)];
    let world = createWorld(withConditions(card, gain, rate), particles, { seed, run: 1, startNanos: 0n, split: 'all' });
    let last: Digits[] = [];
    let number = 2;
    for (let window = 0; window < windows.beginning + windows.read; window++) {
      if (window >= windows.beginning && (window - windows.beginning) % 5 === 0) {
        const now = withConditions(card, gain * drawn(prng, drift.gainLater, 1), rate * drawn(prng, drift.rateLater, 1));
        world = createWorld(now, particles, { seed, run: 2 + window, startNanos: 0n, split: 'all' });
      }
      const values = card.regions.map(() => new Float64Array(layout.size));
      const timeFrames = crowded ? 1 + (window % 3) : 30;
      for (let i = 0; i < timeFrames; i++, number++) {
        const frames = world.timeFrame(number);
        for (const [region, { digits }] of frames.entries()) {
          const into = values[region]!;
          const had = watched.parts.of(into);
          await addFrame(digits, last[region], into);
          onFrame(region, watched.parts.of(into).map((one, part) => one - had[part]!));
        }
        last = frames.map(({ digits }) => digits);
      }
      yield values;
    }
  }
  const watch = (shapes: UsualCard['shapes'] | null) => watchHits(layout, placesOf(layout, card), shapes);
  const shapesOf = (sum: Float64Array): UsualCard['shapes'] => {
    const trends = trendsOf(layout, sum);
    return {
      occupancy: parts(binsOf(layout, sum, 'occupancy')),
      ...Object.fromEntries(shapeNames.map((name) => [name, parts(binsOf(layout, sum, name))])),
      trends: trendNames.map((name) => short(trends[name])),
    };
  };
  return { card, layout, run, watch, shapesOf, close: () => encoder.close() };
};

const [instrument, file = join(home, 'instruments/usual', `${instrument}.json`)] = process.argv.slice(2);
if (instrument === undefined) throw new Error('name the instrument');
const detector = await openDetector(instrument);
const { card } = detector;

const sum = new Float64Array(detector.layout.size);
for (let i = 0; i < chambers.shapes; i++)
  for await (const values of detector.run(chambers.firstSeed + i, () => {}, detector.watch(null)))
    for (const one of values) for (let bin = 0; bin < sum.length; bin++) sum[bin] = sum[bin]! + one[bin]!;
const shapes = detector.shapesOf(sum);
say(`${instrument}: shapes`);

const watched = detector.watch(shapes);
const [alone, compared] = [new Map<string, number[]>(), new Map<string, number[]>()];
const learn = (into: Map<string, number[]>, readings: readonly Reading[], frames: number): void => {
  for (const reading of readings) {
    const key = keyOf(reading);
    const values = into.get(key) ?? [];
    into.set(key, values);
    values.push(comparable(reading, frames));
  }
};
for (let i = 0; i < chambers.readings; i++) {
  const silence = openSilence(card.regions.length, watched.parts);
  for (const region of card.regions.keys()) silence.expect(region, watched.alone!.parts);
  const beginning: { run: number; values: Float64Array[] }[] = [];
  const most = new Float64Array(card.regions.length);
  const onFrame = (region: number, parts: Float64Array): void => {
    silence.add(region, parts);
    most[region] = Math.max(most[region]!, silence.reading(region)!.value);
  };
  for await (const values of detector.run(chambers.firstSeed + chambers.shapes + i, onFrame, watched)) {
    const usually = watched.alone!.against(values);
    const against = beginning.length === windows.beginning ? watched.compare(beginning).against(values) : null;
    for (const region of card.regions.keys()) {
      const frames = watched.frames(values[region]!);
      learn(alone, usually(region), frames);
      // The largest of any frame's end: a cycle may end at each of them.
      const silent = { ...silence.reading(region)!, value: most[region]! };
      if (against !== null) learn(compared, [...against(region, { bits: true, auto: true }), silent], frames);
    }
    most.fill(0);
    if (against === null) beginning.push({ run: 0, values });
  }
  say(`${instrument}: chamber ${i + 1} of ${chambers.readings}`);
}
await detector.close();

const knots = (of: Map<string, number[]>): UsualCard['alone'] =>
  Object.fromEntries(
    [...of].map(([key, values]) => {
      const { at, scale } = knotsOf(values);
      return [key, { at: at.map(short), scale: short(Math.max(scale, 1e-6)) }];
    }),
  );
const usual: UsualCard = {
  format: 'tessera-usual/1',
  instrument,
  card: String(card.hash),
  shapes,
  alone: knots(alone),
  compared: knots(compared),
  made: {
    by: 'models/train/make_usual.ts',
    simulated: true,
    version,
    ...{ chambers, windows, drift },
    regionCycles: Math.max(...[...compared.values()].map(({ length }) => length)),
  },
};
// One line an entry: whoever looks for a reading finds it.
const json = JSON.stringify(usual, null, 1).replaceAll(/\[\s+[^[\]{}"]*\]/g, (list) => list.replaceAll(/\s+/g, ''))
  .replaceAll(/\{\n\s+"at": (\[[^\]]*\]),\n\s+"scale": ([^\n]*)\n\s+\}/g, '{ "at": $1, "scale": $2 }');
writeFileSync(file, `${json}\n`);
say(`${file}: ${(json.length / 1e3).toFixed(0)} kB`);
