/**
 * Messages in a plain file: a little-endian u32 of length before each. It refuses a length that no message of
 * ours can have, so that a file of another kind is told from the first bytes on.
 */

import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import { putU32, u32At } from '../../kernels/little_endian.ts';

const lengthBytes = 4;

/** A message with its length before it. */
export const dumpEntry = (message: Uint8Array): Uint8Array => {
  const entry = new Uint8Array(lengthBytes + message.length);
  putU32(entry, 0, message.length);
  entry.set(message, lengthBytes);
  return entry;
};

/** Messages out of a file's bytes, in pieces of any size; each is an array of its own. Throws file-invalid. */
export async function* readDump(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array = new Uint8Array(0);
  let number = 0;
  for await (const piece of pieces) {
    held = held.length === 0 ? piece : joined(held, piece);
    let at = 0;
    while (held.length - at >= lengthBytes) {
      const length = u32At(held, at);
      if (length > limits.dumpMessageBytesMax)
        throw new Fault(
          'file-invalid',
          `message ${number} is said to have ${length} bytes: this is no dump of messages; make one with inspect --save`,
        );
      if (held.length - at - lengthBytes < length) break;
      yield new Uint8Array(held.subarray(at + lengthBytes, at + lengthBytes + length));
      at += lengthBytes + length;
      number += 1;
    }
    held = held.subarray(at);
  }
  if (held.length > 0)
    throw new Fault('file-invalid', `the file is cut short within message ${number}; ${number} were read`);
}

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
};
