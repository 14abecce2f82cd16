/**
 * Holds each tokenizer's card to its files and its encoder to the promise of exact digits: by golden vectors, by
 * an integer twin that reads the weights out of the ONNX file, and over batch sizes, threads, graph rewrites and
 * execution providers. It refuses to judge how good a model is; the card says that, and here only that it is said.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { providers, startSession } from '../../src/adapters/onnx/provider.ts';
import type { ModelCard, ModelFile } from '../../src/domain/model.ts';
import { absentSymbol } from '../../src/kernels/patches/patch_neighbours.ts';
import { parseModelCard } from '../../src/wire/card.ts';
import { type EncoderWeights, encodePatch, readEncoderWeights } from './integer_twin.ts';

const models = fileURLToPath(new URL('../../models/', import.meta.url));
const names = readdirSync(models)
  .filter((name) => name.startsWith('tpc-fsq'))
  .sort((a, b) => Number(a.replace(/.*-/, '')) - Number(b.replace(/.*-/, '')));

const readModel = (name: string) => {
  const folder = `${models}${name}/1/`;
  const cardText = readFileSync(`${folder}card.json`, 'utf8');
  const card: ModelCard = parseModelCard(cardText);
  return {
    card,
    cardBytes: cardText.length,
    golden: JSON.parse(readFileSync(`${folder}golden.json`, 'utf8')) as {
      cells: number[][];
      symbols: number[][];
    },
    encoderBytes: readFileSync(`${folder}${card.encoder.file}`),
    decoderBytes: readFileSync(`${folder}${card.decoder.file}`),
  };
};

const seed = 20261;

/** xorshift32: the same bytes in every run, and the seed is in the failing test's name. */
const randomBytes = (count: number, from: number): Uint8Array => {
  const bytes = new Uint8Array(count);
  let state = from;
  for (let at = 0; at < count; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 11;
  }
  return bytes;
};

/** Patches as a detector makes them: mostly empty, with a few blobs of hit codes. */
const structuredPatches = (card: ModelCard, count: number, from: number): Uint8Array => {
  const dice = randomBytes(count * 8, from);
  const least = card.inputTable[64] as number;
  const cells = new Uint8Array(count * 64);
  for (let patch = 0; patch < count; patch++) {
    for (let blob = 0; blob < 1 + ((dice[patch * 8] as number) & 1); blob++) {
      const row = (dice[patch * 8 + 1 + blob] as number) & 7;
      const column = (dice[patch * 8 + 3 + blob] as number) & 7;
      const peak = (dice[patch * 8 + 5 + blob] as number) % (256 - least);
      for (let r = Math.max(0, row - 1); r <= Math.min(7, row + 1); r++) {
        for (let c = Math.max(0, column - 2); c <= Math.min(7, column + 2); c++) {
          const fall = 25 * (Math.abs(r - row) + Math.abs(c - column));
          if (peak >= fall) cells[patch * 64 + r * 8 + c] = least + peak - fall;
        }
      }
    }
  }
  return cells;
};

const mixedPatches = (card: ModelCard): Uint8Array =>
  Uint8Array.from([...randomBytes(64 * 2048, seed + 1), ...structuredPatches(card, 2048, seed + 2)]);

const open = (bytes: Uint8Array, threads = 1, rewrites: 'all' | 'disabled' = 'all') =>
  ort.InferenceSession.create(bytes, { intraOpNumThreads: threads, graphOptimizationLevel: rewrites });

const run = async (session: ort.InferenceSession, file: ModelFile, rows: Uint8Array, batch: number) => {
  const count = rows.length / file.inputWidth;
  const out = new Uint8Array(count * file.outputWidth);
  const [input, output] = [session.inputNames[0] as string, session.outputNames[0] as string];
  for (let at = 0; at < count; at += batch) {
    const end = Math.min(count, at + batch);
    const slab = rows.slice(at * file.inputWidth, end * file.inputWidth);
    const result = await session.run({ [input]: new ort.Tensor('uint8', slab, [end - at, file.inputWidth]) });
    out.set((result[output] as ort.Tensor).data as Uint8Array, at * file.outputWidth);
  }
  return out;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Rows of the decoder for patches that stand alone. */
const alone = (symbols: Uint8Array, card: ModelCard): Uint8Array => {
  const width = card.symbolsPerPatch;
  const rows = new Uint8Array((symbols.length / width) * card.decoder.inputWidth).fill(absentSymbol);
  for (let row = 0; row * width < symbols.length; row++)
    rows.set(symbols.subarray(row * width, (row + 1) * width), row * card.decoder.inputWidth);
  return rows;
};

describe.each(names)('%s', (name) => {
  const { card, cardBytes, golden, encoderBytes, decoderBytes } = readModel(name);
  const width = card.symbolsPerPatch;
  let encoder: ort.InferenceSession;
  let decoder: ort.InferenceSession;
  let weights: EncoderWeights;
  beforeAll(async () => {
    encoder = await open(encoderBytes);
    decoder = await open(decoderBytes);
    weights = readEncoderWeights(encoderBytes);
  });
  afterAll(async () => {
    await encoder.release();
    await decoder.release();
  });

  it('names its folder, and its files by their hashes, in a card that stays small', () => {
    expect(`${card.name}/${card.version}`).toBe(`${name}/1`);
    expect(cardBytes).toBeLessThan(400_000);
    for (const [file, bytes] of [
      [card.encoder, encoderBytes],
      [card.decoder, decoderBytes],
    ] as const) {
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    }
  });

  it('says the shapes that the graphs have', () => {
    expect([encoder.inputNames, encoder.outputNames]).toEqual([['cells'], ['symbols']]);
    expect([decoder.inputNames, decoder.outputNames]).toEqual([['symbols'], ['cells']]);
    expect(sum(card.patch.map((size) => Math.log2(size)))).toBe(Math.log2(card.encoder.inputWidth));
    expect(card.levels.length).toBe(card.symbolDigits * card.symbolsPerPatch);
    expect(card.decoder.inputWidth).toBe(width * (1 + card.neighbours.length));
  });

  it('has a code for each ADC value, in order, with an inverse that returns the same code', () => {
    expect([card.inputTable.length, card.codeAdc.length]).toEqual([1024, 256]);
    expect([card.inputTable[0], card.codeAdc[0], card.inputTable[1023]]).toEqual([0, 0, 255]);
    for (let adc = 1; adc < 1024; adc++) {
      expect(card.inputTable[adc]).toBeGreaterThanOrEqual(Math.max(1, card.inputTable[adc - 1] as number));
    }
    for (const code of new Set(card.inputTable)) {
      expect(card.inputTable[card.codeAdc[code] as number]).toBe(code);
    }
  });

  it('says where it comes from, how good it is and how its codebook is used, for each kind of collision', () => {
    expect(card.provenance).toMatchObject({ licence: 'Apache-2.0', data: expect.anything() });
    for (const kind of ['auau', 'pp']) {
      expect(card.metrics[kind]).toMatchObject({
        log_mae: expect.any(Number),
        precision: expect.any(Number),
        recall: expect.any(Number),
        charge_bias: expect.any(Number),
        packet_ratio_16bit_dense: expect.any(Number),
        bits_per_hit: expect.any(Number),
        codebook_use_by_symbol: expect.any(Array),
        saturated_digits: expect.any(Number),
      });
    }
  });

  it('cannot leave the exact range of float32, nor saturate 16-bit pairs of products', () => {
    for (const layer of weights.layers) {
      for (let column = 0; column < layer.outputs; column++) {
        let worst = Math.abs(layer.bias[column] as number);
        for (let row = 0; row < layer.inputs; row++) {
          worst += 255 * Math.abs(layer.weight[row * layer.outputs + column] as number);
        }
        expect(worst).toBeLessThan(2 ** 24);
      }
      expect(Math.max(...layer.weight.map(Math.abs)) * 255 * 2).toBeLessThan(2 ** 15);
      expect(Number.isInteger(Math.log2(layer.scale))).toBe(true);
    }
  });

  it('gives the golden symbols', async () => {
    const out = await run(encoder, card.encoder, Uint8Array.from(golden.cells.flat()), 64);
    expect([...out]).toEqual(golden.symbols.flat());
  });

  it(`agrees with the integer twin on random and structured patches (seed ${seed})`, async () => {
    for (const cells of [randomBytes(64 * 1000, seed), structuredPatches(card, 1000, seed)]) {
      const symbols = await run(encoder, card.encoder, cells, 512);
      const twin = new Uint8Array(symbols.length);
      for (let patch = 0; patch < 1000; patch++) {
        twin.set(encodePatch(weights, card, cells.subarray(patch * 64, patch * 64 + 64)), patch * width);
      }
      expect(Buffer.compare(symbols, twin)).toBe(0);
    }
  });

  it(`gives the same digits in any batch, on any number of threads, fused or not (seed ${seed})`, async () => {
    const cells = mixedPatches(card);
    const expected = await run(encoder, card.encoder, cells, 4096);
    expect(Math.max(...expected)).toBeLessThan(card.alphabet);
    for (const threads of [1, 2]) {
      for (const rewrites of ['all', 'disabled'] as const) {
        const session = await open(encoderBytes, threads, rewrites);
        for (const batch of [1, 7, 1024, 4096]) {
          const out = await run(session, card.encoder, cells, batch);
          expect(Buffer.compare(out, expected), `threads ${threads} ${rewrites} batch ${batch}`).toBe(0);
        }
        await session.release();
      }
    }
  });

  it('gives the same digits on every execution provider that starts here', async () => {
    const cells = mixedPatches(card);
    const expected = await run(encoder, card.encoder, cells, 4096);
    const tried: string[] = [];
    for (const provider of providers) {
      const session = await startSession(encoderBytes, provider).catch(() => null);
      if (session === null) continue;
      tried.push(provider);
      const out = await run(session, card.encoder, cells, 1024);
      expect(Buffer.compare(out, expected), provider).toBe(0);
      await session.release();
    }
    expect(tried).toContain('cpu');
  });

  it('decodes to cells that are no hit or a code a hit can have', async () => {
    const cells = structuredPatches(card, 2048, seed + 3);
    const symbols = await run(encoder, card.encoder, cells, 1024);
    const decoded = await run(decoder, card.decoder, alone(symbols, card), 1024);
    const least = card.inputTable[64] as number;
    let [hits, kept, both] = [0, 0, 0];
    for (let at = 0; at < cells.length; at++) {
      const code = decoded[at] as number;
      expect(code === 0 || code >= least).toBe(true);
      if ((cells[at] as number) > 0) hits++;
      if (code > 0) kept++;
      if ((cells[at] as number) > 0 && code > 0) both++;
    }
    // These blobs are no real clusters; a decoder that learnt clusters still finds more than chance would.
    expect(both / hits).toBeGreaterThan(0.4);
    expect(both / kept).toBeGreaterThan(0.4);
  });

  it('decodes symbols beyond the alphabet without failing', async () => {
    const rows = randomBytes(card.decoder.inputWidth * 512, seed + 4);
    expect((await run(decoder, card.decoder, rows, 512)).length).toBe(64 * 512);
  });
});

/** Rows of the tables in models/README.md, as the cards have them. */
const readmeRows = (kind: string): string[] => {
  const keys = [
    'packet_ratio_16bit_dense',
    'log_mae',
    'precision',
    'recall',
    'charge_bias',
    'log_mae_on_hits_kept',
    'bits_per_hit',
    'bits_per_patch',
    'codebook_use_by_symbol',
    'saturated_digits',
  ];
  const inWords = (value: number | number[] | undefined): string => {
    const number = Array.isArray(value) ? Math.min(...value) : (value ?? Number.NaN);
    return String(Number.isInteger(number) ? number : Number(number.toPrecision(3)));
  };
  return names.map((name) => {
    const { card } = readModel(name);
    const figures = card.metrics[kind] as Record<string, number | number[]>;
    return `| \`${name}\` | ${keys.map((key) => inWords(figures[key])).join(' | ')} |`;
  });
};

describe('models/README.md', () => {
  it.each(['auau', 'pp'])('says the figures of the cards for %s', (kind) => {
    const readme = readFileSync(`${models}README.md`, 'utf8');
    const [rows, table] = [readmeRows(kind), readme.split('\n').filter((line) => line.startsWith('| '))];
    expect(table, `the table should have:\n${rows.join('\n')}`).toEqual(expect.arrayContaining(rows));
  });
});
