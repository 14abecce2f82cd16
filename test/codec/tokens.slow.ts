/**
 * The slow twin of codec/tokens.ts: finds every table by coordinates and maps, one symbol at a time, and hands the
 * steps to the coder. Refuses nothing.
 */

import { gapTable } from '../../src/codec/gaps.ts';
import type { TokenCard } from '../../src/codec/tokens.ts';
import { normalizeFrequencies } from '../../src/kernels/frequencies.ts';
import { ransBytesMax, ransEncode, symbolTable } from '../../src/kernels/rans.ts';
import { gapBucket, putGap } from './gaps.slow.ts';

type Place = readonly [layer: number, row: number, column: number];

const stepOf = (counts: readonly number[], symbol: number): number =>
  symbolTable(normalizeFrequencies(counts), 12).step[symbol]!;

/** `shape`: layers, rows and columns of the patch grid. Gives the bytes after the head. */
export const slowTokenBytes = (
  patches: readonly number[],
  symbols: readonly number[],
  card: TokenCard,
  [layers, rows, columns]: Place,
): number[] => {
  const placeOf = (patch: number): Place => [
    Math.floor(patch / columns / rows),
    Math.floor(patch / columns) % rows,
    patch % columns,
  ];
  const firstAt = new Map<string, number>();
  patches.forEach((patch, i) => {
    firstAt.set(placeOf(patch).join(), symbols[i * card.symbolsPerPatch]!);
  });
  const steps: number[] = [];
  if (patches.length * 8 < patches.at(-1)! + 1) {
    const gaps = gapTable(card.gapCounts);
    patches.forEach((patch, i) => {
      const gap = patch - (patches[i - 1] ?? -1) - 1;
      const one = new Uint32Array(3);
      const count = putGap(one, 0, gap, gaps);
      if (one[0] !== gaps.step[gapBucket(gap)]) throw new Error('a gap has another bucket');
      steps.push(...one.subarray(0, count));
    });
  } else {
    const active = (layer: number, row: number, column: number): number =>
      firstAt.has([layer, row, column].join()) ? 1 : 0;
    const four = (layer: number, row: number, column: number): number =>
      [0, 1, 2, 3].reduce((bits, i) => bits * 2 + active(layer, row, column + i), 0);
    for (let layer = 0; layer < layers; layer++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column += 4) {
          const context =
            four(layer, row - 1, column) * 32 +
            four(layer - 1, row, column) * 2 +
            active(layer, row, column - 1);
          steps.push(stepOf(card.activeCounts[context]!, four(layer, row, column)));
        }
      }
    }
  }
  const classes = Math.round(Math.cbrt(card.contexts.first.length));
  patches.forEach((patch, i) => {
    const [layer, row, column] = placeOf(patch);
    const classAt = (...place: Place): number => {
      const first = firstAt.get(place.join());
      return first === undefined ? 0 : card.contexts.near[first]!;
    };
    const triple =
      (classAt(layer, row, column - 1) * classes + classAt(layer, row - 1, column)) * classes +
      classAt(layer - 1, row, column);
    const own = symbols.slice(i * card.symbolsPerPatch, (i + 1) * card.symbolsPerPatch);
    own.forEach((symbol, position) => {
      const { first, own: ownClass, parent, parentClass } = card.contexts;
      const tables = card.symbolCounts[position]!;
      const perOwn = tables.length / (Math.max(...ownClass) + 1);
      const beside = parentClass[position]![own[parent[position]!]!]!;
      const context = position === 0 ? first[triple]! : ownClass[own[0]!]! * perOwn + beside;
      steps.push(stepOf(card.symbolCounts[position]![context]!, symbol));
    });
  });
  const out = new Uint8Array(ransBytesMax(steps.length));
  return [...out.subarray(ransEncode(Uint32Array.from(steps), steps.length, 12, out))];
};
