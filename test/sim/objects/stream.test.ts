/** The simulated trigger: pure in (seed, number), within its card, and with the shapes a trigger's objects have. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEvents } from '../../../src/sim/objects/events.ts';
import { readLists, triggerObjects, vectorWriter } from '../../../src/sim/objects/lists.ts';
import { classes, nominal, type ObjectEvent, openObjectStream } from '../../../src/sim/objects/stream.ts';
import { digitsOfRecords, recordLayout } from '../../../src/wire/frames/records.ts';
import { triggerCard } from '../../objects.ts';

const folder = new URL('../../../models/particles/', import.meta.url);
const lists = readLists((name) => readFileSync(new URL(`${name}.bin`, folder)));
const open = () => openObjectStream(triggerCard, lists, { seed: 4, split: 'test' });
const stream = open();
const [met, egamma, muon, jet] = [0, 1, 2, 3];
const layout = recordLayout(triggerCard);

const of = (count: number, event: (n: number) => ObjectEvent) =>
  Array.from({ length: count }, (_, n) => event(n));
const pts = (event: ObjectEvent, group: number): number[] =>
  event.records.filter((record) => record.group === group).map(({ values }) => values[0]! / 2);
const share = (events: readonly ObjectEvent[], is: (event: ObjectEvent) => boolean): number =>
  events.filter(is).length / events.length;
const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

describe('event lists', () => {
  it('are whole, or refused', () => {
    const bytes = readFileSync(new URL('l1_hc.bin', folder));
    expect(parseEvents(bytes).eventCount).toBe(4000);
    expect(() => parseEvents(bytes.subarray(0, 5000))).toThrow(/another size/);
    expect(() => parseEvents(bytes.subarray(1))).toThrow(/l1e1/);
    expect(() => parseEvents(new Uint8Array(0))).toThrow(/l1e1/);
  });
});

describe('the trigger stream', () => {
  const normal = of(400, (n) => stream.normal(n));

  it('gives the same events in any order, and fits its card', () => {
    const again = open();
    for (let n = 399; n >= 380; n--) expect(again.normal(n)).toEqual(normal[n]);
    for (const { records } of normal) {
      const { count } = digitsOfRecords(records, layout);
      expect(count).toBe(2 + 3 * (records.length - 1));
      for (const { values } of records) expect(values[2]).toBeLessThan(144);
    }
    const objectsOf = triggerObjects(triggerCard, lists, { seed: 4, split: 'test' });
    expect(objectsOf(7, 0)).toEqual(normal[7]!.records);
  });

  it('writes vectors of 57 numbers, absent ones 0', () => {
    const { cells, write } = vectorWriter(triggerCard);
    const vector = new Uint16Array(cells + 2).fill(9);
    write(normal[0]!, vector, 1);
    expect(cells).toBe(57);
    expect([vector[0], vector[58], vector[2]]).toEqual([9, 9, 0]);
    expect(vector[1]).toBe(normal[0]!.records[0]!.values[0]! + 1);
  });

  it('is half crossings, the other half pre-selected', () => {
    expect(share(normal, (event) => event.class === 'crossing')).toBeGreaterThan(0.4);
    expect(share(normal, (event) => event.class === 'crossing')).toBeLessThan(0.6);
    expect(share(normal, (event) => event.class === 'w')).toBeGreaterThan(0.2);
    expect(classes).toContain(normal[3]!.class);
  });

  const crossings = of(600, (n) => stream.of('crossing', n));

  it('has rates that fall with the threshold', () => {
    for (const [group, steps] of [
      [jet, [20, 40, 80]],
      [egamma, [5, 9, 18]],
      [met, [15, 45, 90]],
    ] as const) {
      const rates = steps.map((gev) => share(crossings, (event) => (pts(event, group)[0] ?? 0) >= gev));
      expect(rates[0]!).toBeGreaterThan(1.5 * rates[1]!);
      expect(rates[1]!).toBeGreaterThan(3 * rates[2]!);
    }
  });

  it('has MET whose resolution grows with pile-up: as its root or, as towers come over the cut, faster', () => {
    const at = (pileUp: number) =>
      mean(
        of(300, (n) => stream.of('crossing', n, { ...nominal, pileUp })).map((event) => pts(event, met)[0]!),
      );
    const [few, many] = [at(20), at(80)];
    expect(many / few).toBeGreaterThan(1.5);
    expect(many / few).toBeLessThan(4);
  });

  it('shows its signals: leptons of A → 4ℓ, jets of leptoquarks', () => {
    const fourLeptons = of(200, (n) => stream.of('a4l', n));
    const leptons = (event: ObjectEvent): number =>
      pts(event, egamma).filter((pt) => pt > 8).length + pts(event, muon).length;
    expect(mean(fourLeptons.map(leptons))).toBeGreaterThan(2 * mean(crossings.map(leptons)));
    const quarks = of(200, (n) => stream.of('lq', n));
    const sum = (event: ObjectEvent): number => pts(event, jet).reduce((all, one) => all + one, 0);
    expect(mean(quarks.map(sum))).toBeGreaterThan(1.5 * mean(crossings.map(sum)));
  });

  it('drifts by its knobs', () => {
    const jets = (knobs: typeof nominal) =>
      mean(of(200, (n) => stream.of('crossing', n, knobs)).map((event) => pts(event, jet)[0] ?? 0));
    expect(jets({ ...nominal, gain: 1.2 })).toBeGreaterThan(1.1 * jets(nominal));
  });
});
