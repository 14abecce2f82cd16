import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fitTables } from '../../../src/codec/ladder/fit.ts';
import { decodeLadder, encodeLadder } from '../../../src/codec/ladder/ladder.ts';
import { builtInTables, levelBoundsOf, plainCurve, readyTables } from '../../../src/codec/ladder/tables.ts';
import { parseTables, tablesToJson } from '../../../src/codec/ladder/tables_file.ts';
import { Fault } from '../../../src/domain/fault.ts';
import { parseInstrumentCard } from '../../../src/wire/card.ts';
import { clusteredFrame, digitsOf, testCard } from '../scene.ts';

const card = testCard([3, 20, 37]);
const frames = Array.from({ length: 10 }, (_, seed) => clusteredFrame(card, 3 * seed, seed));

describe('ladder tables', () => {
  it('survive their JSON, provenance included', () => {
    const tables = fitTables(frames, card, { seed: 7 });
    const back = parseTables(tablesToJson(tables), card);
    expect(back.id).toBe(tables.id);
    expect(back.parts).toEqual(tables.parts);
    expect(back.fit).toEqual({ by: 'fitTables', frames: 10, seed: 7 });
  });

  it('are the same for the same frames and others for others', () => {
    expect(fitTables(frames, card).id).toBe(fitTables(frames, card).id);
    expect(fitTables(frames.slice(5), card).id).not.toBe(fitTables(frames, card).id);
  });

  it('can be fitted to nothing and to empty frames', () => {
    expect(fitTables([], card).parts.lowest.length).toBe(16);
    expect(fitTables([digitsOf([])], card).fit).toEqual({ by: 'fitTables', frames: 1 });
  });

  it('are named after instrument and content, whatever their provenance', () => {
    const tables = builtInTables(card);
    expect(tables.id).toMatch(/^test-grid\/[0-9a-f]{8}$/);
    expect(builtInTables(card).id).toBe(tables.id);
    expect(builtInTables(testCard([3, 20, 37], { adcBits: 12 })).checksum).not.toBe(tables.checksum);
  });

  it('say where the levels of each plane begin and end', () => {
    const tables = builtInTables(card);
    expect(levelBoundsOf(tables, 0)).toEqual({ lowest: Uint16Array.of(64), highest: Uint16Array.of(1023) });
    expect(levelBoundsOf(tables, 2)).toEqual({
      lowest: Uint16Array.of(64, 129, 257, 513),
      highest: Uint16Array.of(128, 256, 512, 1023),
    });
    expect(levelBoundsOf(tables, 4).lowest).toEqual(tables.parts.lowest);
    expect(() => levelBoundsOf(tables, 5)).toThrow('plane 5 of 4');
  });

  it('tell a level by the mean of what it holds', () => {
    const frame = digitsOf([64, 66, 70, 900, 1000, 1001, 1002].map((adc, voxel) => [voxel, adc]));
    const { values } = fitTables([frame], card).parts;
    expect([values[1], values[2], values[3], values[16], values[31]]).toEqual([586, 67, 976, 67, 976]);
    expect(values[20]).toBe(builtInTables(card).parts.values[20]);
  });

  it('begin with a curve that is the logistic one', () => {
    const curve = Array.from(plainCurve());
    expect(
      curve.every((share, i) => share >= 1 && share <= 4095 && (i === 0 || share >= curve[i - 1]!)),
    ).toBe(true);
    expect(curve[128]).toBe(2048);
    expect(curve[128 + 16]! / curve[128 - 16]!).toBeCloseTo(Math.E, 1);
  });

  it('refuse parts out of range', () => {
    const { parts } = builtInTables(card);
    const bad = [
      { lowest: Uint16Array.of(64, 100, 200) },
      { lowest: Uint16Array.from(parts.lowest).reverse() },
      { lowest: new Uint16Array(16) },
      { values: new Uint16Array(32) },
      { spread: parts.spread.map(() => 8) },
      { pairs: parts.pairs.map(() => -128) },
      { fresh: parts.fresh.map(() => 1) },
      { first: parts.first.slice(1) },
      { curve: new Uint16Array(1024) },
      { curves: parts.curves.map(() => 4096) },
    ];
    for (const change of bad)
      expect(
        () => readyTables(card, { ...parts, ...change }, {}),
        JSON.stringify(Object.keys(change)),
      ).toThrow(expect.objectContaining({ code: 'file-invalid' }));
  });

  it('refuse a file that is not theirs', () => {
    const json = tablesToJson(builtInTables(card));
    const changed = (
      change: (file: { format: string; id: string; parts: Record<string, unknown> }) => void,
    ): string => {
      const file = JSON.parse(json);
      change(file);
      return JSON.stringify(file);
    };
    const bad = [
      '',
      'null',
      '[]',
      '{}',
      json.slice(0, 100),
      changed((file) => {
        file.format = 'other/1';
      }),
      changed((file) => {
        file.id = 'test-grid/00000000';
      }),
      changed((file) => {
        delete file.parts.flags;
      }),
      changed((file) => {
        file.parts.flags = 'AAAA';
      }),
      changed((file) => {
        file.parts.fresh = '!';
      }),
      changed((file) => {
        file.parts.first = btoa(String.fromCharCode(127).repeat(2 * 8192));
      }),
      changed((file) => {
        file.parts.remainder = btoa(String.fromCharCode(0).repeat(atob(String(file.parts.remainder)).length));
      }),
    ];
    for (const text of bad) {
      expect(() => parseTables(text, card), text.slice(0, 60)).toThrow(
        expect.objectContaining({ code: 'file-invalid' }),
      );
    }
    expect(() => parseTables(json, testCard([3, 20, 37], { adcBits: 9 }))).toThrow(Fault);
    expect(() => parseTables(json, testCard([3, 20, 37], { id: 'another' }))).toThrow(Fault);
    expect(parseTables(json, card).id).toBe(builtInTables(card).id);
  });
});

describe('the tables in instruments/', () => {
  const folder = new URL('../../../instruments/', import.meta.url);
  const ids = readdirSync(folder).filter((name) => name.endsWith('.json'));

  it.each(ids)('that %s names are its own, and beat the built-in ones', (file) => {
    const card = parseInstrumentCard(readFileSync(new URL(file, folder), 'utf8'));
    if (card.tables === undefined) return;
    const json = readFileSync(new URL(card.tables.file, folder), 'utf8');
    expect(createHash('sha256').update(json).digest('hex')).toBe(card.tables.sha256);
    const tables = parseTables(json, card);
    expect(tables.fit).toMatchObject({ by: 'fitTables', dataSha256: expect.any(String) });
    const frame = clusteredFrame(card, 500, 1);
    const everything = { planes: 4, remainder: true };
    const layers = encodeLadder(frame, card, tables, everything);
    const bytes = (some: typeof layers): number => some.reduce((n, { payload }) => n + payload.length, 0);
    expect(bytes(layers)).toBeLessThan(bytes(encodeLadder(frame, card, builtInTables(card), everything)));
    expect(decodeLadder(layers, frame.count, card, tables)!.digits).toEqual(frame);
  });

  it('have the levels the dequantiser was trained for', () => {
    const { planes } = JSON.parse(
      readFileSync(new URL('../../../models/train/levels.json', import.meta.url), 'utf8'),
    );
    const card = parseInstrumentCard(readFileSync(new URL('sphenix-tpc-auau.json', folder), 'utf8'));
    const tables = parseTables(readFileSync(new URL(card.tables!.file, folder), 'utf8'), card);
    const own = [1, 2, 3, 4].map((plane) => Array.from(levelBoundsOf(tables, plane).lowest));
    expect(planes).toEqual(own.map((lowestAdc) => ({ levels: lowestAdc.length, lowestAdc })));
  });
});
