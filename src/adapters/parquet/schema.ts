/**
 * Our columns in Parquet's words: physical type, annotation, encoding and compression of each. Refuses types that
 * common readers would guess at.
 */

import type { Encoding, SchemaElement } from 'hyparquet';
import type { Column, ColumnType } from '../../domain/archive/column.ts';

type Leaf = Pick<SchemaElement, 'type' | 'converted_type'>;

const leaves: Readonly<Record<ColumnType, Leaf>> = {
  u16: { type: 'INT32', converted_type: 'UINT_16' },
  u32: { type: 'INT32', converted_type: 'UINT_32' },
  i64: { type: 'INT64' },
  f64: { type: 'DOUBLE' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  bytes: { type: 'BYTE_ARRAY' },
  u16s: { type: 'INT32', converted_type: 'UINT_16' },
  u32s: { type: 'INT32', converted_type: 'UINT_32' },
  i64s: { type: 'INT64' },
};

export const isList = (type: ColumnType): boolean => type.endsWith('s') && type !== 'bytes';

/** Lists as the format's three levels: `list.element`, none of which is ever null below the column itself. */
const elementsOf = ({ name, type, nullable }: Column): SchemaElement[] => {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  if (!isList(type)) return [{ name, ...leaves[type], repetition_type }];
  return [
    { name, repetition_type, converted_type: 'LIST', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', ...leaves[type], repetition_type: 'REQUIRED' },
  ];
};

export const schemaOf = (columns: readonly Column[]): SchemaElement[] => [
  { name: 'schema', num_children: columns.length },
  ...columns.flatMap(elementsOf),
];

/** Undefined leaves the choice between a dictionary and plain values to the writer. */
export const encodingOf = ({ nature, type }: Column): Encoding | undefined => {
  if (type === 'bytes') return 'PLAIN';
  if (nature === 'few') return 'RLE_DICTIONARY';
  if (nature === 'real') return 'BYTE_STREAM_SPLIT';
  return 'DELTA_BINARY_PACKED';
};

export const compressionOf = ({ nature }: Column): 'ZSTD' | 'UNCOMPRESSED' =>
  nature === 'coded' ? 'UNCOMPRESSED' : 'ZSTD';
