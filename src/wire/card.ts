/**
 * Instrument and model cards from JSON, with the hash that names them: the first eight bytes of SHA-256 over
 * the canonical JSON (RFC 8785: keys sorted, no spaces, numbers as ECMAScript prints them). It refuses a card
 * that does not hold together, with all its faults.
 */

import { z } from 'zod';
import type { InstrumentCard } from '../domain/instrument.ts';
import type { ModelCard } from '../domain/model.ts';
import { durationNanos } from '../domain/quantity.ts';
import { instrument, objectsGrid } from './cards/instrument.ts';
import { checkCard, hash, id, modelFile, product, record, size, whole } from './cards/schema.ts';

const byte = whole.min(0).max(255);
const count = whole.min(0).max(Number.MAX_SAFE_INTEGER);
/** A step to a neighbouring patch; far ones would only widen the margin around the grid. */
const step = whole.min(-4).max(4);

/** What is wrong with a model card's contexts: every class and context named must have its table. */
const contextFaults = ({
  alphabet,
  symbolsPerPatch,
  contexts: { own, near, first, parent, parentClass },
  symbolCounts,
}: Pick<ModelCard, 'alphabet' | 'symbolsPerPatch' | 'contexts' | 'symbolCounts'>) => {
  const faults: [string, ...(string | number)[]][] = [];
  const largest = (values: readonly number[]): number => values.reduce((most, one) => Math.max(most, one), 0);
  for (const [name, classes] of Object.entries({ own, near }))
    if (classes.length !== alphabet) faults.push(['needs one class for each symbol', 'contexts', name]);
  const nearClasses = Math.round(Math.cbrt(first.length));
  if (nearClasses < 2 || nearClasses ** 3 !== first.length)
    faults.push(['needs one context for each three classes', 'contexts', 'first']);
  if (near.some((one) => one < 1 || one >= nearClasses))
    faults.push(['names a class that `first` does not know', 'contexts', 'near']);
  for (const [name, rows] of Object.entries({ parent, parentClass }))
    if (rows.length !== symbolsPerPatch) faults.push(['needs one entry a position', 'contexts', name]);
  parent.forEach((earlier, position) => {
    if (earlier >= Math.max(1, position)) faults.push(['must be an earlier position', 'contexts', 'parent']);
    if (parentClass[position]?.length !== alphabet)
      faults.push(['needs one class for each symbol', 'contexts', 'parentClass', position]);
  });
  symbolCounts.forEach((tables, position) => {
    const ownClasses = largest(own) + 1;
    const isEnough =
      position === 0
        ? tables.length > largest(first)
        : tables.length === symbolCounts[1]?.length &&
          tables.length % ownClasses === 0 &&
          tables.length / ownClasses > largest(parentClass[position] ?? []);
    if (!isEnough) faults.push(['has no table for a context', 'symbolCounts', position]);
  });
  return faults;
};

const model = z
  .object({
    name: id,
    version: whole.min(1),
    instruments: z.array(id).min(1),
    patch: z.array(size).min(1).max(8),
    inputTable: z.array(byte).min(2).max(65536),
    codeAdc: z.array(whole.min(0).max(65535)).length(256),
    levels: z.array(whole.min(2).max(256)).min(1).max(256),
    symbolDigits: whole.min(1),
    symbolsPerPatch: whole.min(1),
    alphabet: whole.min(2).max(256),
    encoder: modelFile,
    decoder: modelFile,
    neighbours: z.array(z.array(step)).max(26),
    contexts: z.object({
      own: z.array(byte),
      near: z.array(byte),
      first: z.array(byte).max(4096),
      parent: z.array(byte),
      parentClass: z.array(z.array(byte)),
    }),
    symbolCounts: z.array(z.array(z.array(count)).min(1).max(256)),
    gapCounts: z.array(count).min(1).max(32),
    activeCounts: z.array(z.array(count).length(16)).length(512),
    metrics: record,
    provenance: record,
    hash,
  })
  .check(({ value: card, issues }) => {
    const fault = (message: string, ...path: (string | number)[]): void => {
      issues.push({ code: 'custom', message, path, input: card });
    };
    const cells = product(card.patch);
    if (card.inputTable[0] !== 0) fault('ADC 0 must have code 0: no hit', 'inputTable', 0);
    if (card.levels.length !== card.symbolDigits * card.symbolsPerPatch)
      fault('levels must be symbolDigits × symbolsPerPatch long', 'levels');
    for (let i = 0; i < card.symbolsPerPatch; i++) {
      const digits = card.levels.slice(i * card.symbolDigits, (i + 1) * card.symbolDigits);
      if (product(digits) !== card.alphabet)
        fault(`levels of symbol ${i} do not multiply to alphabet`, 'levels');
    }
    if (card.encoder.inputWidth !== cells) fault('must be the cells of a patch', 'encoder', 'inputWidth');
    if (card.decoder.outputWidth !== cells) fault('must be the cells of a patch', 'decoder', 'outputWidth');
    if (card.encoder.outputWidth !== card.symbolsPerPatch)
      fault('must be symbolsPerPatch', 'encoder', 'outputWidth');
    if (card.decoder.inputWidth !== card.symbolsPerPatch * (1 + card.neighbours.length))
      fault('must be symbolsPerPatch for the patch and each neighbour', 'decoder', 'inputWidth');
    if (card.neighbours.length > 0 && card.alphabet === 256)
      fault('must leave 255 free: an absent neighbour', 'alphabet');
    card.neighbours.forEach((steps, i) => {
      if (steps.length !== card.patch.length) fault('needs one step for each axis', 'neighbours', i);
    });
    if (card.symbolCounts.length !== card.symbolsPerPatch)
      fault('needs one table for each symbol position', 'symbolCounts');
    card.symbolCounts.forEach((contexts, i) => {
      contexts.forEach((row, k) => {
        if (row.length !== card.alphabet) fault('needs one count for each symbol', 'symbolCounts', i, k);
      });
    });
    for (const fit of contextFaults(card)) fault(...fit);
  });

/**
 * An instrument card from its JSON, with its hash; an objects card with the grid it derives. Throws card-invalid
 * with all faults; unknown keys are kept out.
 */
export const parseInstrumentCard = (json: string): InstrumentCard => {
  const { card, hash: cardHash } = checkCard('instrument', instrument, json);
  const { tables, scores, hash: _none, timeFrameNanos, ...rest } = card;
  const shared = {
    ...(tables === undefined ? {} : { tables }),
    ...(scores === undefined ? {} : { scores }),
    timeFrameNanos: durationNanos(BigInt(timeFrameNanos)),
    hash: cardHash,
  };
  return rest.kind === 'digits' ? { ...rest, ...shared } : { ...rest, ...objectsGrid(rest), ...shared };
};

/** A model card from its JSON, with its hash. Throws card-invalid with all faults; unknown keys are kept out. */
export const parseModelCard = (json: string): ModelCard => {
  const { card, hash: cardHash } = checkCard('model', model, json);
  return { ...card, hash: cardHash };
};
