/**
 * A patch encoder small enough to write by hand, for tests that need a model and not a good one:
 * symbols = (cells · weights) mod alphabet. Writes the ONNX protobuf itself; refuses to be useful otherwise.
 */

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { ModelFile } from '../../../src/domain/model.ts';

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...value,
];
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)]);

const float32 = 1;
const uint8 = 2;

const node = (op: string, inputs: string[], output: string, attribute?: [string, number]): number[] =>
  bytes(1, [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(3, output),
    ...text(4, op),
    ...(attribute ? bytes(5, [...text(1, attribute[0]), ...int(3, attribute[1]), ...int(20, 2)]) : []),
  ]);
const tensor = (name: string, dims: number[], values: Float32Array): number[] =>
  bytes(5, [
    ...dims.flatMap((dim) => int(1, dim)),
    ...int(2, float32),
    ...text(8, name),
    ...bytes(9, [...new Uint8Array(values.buffer)]),
  ]);
const value = (field: number, name: string, width: number): number[] =>
  bytes(field, [
    ...text(1, name),
    ...bytes(
      2,
      bytes(1, [...int(1, uint8), ...bytes(2, [...bytes(1, text(2, 'N')), ...bytes(1, int(1, width))])]),
    ),
  ]);

/** Weight of cell c for output s: small integers, so that every sum is exact in float32. */
export const weightOf = (cell: number, symbol: number): number => ((cell * 7 + symbol * 13) % 11) + 1;

export const tinyModelBytes = (inputWidth: number, outputWidth: number, alphabet: number): Uint8Array => {
  const weights = new Float32Array(inputWidth * outputWidth);
  for (let cell = 0; cell < inputWidth; cell++) {
    for (let symbol = 0; symbol < outputWidth; symbol++) {
      weights[cell * outputWidth + symbol] = weightOf(cell, symbol);
    }
  }
  return Uint8Array.from([
    ...int(1, 8),
    ...bytes(7, [
      ...node('Cast', ['cells'], 'x', ['to', float32]),
      ...node('MatMul', ['x', 'weights'], 'y'),
      ...node('Mod', ['y', 'alphabet'], 'z', ['fmod', 1]),
      ...node('Cast', ['z'], 'symbols', ['to', uint8]),
      ...text(2, 'tiny'),
      ...tensor('weights', [inputWidth, outputWidth], weights),
      ...tensor('alphabet', [1], Float32Array.of(alphabet)),
      ...value(11, 'cells', inputWidth),
      ...value(12, 'symbols', outputWidth),
    ]),
    ...bytes(8, [...text(1, ''), ...int(2, 17)]),
  ]);
};

/** What the model computes, for comparison. */
export const tinySymbols = (cells: Uint8Array, inputWidth: number, outputWidth: number, alphabet: number) => {
  const symbols = new Uint8Array((cells.length / inputWidth) * outputWidth);
  for (let at = 0; at < symbols.length; at++) {
    const row = Math.floor(at / outputWidth);
    let sum = 0;
    for (let cell = 0; cell < inputWidth; cell++) {
      sum += cells[row * inputWidth + cell]! * weightOf(cell, at % outputWidth);
    }
    symbols[at] = sum % alphabet;
  }
  return symbols;
};

/** Those of the test file that imports this; they go with it. */
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
const freshFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-model-'));
  folders.push(folder);
  return folder;
};

/** Writes the model to a fresh temporary folder, or into one that is there. */
export const writeTinyModel = (
  inputWidth = 64,
  outputWidth = 4,
  alphabet = 125,
  folder = freshFolder(),
  name = 'model.onnx',
): { path: string; file: ModelFile } => {
  const model = tinyModelBytes(inputWidth, outputWidth, alphabet);
  const path = join(folder, name);
  writeFileSync(path, model);
  const sha256 = createHash('sha256').update(model).digest('hex');
  return { path, file: { file: name, sha256, inputWidth, outputWidth } };
};
