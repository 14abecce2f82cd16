import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fitTables } from '../../src/codec/fit.ts';
import { decodeLossless, encodeLossless } from '../../src/codec/lossless.ts';
import { builtInTables, codeOfOdds, parseTables, tablesToJson } from '../../src/codec/tables.ts';
import { Fault } from '../../src/domain/fault.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';
import { clusteredFrame, digitsOf, testCard } from './scene.ts';

const card = testCard([3, 20, 37]);
const frames = Array.from({ length: 10 }, (_, seed) => clusteredFrame(card, 3 * seed, seed));

describe('lossless tables', () => {
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
    expect(fitTables([], card).parts.gaps.length).toBe(32);
    expect(fitTables([digitsOf([])], card).fit).toEqual({ by: 'fitTables', frames: 1 });
  });

  it('are named after instrument and content, whatever their provenance', () => {
    const tables = builtInTables(card);
    expect(tables.id).toMatch(/^test-grid\/[0-9a-f]{8}$/);
    expect(builtInTables(card).id).toBe(tables.id);
    expect(builtInTables(testCard([3, 20, 37], { adcBits: 12 })).checksum).not.toBe(tables.checksum);
  });

  it('have probabilities within a sixteenth of what was asked', () => {
    const codes = Array.from({ length: 4096 }, (_, parts) => codeOfOdds(parts));
    expect(codes.every((code, i) => i === 0 || code >= codes[i - 1]!)).toBe(true);
    expect(codes[4095]).toBeLessThan(256);
    expect(codes[2048]).toBe(codes[4095]! / 2);
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
        delete file.parts.bit;
      }),
      changed((file) => {
        file.parts.bit = 'AAAA';
      }),
      changed((file) => {
        file.parts.tile = '!';
      }),
      changed((file) => {
        file.parts.chunk = btoa(String.fromCharCode(255).repeat(65_536));
      }),
      changed((file) => {
        file.parts.amplitude = btoa(String.fromCharCode(0).repeat(atob(String(file.parts.amplitude)).length));
      }),
    ];
    for (const text of bad) {
      expect(() => parseTables(text, card), text.slice(0, 60)).toThrow(
        expect.objectContaining({ code: 'file-invalid' }),
      );
    }
    expect(() => parseTables(json, testCard([3, 20, 37], { adcBits: 12 }))).toThrow(Fault);
    expect(parseTables(json, card).id).toBe(builtInTables(card).id);
  });
});

describe('the tables in instruments/', () => {
  const folder = new URL('../../instruments/', import.meta.url);
  const ids = readdirSync(folder).filter((name) => name.endsWith('.json'));

  it.each(ids)('that %s names are its own, and beat the built-in ones', (file) => {
    const card = parseInstrumentCard(readFileSync(new URL(file, folder), 'utf8'));
    if (card.tables === undefined) return;
    const json = readFileSync(new URL(card.tables.file, folder), 'utf8');
    expect(createHash('sha256').update(json).digest('hex')).toBe(card.tables.sha256);
    const tables = parseTables(json, card);
    expect(tables.fit).toMatchObject({ by: 'fitTables', dataSha256: expect.any(String) });
    const frame = clusteredFrame(card, 500, 1);
    const payload = encodeLossless(frame, card, tables);
    expect(payload.length).toBeLessThan(encodeLossless(frame, card, builtInTables(card)).length);
    expect(decodeLossless(payload, frame.count, card, tables)).toEqual(frame);
  });
});
