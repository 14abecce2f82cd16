/**
 * What it is to tell a message: a row under a heading, labelled lines and plain data; and the few turns of phrase
 * that all messages share. It refuses to know any one of them.
 */

import type { Packet } from '../../domain/packet.ts';

/** One message told; rows of one `kind` share a table. */
export interface Told {
  readonly kind: string;
  readonly row: readonly string[];
  /** Label and text, for the detailed block. */
  readonly full: readonly (readonly [label: string, text: string])[];
  readonly data: Readonly<Record<string, unknown>>;
  /** Present when the message is a packet that could be read. */
  readonly packet?: Packet;
}

export interface Heading {
  readonly names: readonly string[];
  /** Which columns are numbers. */
  readonly right: readonly boolean[];
}

export const heading = (...columns: readonly (readonly [name: string, right?: 'right'])[]): Heading => ({
  names: columns.map(([name]) => name),
  right: columns.map(([, right]) => right === 'right'),
});

/** Nanoseconds since the epoch as an ISO instant with all nine digits. */
export const instant = (nanos: bigint): string => {
  const ms = Number(nanos / 1_000_000n);
  if (Math.abs(ms) > 8.64e15) return `${nanos} ns`;
  const rest = (((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n).toString().padStart(6, '0');
  return new Date(ms).toISOString().replace('Z', `${rest}Z`);
};

/** Bytes 4 to 8 as text, where they are text. */
export const identifierOf = (bytes: Uint8Array): string => {
  const text = String.fromCharCode(...bytes.subarray(4, 8));
  return /^[!-~]{4}$/.test(text) ? text : '';
};
