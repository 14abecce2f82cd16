/**
 * A small message of texts and counts, opened: verified once, then read slot by slot. Refuses, with the identifier it
 * wanted, a message that is another or leads outside itself.
 */

import { Fault } from '../../domain/fault.ts';
import { i64At, u32At } from '../../kernels/little_endian.ts';
import { textAt } from '../identity.ts';
import { carriesIdentifier, type MessageLayout, verify } from '../verify.ts';

export interface OpenMessage {
  /** '' where the field is absent. Throws message-field when it is not UTF-8. */
  text(slot: number): string;
  /** Milliseconds since the epoch; 0 where absent. Throws message-field beyond 2⁵³. */
  ms(slot: number): number;
  i32(slot: number): number;
  u8(slot: number): number;
}

/** Throws a Fault of kind item: message-schema or -malformed. */
export const openMessage = (bytes: Uint8Array, layout: MessageLayout): OpenMessage => {
  const { identifier } = layout;
  const { slots } = layout.tables[layout.root]!;
  if (!carriesIdentifier(bytes, identifier))
    throw new Fault('message-schema', `bytes 4 to 8 of ${bytes.length} are not '${identifier}'`);
  const fields = new Int32Array(slots.length);
  const wrong = verify(bytes, layout, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `${identifier}: ${wrong}; the message was cut or overwritten`);
  const nameOf = (slot: number): string => `${identifier} ${slots[slot]!.name}`;
  return {
    text: (slot) => textAt(bytes, fields[slot]!, 'message-field', nameOf(slot)),
    ms(slot) {
      const at = fields[slot]!;
      const value = at === 0 ? 0n : BigInt.asUintN(64, i64At(bytes, at));
      if (value > BigInt(Number.MAX_SAFE_INTEGER))
        throw new Fault('message-field', `${nameOf(slot)} is ${value}; it is ms since the epoch`);
      return Number(value);
    },
    i32: (slot) => (fields[slot] === 0 ? 0 : u32At(bytes, fields[slot]!) | 0),
    u8: (slot) => (fields[slot] === 0 ? 0 : bytes[fields[slot]!]!),
  };
};
