/**
 * Holds the event models to their files: the whole numbers computed here are those of the ONNX graphs, golden vectors and
 * random ones, and what is restored is as true as the card says. Refuses to judge more.
 */

import { createHash } from 'node:crypto';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { EventLayer } from '../../src/domain/archive/event_model.ts';
import { Fault } from '../../src/domain/fault.ts';
import { runLayers } from '../../src/kernels/integer_network.ts';
import { parseEventModelCard } from '../../src/wire/cards/event_model.ts';
import { randomOf } from '../frames.ts';
import { eventCardOf, eventFile, shippedEventModels } from './event_cards.ts';

const runOnnx = async (bytes: Uint8Array, rows: readonly (readonly number[])[]): Promise<number[][]> => {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const width = rows[0]!.length;
  const given = new ort.Tensor('uint8', Uint8Array.from(rows.flat()), [rows.length, width]);
  const out = (await session.run({ [session.inputNames[0]!]: given }))[session.outputNames[0]!]!;
  await session.release();
  const data = [...(out.data as Uint8Array)];
  const outputs = data.length / rows.length;
  return rows.map((_, row) => data.slice(row * outputs, (row + 1) * outputs));
};

describe.each(shippedEventModels)('%s', (name) => {
  const card = eventCardOf(name);
  const golden = JSON.parse(eventFile(name, 'golden.json').toString()) as {
    cells: number[][];
    symbols: number[][];
  };
  const random = randomOf(29);
  const cells = [
    ...golden.cells,
    ...Array.from({ length: 400 }, () => golden.cells[0]!.map(() => Math.floor(random() * 256))),
  ];
  const joined = (digits: Int32Array): number[] =>
    Array.from({ length: card.symbols }, (_, symbol) =>
      digits
        .subarray(symbol * card.symbolDigits, (symbol + 1) * card.symbolDigits)
        .reduce((all, digit) => all * card.levels + digit, 0),
    );

  it('names its files by their hashes and fits its instruments', () => {
    for (const part of [card.encoder, card.decoder])
      expect(createHash('sha256').update(eventFile(name, part.file)).digest('hex')).toBe(part.sha256);
    expect(card.regionCount).toBe(24);
  });

  it('gives the golden symbols, and those of its ONNX file', async () => {
    const own = cells.map((row) => joined(runLayers(card.network.encoder, row)));
    expect(own.slice(0, golden.symbols.length)).toEqual(golden.symbols);
    expect(await runOnnx(eventFile(name, card.encoder.file), cells)).toEqual(own);
  });

  it('restores what its ONNX file restores', async () => {
    const symbols = cells.map((row) => joined(runLayers(card.network.encoder, row)));
    const digits = cells.map((row) =>
      runLayers(card.network.encoder, row).map((digit) => digit * card.digitStep),
    );
    const own = digits.map((row) => [...runLayers(card.network.decoder, row)]);
    expect(await runOnnx(eventFile(name, card.decoder.file), symbols)).toEqual(own);
  });

  it('is refused when it does not hold together, with every fault', () => {
    const json = JSON.parse(eventFile(name, 'card.json').toString());
    const refusal = (change: (card: Record<string, never>) => void): string => {
      const copy = structuredClone(json);
      change(copy);
      try {
        parseEventModelCard(JSON.stringify(copy));
        return 'none';
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return `${error.code}: ${error.detail}`;
      }
    };
    const encoder = (copy: Record<string, never>): EventLayer[] =>
      (copy.network as unknown as { encoder: EventLayer[] }).encoder;
    expect(refusal(() => {})).toBe('none');
    expect(refusal((copy) => Object.assign(copy, { regionCount: 23 }))).toContain('must take 115 inputs');
    expect(refusal((copy) => Object.assign(encoder(copy)[0]!, { weights: '!' }))).toContain('not base64');
    expect(refusal((copy) => Object.assign(encoder(copy)[0]!, { outputs: 3 }))).toContain('inputs × outputs');
    const loud = Buffer.alloc(encoder(json)[0]!.inputs * encoder(json)[0]!.outputs, 0).toString('base64');
    const bias = [...encoder(json)[0]!.bias].map(() => 2 ** 24);
    expect(refusal((copy) => Object.assign(encoder(copy)[0]!, { weights: loud, bias }))).toContain(
      'beyond 2^24',
    );
    expect(refusal((copy) => Object.assign(copy, { digitStep: 60 }))).toContain('beyond 255');
  });
});
