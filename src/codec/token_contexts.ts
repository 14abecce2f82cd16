/**
 * Which static table prices a symbol: the first symbol of a patch by the classes of the patches coded before it
 * beside it (along the last axis, the one before, and the layer before), the others by the class of that first
 * symbol and of one more earlier symbol of the patch. Integers only; refuses nothing, `wire/card.ts` has checked
 * the card.
 */

import type { ModelCard } from '../domain/model.ts';
import type { LayeredGrid } from './token_activity.ts';

export interface TokenContexts {
  /** By position: the earlier position that prices it beside the first. */
  readonly parent: Uint8Array;
  /** Class of a first symbol as later patches see it, 1 …; 0 is a patch that is not active. */
  readonly near: Uint8Array;
  readonly nearClasses: number;
  /** Context of a first symbol by the classes (last axis, row, layer), the first most significant. */
  readonly first: Uint8Array;
  /** Place of each patch in `classes`, and what leads back one row and one layer. */
  readonly placeOf: Int32Array;
  readonly rowStep: number;
  readonly layerStep: number;
  /** Class of each patch coded so far, with zeros in front of each axis: one per thread, written by each call. */
  readonly classes: Uint8Array;
}

/** Classes a patch may have as others see it: `first` lists all triples of them. */
export const nearClassesOf = (first: readonly number[]): number => Math.round(Math.cbrt(first.length));

export const tokenContexts = (
  { near, first, parent }: ModelCard['contexts'],
  { layers, rows, columns }: LayeredGrid,
): TokenContexts => {
  const rowStep = columns + 1;
  const layerStep = (rows + 1) * rowStep;
  const placeOf = new Int32Array(layers * rows * columns);
  for (let patch = 0; patch < placeOf.length; patch++) {
    const line = Math.floor(patch / columns);
    const layer = Math.floor(line / rows);
    placeOf[patch] = (layer + 1) * layerStep + (line - layer * rows + 1) * rowStep + (patch % columns) + 1;
  }
  return {
    parent: Uint8Array.from(parent),
    near: Uint8Array.from(near),
    nearClasses: nearClassesOf(first),
    first: Uint8Array.from(first),
    placeOf,
    rowStep,
    layerStep,
    classes: new Uint8Array((layers + 1) * layerStep),
  };
};

/** Context of the first symbol of the patch at a place, from the classes set so far. */
export const firstContext = (contexts: TokenContexts, place: number): number => {
  const { classes, nearClasses, first, rowStep, layerStep } = contexts;
  const along = classes[place - 1]! * nearClasses + classes[place - rowStep]!;
  return first[along * nearClasses + classes[place - layerStep]!]!;
};
