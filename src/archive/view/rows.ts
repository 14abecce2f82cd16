/**
 * The training view's rows: one a packet, with its tokens as plain integers and where each patch lies. Refuses packets
 * without tokens; what a token means in hits is the decoder's to say.
 */

import type { ObjectTokens } from '../../codec/objects/shapes.ts';
import type { Column, ColumnValue } from '../../domain/archive/column.ts';
import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import { placeColumns } from '../cells.ts';

export interface ViewRow {
  readonly timeFrame: number;
  /** Index in the instrument card. */
  readonly region: number;
  readonly startNanos: bigint;
  readonly hitCount: number;
  readonly pValue: number;
  /** A `FidelityReason`. */
  readonly reason: number;
  /** Active patches, ascending, and their symbols, patch after patch. */
  readonly patches: Uint32Array;
  readonly symbols: Uint8Array;
  /** Null where the packet has no such layer. */
  readonly objects: ObjectTokens | null;
  /** Of the time frame as a whole, the same for all its regions; empty where there are none. */
  readonly eventTokens: readonly number[];
  /** What is known of the truth, by the columns of the label file. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ViewTable {
  readonly columns: readonly (Column & { readonly of: (row: ViewRow) => ColumnValue })[];
}

/** Index of each patch along an axis, row-major over `sizes`, the last axis fastest. */
export const coordinatesOf = (patches: Uint32Array, sizes: readonly number[], axis: number): Uint16Array => {
  const inner = sizes.slice(axis + 1).reduce((all, size) => all * size, 1);
  const size = sizes[axis]!;
  const coordinates = new Uint16Array(patches.length);
  for (let i = 0; i < patches.length; i += 1) coordinates[i] = Math.floor(patches[i]! / inner) % size;
  return coordinates;
};

/** A column of the view as others are told of it. */
export interface ViewField {
  readonly name: string;
  readonly meaning: string;
  readonly dataType: 'integer' | 'real' | 'text';
  readonly list: boolean;
}

const plain = { nullable: false } as const;
type Made = Column & { readonly of: (row: ViewRow) => ColumnValue };
const whole = (name: string, of: (row: ViewRow) => number, type: 'u16' | 'u32' = 'u16'): Made => ({
  name,
  type,
  ...plain,
  nature: type === 'u16' ? 'few' : 'mixed',
  of,
});
const list = (
  name: string,
  of: (row: ViewRow) => ColumnValue,
  { type = 'u16s', nature = 'mixed' }: Partial<Pick<Column, 'type' | 'nature'>> = {},
): Made => ({ name, type, ...plain, nature, of });
/** Symbols and coordinates take some dozen values: a dictionary is a tenth smaller than differences, and faster. */
const few = { nature: 'few' } as const;

type ViewCard = Pick<InstrumentCard, 'axes' | 'patch'>;

/** @param labelNames columns of the label file, text each; a row without one has null */
export const viewTable = (card: ViewCard, labelNames: readonly string[]): ViewTable => {
  const sizes = patchesPerAxis(card);
  return {
    columns: [
      placeColumns.timeFrame,
      placeColumns.region,
      { name: 'start_ns', type: 'i64', ...plain, nature: 'rising', of: (row) => row.startNanos },
      whole('hit_count', (row) => row.hitCount, 'u32'),
      { name: 'p_value', type: 'f64', ...plain, nature: 'real', of: (row) => row.pValue },
      whole('reason', (row) => row.reason),
      list('tokens', (row) => row.symbols, few),
      ...card.axes.map(({ name }, axis) =>
        list(`patch_${name}`, (row) => coordinatesOf(row.patches, sizes, axis), few),
      ),
      list('object_patch', (row) => Array.from(row.objects?.patch.subarray(0, row.objects.count) ?? []), {
        type: 'u32s',
      }),
      list('object_place', (row) => Array.from(row.objects?.place.subarray(0, row.objects.count) ?? [])),
      list('object_shape', (row) => Array.from(row.objects?.shape.subarray(0, row.objects.count) ?? [])),
      list('event_tokens', (row) => row.eventTokens, few),
      ...labelNames.map(
        (name): Made => ({
          name,
          type: 'text',
          nullable: true,
          nature: 'few',
          of: (row) => row.labels[name] ?? null,
        }),
      ),
    ],
  };
};

/** What each column means, for people and for `croissant.json`. */
export const viewFields = (
  card: ViewCard & Pick<InstrumentCard, 'regions'>,
  symbols: { readonly perPatch: number; readonly alphabet: number },
  labelNames: readonly string[],
): ViewField[] => {
  const field = (
    name: string,
    meaning: string,
    dataType: ViewField['dataType'] = 'integer',
    many = false,
  ) => ({
    name,
    meaning,
    dataType,
    list: many,
  });
  return [
    field('time_frame', 'number of the slice of continuous readout'),
    field('region', `which of ${card.regions.length} regions read it out (index in the instrument card)`),
    field('start_ns', 'start of the time frame, ns since the Unix epoch'),
    field('hit_count', 'hits of the frame before tokenizing'),
    field('p_value', 'share of normal frames that are as rare, 0 … 1; 1 where nobody said', 'real'),
    field('reason', 'why the packet has its fidelity: 0 ordinary, 1 rare, 2 prescaled, 3 refinement shed'),
    field(
      'tokens',
      `symbols of the active patches, ${symbols.perPatch} a patch, each 0 … ${symbols.alphabet - 1}; patch after patch`,
      'integer',
      true,
    ),
    ...card.axes.map(({ name }, axis) =>
      field(
        `patch_${name}`,
        `where each active patch lies along ${name}, in patches of ${card.patch[axis]} cells`,
        'integer',
        true,
      ),
    ),
    field(
      'object_patch',
      'patch of the grid each cluster lies in; empty where none were kept',
      'integer',
      true,
    ),
    field('object_place', 'where in its patch each cluster lies, in eighths of cells', 'integer', true),
    field(
      'object_shape',
      'charge and widths of each cluster: (charge · 16 + pads) · 16 + bins',
      'integer',
      true,
    ),
    field(
      'event_tokens',
      'tokens of the time frame as a whole; empty where no model makes them',
      'integer',
      true,
    ),
    ...labelNames.map((name) => field(name, 'truth, as the label file gives it', 'text')),
  ];
};
