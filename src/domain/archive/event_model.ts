/**
 * An event model as data: from the summaries of a time frame's regions to a few symbols and back, in whole numbers.
 * Refuses nothing; `wire/cards/event_model.ts` checks the JSON before it becomes one of these.
 */

import type { ModelFile } from '../model.ts';
import type { CardHash } from '../quantity.ts';

/** What a packet says of its region, in the order of a card's fields. */
export const summaryFields = ['hitCount', 'tokenBytes', 'symbolCount', 'surprise', 'pValue'] as const;
export type SummaryField = (typeof summaryFields)[number];

/** How a number becomes a cell 2 … 255: those of [low, high) evenly, what is beyond at the ends. */
export interface EventField {
  readonly name: SummaryField;
  /** `octaves`: of 64 · log2, evenly laid between powers of two; the number 0 is cell 1. `linear`: of the number itself. */
  readonly scale: 'octaves' | 'linear';
  readonly low: number;
  readonly high: number;
}

/** A layer of whole numbers, as `kernels/integer_network` runs it. */
export interface EventLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly shift: number;
  readonly top: number;
  readonly weights: Int8Array;
  readonly bias: Int32Array;
}

/** Which model made the event tokens of a time frame: `<name>/<version>`, and the hash of its card. */
export interface EventModelName {
  readonly id: string;
  readonly hash: CardHash;
}
export const nameOfEventModel = ({ name, version, hash }: EventModelCard): EventModelName => ({
  id: `${name}/${version}`,
  hash,
});

export interface EventModelCard {
  readonly name: string;
  readonly version: number;
  readonly instruments: readonly string[];
  readonly regionCount: number;
  readonly fields: readonly EventField[];
  /** Levels of every digit; digits joined in one symbol, first most significant; symbols of an event. */
  readonly levels: number;
  readonly symbolDigits: number;
  readonly symbols: number;
  /** What one level of a digit is to the decoder. */
  readonly digitStep: number;
  /** The same networks as ONNX: cells to symbols, symbols to cells. */
  readonly encoder: ModelFile;
  readonly decoder: ModelFile;
  readonly network: { readonly encoder: readonly EventLayer[]; readonly decoder: readonly EventLayer[] };
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly hash: CardHash;
}
