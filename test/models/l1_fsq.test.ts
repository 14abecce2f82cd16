/**
 * Holds the tokenizer of trigger objects to its files and its encoder to exact digits: golden vectors, the integer twin,
 * batch sizes; and its tokens to the precision its card names. Refuses to judge more: the card says how good it is.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { parseModelCard } from '../../src/wire/card.ts';
import { randomOf } from '../frames.ts';
import { triggerCard } from '../objects.ts';
import { encodePatch, readEncoderWeights } from './integer_twin.ts';

const folder = new URL('../../models/l1-fsq/1/', import.meta.url);
const read = (file: string): Buffer => readFileSync(new URL(file, folder));
const card = parseModelCard(read('card.json').toString());
const encoderBytes = read(card.encoder.file);
const decoderBytes = read(card.decoder.file);
const golden = JSON.parse(read('golden.json').toString()) as { cells: number[][]; symbols: number[][] };
const width = card.symbolsPerPatch;
const random = randomOf(17);
const randomCells = Uint8Array.from({ length: 3 * 4000 }, () => Math.floor(random() * 256));

const run = async (bytes: Uint8Array, rows: Uint8Array, inputs: number, outputs: number, batch: number) => {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const out = new Uint8Array((rows.length / inputs) * outputs);
  for (let at = 0; at < rows.length / inputs; at += batch) {
    const slab = rows.slice(at * inputs, (at + batch) * inputs);
    const given = { [session.inputNames[0]!]: new ort.Tensor('uint8', slab, [slab.length / inputs, inputs]) };
    out.set((await session.run(given))[session.outputNames[0]!]!.data as Uint8Array, at * outputs);
  }
  await session.release();
  return out;
};
const encode = (cells: Uint8Array, batch = 1024) => run(encoderBytes, cells, 3, width, batch);

describe('l1-fsq', () => {
  it('names its files by their hashes and fits its instrument', () => {
    for (const [file, bytes] of [
      [card.encoder, encoderBytes],
      [card.decoder, decoderBytes],
    ] as const)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
    expect([`${card.name}/${card.version}`, card.patch]).toEqual(['l1-fsq/1', triggerCard.patch]);
    expect(card.inputTable.length).toBe(2 ** triggerCard.adcBits);
  });

  it('has a code for each value, in order, with an inverse that returns the same code', () => {
    card.inputTable.forEach((code, value) => {
      expect(code).toBeGreaterThanOrEqual(value === 0 ? 0 : Math.max(1, card.inputTable[value - 1]!));
    });
    for (const code of new Set(card.inputTable)) expect(card.inputTable[card.codeAdc[code]!]).toBe(code);
  });

  it('gives the golden symbols, and those of the integer twin in any batch', async () => {
    expect([...(await encode(Uint8Array.from(golden.cells.flat())))]).toEqual(golden.symbols.flat());
    const weights = readEncoderWeights(encoderBytes);
    const expected = new Uint8Array((randomCells.length / 3) * width);
    for (let row = 0; row < randomCells.length / 3; row++)
      expected.set(encodePatch(weights, card, randomCells.subarray(3 * row, 3 * row + 3)), row * width);
    for (const batch of [7, 4096]) expect(Buffer.compare(await encode(randomCells, batch), expected)).toBe(0);
  });

  it('decodes to the object it came from: angles within a few steps, absent cells absent', async () => {
    const objects = Array.from({ length: 2000 }, () => [
      1 + Math.floor(random() * 300),
      random() < 0.2 ? 0 : 30 + Math.floor(random() * 190),
      1 + Math.floor(random() * 144),
    ]);
    const cells = Uint8Array.from(objects.flat(), (value) => card.inputTable[value]!);
    const decoded = await run(decoderBytes, await encode(cells), width, 3, 1024);
    objects.forEach(([pt, eta, phi], row) => {
      const [p, e, f] = [0, 1, 2].map((field) => card.codeAdc[decoded[3 * row + field]!]!);
      expect(Math.abs(p! - pt!)).toBeLessThanOrEqual(Math.max(4, 0.12 * pt!));
      expect(e! === 0).toBe(eta === 0);
      expect(Math.abs(e! - eta!)).toBeLessThanOrEqual(8);
      expect(Math.abs(f! - phi!)).toBeLessThanOrEqual(1);
    });
  });

  it('decodes symbols beyond the alphabet without failing', async () => {
    const rows = Uint8Array.from({ length: width * 512 }, () => Math.floor(random() * 256));
    expect((await run(decoderBytes, rows, width, 3, 512)).length).toBe(3 * 512);
  });
});
