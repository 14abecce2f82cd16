/**
 * The schema of instrument cards of both kinds, and the grid an objects card stands for. It refuses axes in an
 * objects card: they are made of its groups and fields, and two truths would part ways.
 */

import { z } from 'zod';
import { limits } from '../../domain/limits.ts';
import { hash, id, name, product, record, sha256, size, whole } from './schema.ts';

/** Most voxels an instrument may have: three bytes of index, so that any ADC up to 8 bits still packs. */
const voxelsMax = 1 << 24;
/** Most cells of a patch: what an encoder's input and a row of a lane's buffers are made for. */
const patchCellsMax = 4096;

const named = { id, title: z.string().min(1) };
const shared = {
  regions: z.array(name).min(1).max(65536),
  timeFrameNanos: whole.min(1).max(Number.MAX_SAFE_INTEGER),
  model: z.object({ name: id, version: whole.min(1) }),
  tables: z.object({ file: z.string().min(1), sha256 }).optional(),
  scores: z.object({ file: z.string().min(1), sha256 }).optional(),
  conditions: record,
  hash,
};

/** Gathers faults of a card; `path` says where. */
const faultsInto =
  (card: unknown, issues: z.core.$ZodRawIssue[]) =>
  (message: string, ...path: (string | number)[]): void => {
    issues.push({ code: 'custom', message, path, input: card });
  };

const repeats = (names: readonly string[]): boolean => new Set(names).size < names.length;

const digits = z
  .object({
    ...named,
    kind: z.literal('digits'),
    axes: z
      .array(z.object({ name, size, unit: z.string(), origin: z.number(), step: z.number() }))
      .min(1)
      .max(8),
    adcBits: whole.min(1).max(16),
    thresholdAdc: whole.min(0),
    patch: z.array(size).min(1),
    ...shared,
  })
  .check(({ value: card, issues }) => {
    const fault = faultsInto(card, issues);
    if (product(card.axes.map((axis) => axis.size)) > voxelsMax)
      fault(`the axes span more than ${voxelsMax} voxels`, 'axes');
    if (repeats(card.axes.map((axis) => axis.name))) fault('two axes share a name', 'axes');
    if (card.patch.length !== card.axes.length) fault('a patch needs one size for each axis', 'patch');
    card.patch.forEach((cells, i) => {
      if (cells > (card.axes[i]?.size ?? cells)) fault('a patch is larger than its axis', 'patch', i);
    });
    if (product(card.patch) > patchCellsMax) fault(`a patch holds at most ${patchCellsMax} cells`, 'patch');
    if (card.thresholdAdc >= 2 ** card.adcBits) fault('the threshold does not fit the ADC', 'thresholdAdc');
    if (repeats(card.regions)) fault('two regions share a name', 'regions');
  });

/** What an objects card derives, and therefore may not say. */
const derived = z.undefined('leave it out: it is made of the groups and fields').optional();

const objects = z
  .object({
    ...named,
    kind: z.literal('objects'),
    groups: z
      .array(
        z.object({
          name,
          countMax: whole.min(1).max(limits.objectsPerFrameMax),
          fields: z.array(name).min(1).optional(),
        }),
      )
      .min(1)
      .max(limits.objectsPerFrameMax),
    fields: z
      .array(
        z.object({
          name,
          unit: z.string(),
          // One bit more holds the value + 1, and an ADC value has 16.
          bits: whole.min(1).max(15),
          offset: z.number(),
          step: z.number().positive(),
        }),
      )
      .min(1)
      .max(limits.objectFieldsMax),
    axes: derived,
    adcBits: derived,
    thresholdAdc: derived,
    patch: derived,
    ...shared,
  })
  .check(({ value: card, issues }) => {
    const fault = faultsInto(card, issues);
    const fields = card.fields.map((field) => field.name);
    if (repeats(fields)) fault('two fields share a name', 'fields');
    if (repeats(card.groups.map((group) => group.name))) fault('two groups share a name', 'groups');
    if (slotsOf(card) > limits.objectsPerFrameMax)
      fault(`a frame may have more than ${limits.objectsPerFrameMax} objects`, 'groups');
    card.groups.forEach(({ fields: own = [] }, i) => {
      if (repeats(own)) fault('names a field twice', 'groups', i, 'fields');
      for (const one of own)
        if (!fields.includes(one)) fault(`'${one}' is no field of this card`, 'groups', i, 'fields');
    });
    if (repeats(card.regions)) fault('two regions share a name', 'regions');
  });

export const instrument = z.discriminatedUnion('kind', [digits, objects], {
  error: ({ code }) => (code === 'invalid_union' ? "must be 'digits' or 'objects'" : undefined),
});

const slotsOf = ({ groups }: { readonly groups: readonly { readonly countMax: number }[] }): number =>
  groups.reduce((sum, { countMax }) => sum + countMax, 0);

/**
 * The grid of an objects card: a slot for each object a frame may have × a column for each field, a value being the
 * integer + 1 (0 is what is absent), one object a patch. Groups that name no fields have all of them.
 */
export const objectsGrid = ({ groups, fields }: Pick<z.output<typeof objects>, 'groups' | 'fields'>) => {
  const axis = (named: string, length: number) => ({
    name: named,
    size: length,
    unit: '',
    origin: 0,
    step: 1,
  });
  return {
    groups: groups.map((group) => ({ ...group, fields: group.fields ?? fields.map((field) => field.name) })),
    axes: [axis('slot', slotsOf({ groups })), axis('field', fields.length)],
    adcBits: Math.max(...fields.map(({ bits }) => bits)) + 1,
    thresholdAdc: 1,
    patch: [1, fields.length],
  };
};
