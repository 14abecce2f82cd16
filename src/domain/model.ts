/**
 * A model as data: what its card says, so that no constant of a model lives in code or in a flag.
 * Refuses nothing; `wire/card.ts` checks the JSON before it becomes one of these.
 */

import type { CardHash } from './quantity.ts';

/** One ONNX file: rows of `inputWidth` bytes to rows of `outputWidth` bytes (uint8 in, uint8 out). */
export interface ModelFile {
  readonly file: string;
  readonly sha256: string;
  readonly inputWidth: number;
  readonly outputWidth: number;
}

/**
 * A patch tokenizer. The encoder takes a patch's cells (row-major over the patch's axes, each the
 * `inputTable` code of its ADC, 0 = no hit) and gives `symbolsPerPatch` symbols; a symbol joins `symbolDigits`
 * FSQ digits, first digit most significant. The decoder takes symbols and gives cell codes on the scale of
 * `inputTable`, 0 = no hit.
 */
export interface ModelCard {
  readonly name: string;
  readonly version: number;
  readonly instruments: readonly string[];
  readonly patch: readonly number[];
  /** ADC (0 … 2^adcBits−1) → cell code 0 … 255: a scaled log2(ADC+1); codeAdc is its inverse, 256 entries. */
  readonly inputTable: readonly number[];
  readonly codeAdc: readonly number[];
  /** FSQ levels of each digit, in order; symbols are made of consecutive digits. */
  readonly levels: readonly number[];
  readonly symbolDigits: number;
  readonly symbolsPerPatch: number;
  /** Symbols one position may take: the product of its digits' levels (at most 256). */
  readonly alphabet: number;
  readonly encoder: ModelFile;
  readonly decoder: ModelFile;
  /** How often each symbol occurred in training, by position: [symbolsPerPatch][alphabet]. */
  readonly symbolCounts: readonly (readonly number[])[];
  /** How often each gap bucket between active patches occurred, in sparse and in dense frames (`codec/tokens`). */
  readonly gapCounts: { readonly sparse: readonly number[]; readonly dense: readonly number[] };
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly hash: CardHash;
}
