/**
 * The JSON that ladder tables are kept in: how they were fitted, and each part in base64 of little-endian integers.
 * Refuses (file-invalid) a file that is not tables of this format for the instrument given.
 */

import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import { u16At } from '../../kernels/little_endian.ts';
import { invalidTables, type LadderTables, littleEndian, partNames, readyTables } from './tables.ts';

const format = 'tessera-ladder-tables/1';

export const tablesToJson = (tables: LadderTables): string => {
  const parts = Object.fromEntries(
    partNames.map((name) => [name, toBase64(littleEndian(tables.parts[name]))]),
  );
  return `${JSON.stringify({ format, id: tables.id, fit: tables.fit, parts }, null, 1)}\n`;
};

export const parseTables = (json: string, card: InstrumentCard): LadderTables => {
  let file: { format?: unknown; id?: unknown; fit?: unknown; parts?: Record<string, unknown> } | null;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Fault('file-invalid', 'the ladder tables are not JSON; fit them again', { cause });
  }
  if (file === null || typeof file !== 'object' || file.format !== format)
    throw invalidTables(`the format is not ${format}`);
  const bytes = (name: (typeof partNames)[number]): Uint8Array => {
    const text = file.parts?.[name];
    if (typeof text !== 'string') throw invalidTables(`"${name}" is missing`);
    return fromBase64(text, name);
  };
  const words = (name: (typeof partNames)[number]): Uint16Array => {
    const from = bytes(name);
    return Uint16Array.from({ length: from.length >>> 1 }, (_, i) => u16At(from, 2 * i));
  };
  const weights = (name: (typeof partNames)[number]): Int8Array => Int8Array.from(bytes(name));
  const fit = typeof file.fit === 'object' && file.fit !== null ? (file.fit as Record<string, unknown>) : {};
  const parts = {
    flags: weights('flags'),
    first: weights('first'),
    second: weights('second'),
    fresh: weights('fresh'),
    curve: words('curve'),
    lowest: words('lowest'),
    values: words('values'),
    pairs: weights('pairs'),
    curves: words('curves'),
    coefficients: Int16Array.from(words('coefficients')),
    spread: bytes('spread'),
    remainder: words('remainder'),
  };
  const tables = readyTables(card, parts, fit);
  if (tables.id !== file.id) throw invalidTables(`they hold ${tables.id} but are named ${String(file.id)}`);
  return tables;
};

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};

const fromBase64 = (text: string, name: string): Uint8Array => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new Fault('file-invalid', `"${name}" of the ladder tables is not base64; fit them again`, {
      cause,
    });
  }
};
