/**
 * Makes what is usual of an instrument, as it is shipped: runs of many simulated chambers whose gain and beam drift are
 * watched as a monitor watches them, and what every check reads in them is written down. Refuses to judge a chamber by itself: the
 * chambers whose shapes are shipped are others than those whose readings are. All of it is simulated, and says so.
 *
 *     node models/train/make_usual.ts INSTRUMENT [FILE]
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { home, loadCards, version } from '../../src/assemble.ts';
import type { Reading } from '../../src/dqm/checks/list.ts';
import type { Watch } from '../../src/dqm/cycles/watch.ts';
import { comparable, keyOf } from '../../src/dqm/judging/norm.ts';
import { openSilence } from '../../src/dqm/judging/silence.ts';
import { knotsOf } from '../../src/dqm/thresholds.ts';
import type { UsualCard } from '../../src/wire/cards/usual.ts';
import { short } from './usual/detector.ts';
import { openHitsDetector } from './usual/hits.ts';
import { openTriggerDetector } from './usual/trigger.ts';

/** Others than the simulator's default, so that no run that is judged later is of these chambers. */
const firstSeed = 7001;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

const [instrument, file = join(home, 'instruments/usual', `${instrument}.json`)] = process.argv.slice(2);
if (instrument === undefined) throw new Error('name the instrument');
const cards = loadCards(instrument);
const detector =
  cards.card.kind === 'objects'
    ? await openTriggerDetector({ ...cards, card: cards.card })
    : await openHitsDetector(cards);
const { card, windows, chambers, drift } = detector;

const plain = detector.watch(null);
const addInto = (sum: Float64Array, one: Float64Array): void => {
  for (let bin = 0; bin < sum.length; bin++) sum[bin] = sum[bin]! + one[bin]!;
};
const sum = new Float64Array(plain.size);
for (let i = 0; i < chambers.shapes; i++)
  for await (const values of detector.run(firstSeed + i, 'now', plain, () => {}))
    for (const one of values) addInto(sum, one);
const shapes = detector.shapesOf(sum);
say(`${instrument}: shapes`);

const watched = detector.watch(shapes);
type Values = Map<string, number[]>;
/** Against what is shipped; against a run's beginning; against a good run before it. */
const alone: Values = new Map();
const toBeginning: Values = new Map();
const toRun: Values = new Map();
const everything = { bits: true, auto: true };
const learn = (into: Values, readings: readonly Reading[], frames: number): void => {
  for (const reading of readings) {
    const key = keyOf(reading);
    const values = into.get(key) ?? [];
    into.set(key, values);
    values.push(comparable(reading, frames));
  }
};
for (let i = 0; i < chambers.readings; i++) {
  const seed = firstSeed + chambers.shapes + i;
  const runBefore = card.regions.map(() => new Float64Array(watched.size));
  for await (const values of detector.run(seed, 'before', watched, () => {}))
    for (const [region, one] of values.entries()) addInto(runBefore[region]!, one);
  const good = watched.compare([{ run: 1, values: runBefore }]);
  const silence = openSilence(card.regions.length, watched.parts);
  for (const region of card.regions.keys()) silence.expect(region, watched.alone!.parts);
  const beginning: { run: number; values: Float64Array[] }[] = [];
  const most = new Float64Array(card.regions.length);
  const onFrame: Watch['frame'] = (region, had, due) => {
    silence.add(region, had, due);
    most[region] = Math.max(most[region]!, silence.reading(region)!.value);
  };
  for await (const values of detector.run(seed, 'now', watched, onFrame)) {
    const usually = watched.alone!.against(values);
    const beside = good.against(values);
    const against = beginning.length === windows.beginning ? watched.compare(beginning).against(values) : null;
    for (const region of card.regions.keys()) {
      const frames = watched.frames(values[region]!);
      learn(alone, usually(region), frames);
      // The largest of any frame's end: a cycle may end at each of them.
      const silent = { ...silence.reading(region)!, value: most[region]! };
      learn(toRun, [...beside(region, everything), silent], frames);
      if (against !== null) learn(toBeginning, [...against(region, everything), silent], frames);
    }
    most.fill(0);
    if (against === null) beginning.push({ run: 0, values });
  }
  say(`${instrument}: chamber ${i + 1} of ${chambers.readings}`);
}
await detector.close();

const knots = (of: Values): UsualCard['alone'] =>
  Object.fromEntries(
    [...of].map(([key, values]) => {
      const { at, scale } = knotsOf(values);
      return [key, { at: at.map(short), scale: short(Math.max(scale, 1e-6)) }];
    }),
  );
const usual: UsualCard = {
  format: 'tessera-usual/2',
  instrument,
  card: String(card.hash),
  shapes,
  alone: knots(alone),
  compared: { beginning: knots(toBeginning), runs: knots(toRun) },
  made: {
    by: 'models/train/make_usual.ts',
    simulated: true,
    version,
    ...{ firstSeed, chambers, windows, drift },
    regionCycles: Math.max(...[...toBeginning.values()].map(({ length }) => length)),
  },
};
// One line an entry: whoever looks for a reading finds it.
const json = JSON.stringify(usual, null, 1).replaceAll(/\[\s+[^[\]{}"]*\]/g, (list) => list.replaceAll(/\s+/g, ''))
  .replaceAll(/\{\n\s+"at": (\[[^\]]*\]),\n\s+"scale": ([^\n]*)\n\s+\}/g, '{ "at": $1, "scale": $2 }');
writeFileSync(file, `${json}\n`);
say(`${file}: ${(json.length / 1e3).toFixed(0)} kB`);
