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
 * FSQ digits, first digit most significant. The decoder takes the symbols of a patch and then those of each of its
 * `neighbours`, 255 for all symbols of one that is not there (`kernels/patch_neighbours`), and gives cell codes on
 * the scale of `inputTable`, 0 = no hit.
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
  /** Steps to the patches the decoder sees beside its own, in patches along each axis. */
  readonly neighbours: readonly (readonly number[])[];
  /** Which table prices a symbol (`codec/token_contexts`). */
  readonly contexts: {
    /** By first symbol: the class of its patch as its own later symbols see it. */
    readonly own: readonly number[];
    /** By first symbol: its patch's class as later patches see it, 1 …; 0 is a patch that is not active. */
    readonly near: readonly number[];
    /** By classes of the earlier patches (last axis, row, layer): the context of a first symbol. */
    readonly first: readonly number[];
    /** By position: the earlier position of the patch that tells most about it, and the classes of its symbols. */
    readonly parent: readonly number[];
    readonly parentClass: readonly (readonly number[])[];
  };
  /** How often each symbol occurred in training: [symbolsPerPatch][contexts][alphabet], each row scaled alike. */
  readonly symbolCounts: readonly (readonly (readonly number[])[])[];
  /** How often each gap bucket between active patches occurred, in sparse frames (`codec/gaps`). */
  readonly gapCounts: readonly number[];
  /** How often each run of four activity flags occurred in dense frames: [512][16] (`codec/token_activity`). */
  readonly activeCounts: readonly (readonly number[])[];
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly hash: CardHash;
}
