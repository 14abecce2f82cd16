/** Cards: the hash is of the canonical JSON, and a wrong card is refused with all its faults. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstrumentCard, parseModelCard } from '../../src/wire/card.ts';
import { canonicalJson } from '../../src/wire/cards/schema.ts';
import { objectsCard, objectsCardJson, smallCard, smallCardJson } from './small_card.ts';

const cells = 64;
const counts = (length: number) => new Array<number>(length).fill(1);
const sha = 'a'.repeat(64);
const modelJson = {
  name: 'tpc-fsq',
  version: 1,
  instruments: ['test-small'],
  patch: [1, 8, 8],
  inputTable: [0, ...counts(1023)],
  codeAdc: counts(256),
  levels: new Array<number>(12).fill(5),
  symbolDigits: 3,
  symbolsPerPatch: 4,
  alphabet: 125,
  encoder: { file: 'model.onnx', sha256: sha, inputWidth: cells, outputWidth: 4 },
  decoder: { file: 'decoder.onnx', sha256: sha, inputWidth: 4, outputWidth: cells },
  neighbours: [],
  contexts: {
    own: new Array<number>(125).fill(0),
    near: counts(125),
    first: new Array<number>(8).fill(0),
    parent: [0, 0, 1, 0],
    parentClass: Array.from({ length: 4 }, () => new Array<number>(125).fill(0)),
  },
  symbolCounts: [[counts(125)], [counts(125)], [counts(125)], [counts(125)]],
  gapCounts: counts(20),
  activeCounts: Array.from({ length: 512 }, () => counts(16)),
  metrics: {},
  provenance: {},
};

describe('canonicalJson', () => {
  it('does not depend on the order of keys or on spaces', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const backwards = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(backwards)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: [1, { d: null, c: 'ö' }], a: 1.5 })).toBe(
      '{"a":1.5,"b":[1,{"c":"ö","d":null}]}',
    );
  });
});

describe('parseInstrumentCard', () => {
  it('gives the card and the first eight bytes of the SHA-256 of its canonical JSON', () => {
    const digest = createHash('sha256').update(canonicalJson(smallCardJson)).digest('hex');
    expect(smallCard.hash).toBe(digest.slice(0, 16));
    expect(smallCard.timeFrameNanos).toBe(13_000n);
    expect(smallCard.axes[1]).toEqual({ name: 'azimuth', size: 12, unit: 'rad', origin: 0, step: 0.5 });
    const pretty = JSON.stringify(Object.fromEntries(Object.entries(smallCardJson).reverse()), null, 4);
    expect(parseInstrumentCard(pretty).hash).toBe(smallCard.hash);
  });

  it('keeps the lossless tables when the card names them', () => {
    const tables = { file: 'tables/test.bin', sha256: sha };
    expect(parseInstrumentCard(JSON.stringify({ ...smallCardJson, tables })).tables).toEqual(tables);
    expect('tables' in smallCard).toBe(false);
  });

  const refusals: [string, object, RegExp][] = [
    ['text that is no JSON', [], /./],
    ['an id no topic can carry', { id: 'Über TPC' }, /id: lower-case/],
    ['a hash inside', { hash: '0'.repeat(16) }, /hash: leave it out/],
    ['a patch of two sizes for three axes', { patch: [8, 8] }, /patch: a patch needs one size/],
    ['a patch larger than its axis', { patch: [5, 8, 8] }, /patch\.0: a patch is larger/],
    ['a threshold beyond the ADC', { thresholdAdc: 1024 }, /thresholdAdc: the threshold does not fit/],
    ['two regions of one name', { regions: ['a', 'a'] }, /two regions share a name/],
    ['a region without a name', { regions: [''] }, /regions\.0/],
    ['a kind of frame nobody knows', { kind: 'pictures' }, /kind: must be 'digits' or 'objects'/],
    ['a time frame of half a nanosecond', { timeFrameNanos: 0.5 }, /timeFrameNanos/],
  ];
  for (const [what, change, message] of refusals)
    it(`refuses ${what}`, () => {
      expect(() => parseInstrumentCard(JSON.stringify({ ...smallCardJson, ...change }))).not.toThrow(
        TypeError,
      );
      if (!Array.isArray(change))
        expect(() => parseInstrumentCard(JSON.stringify({ ...smallCardJson, ...change }))).toThrow(message);
      else expect(() => parseInstrumentCard('{')).toThrow(/not JSON/);
    });

  it('lists all faults at once', () => {
    const wrong = { ...smallCardJson, id: '', adcBits: 99, regions: [] };
    expect(() => parseInstrumentCard(JSON.stringify(wrong))).toThrow(/id: .*adcBits: .*regions: /);
    const crossed = { ...smallCardJson, thresholdAdc: 4096, patch: [1, 1], regions: ['a', 'a'] };
    expect(() => parseInstrumentCard(JSON.stringify(crossed))).toThrow(/patch: .*thresholdAdc: .*regions: /);
  });
});

describe('parseInstrumentCard of objects', () => {
  it('derives a grid of which one object is one patch', () => {
    expect(objectsCard.axes.map(({ name, size }) => [name, size])).toEqual([
      ['slot', 9],
      ['field', 3],
    ]);
    expect([objectsCard.patch, objectsCard.adcBits, objectsCard.thresholdAdc]).toEqual([[1, 3], 12, 1]);
    expect(objectsCard.groups.map(({ fields }) => fields.join())).toEqual(['e', 'e,x,y', 'e,x']);
    const digest = createHash('sha256').update(canonicalJson(objectsCardJson)).digest('hex');
    expect(objectsCard.hash).toBe(digest.slice(0, 16));
  });

  const [sum, track] = objectsCardJson.groups;
  const [e, x] = objectsCardJson.fields;
  const refusals: [string, object, RegExp][] = [
    ['a grid of its own', { axes: [], patch: [1] }, /axes: leave it out.*patch: leave it out/],
    ['values of 16 bits', { fields: [{ ...e, bits: 16 }] }, /fields\.0\.bits/],
    ['a step of 0', { fields: [{ ...e, step: 0 }] }, /fields\.0\.step/],
    ['two fields of one name', { fields: [e, { ...x, name: 'e' }] }, /fields: two fields share a name/],
    ['two groups of one name', { groups: [sum, sum] }, /groups: two groups share a name/],
    ['too many objects', { groups: [sum, { ...track, countMax: 1024 }] }, /groups: a frame may have more/],
    [
      'a field nobody knows',
      { groups: [{ ...sum, fields: ['z', 'e'] }] },
      /groups\.0\.fields: 'z' is no field/,
    ],
    ['a group without fields', { groups: [{ ...sum, fields: [] }] }, /groups\.0\.fields/],
    ['two regions of one name', { regions: ['a', 'a'] }, /two regions share a name/],
  ];
  it.each(refusals)('refuses %s', (_, change, message) => {
    expect(() => parseInstrumentCard(JSON.stringify({ ...objectsCardJson, ...change }))).toThrow(message);
  });

  it('lists all faults at once', () => {
    const wrong = { ...objectsCardJson, groups: [{ ...sum, fields: ['z', 'z'] }, sum], regions: ['a', 'a'] };
    expect(() => parseInstrumentCard(JSON.stringify(wrong))).toThrow(
      /groups: two groups.*groups\.0\.fields: names a field twice.*'z' is no field.*regions: /,
    );
  });
});

describe('parseModelCard', () => {
  it('takes a card that holds together', () => {
    const card = parseModelCard(JSON.stringify(modelJson));
    expect({ ...card, hash: undefined }).toEqual({ ...modelJson, hash: undefined });
    expect(card.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('refuses shapes that do not fit each other, all at once', () => {
    const wrong = {
      ...modelJson,
      alphabet: 64,
      encoder: { ...modelJson.encoder, outputWidth: 5 },
      decoder: { ...modelJson.decoder, inputWidth: 5 },
      inputTable: [7, 1],
    };
    expect(() => parseModelCard(JSON.stringify(wrong))).toThrow(
      /inputTable\.0: .*levels: .*encoder\.outputWidth: .*decoder\.inputWidth: .*symbolCounts\.3\.0: .*contexts\.near: /,
    );
  });
});
