/** A dump file gives back its messages however its bytes arrive, and tells a file that is none. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dumpEntry, readDump } from '../../../src/wire/files/dump.ts';

async function* cutInto(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const readAll = async (bytes: Uint8Array, size: number): Promise<Uint8Array[]> => {
  const messages: Uint8Array[] = [];
  for await (const message of readDump(cutInto(bytes, size))) messages.push(message);
  return messages;
};

describe('a dump file', () => {
  it('gives back its messages in pieces of any size', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 64 }),
        async (messages, size) => {
          const bytes = new Uint8Array(Buffer.concat(messages.map(dumpEntry)));
          expect(await readAll(bytes, size)).toEqual(messages);
        },
      ),
    ));

  it('says where it is cut, and that text is no dump', async () => {
    const bytes = new Uint8Array(Buffer.concat([dumpEntry(new Uint8Array(9)), dumpEntry(new Uint8Array(9))]));
    await expect(readAll(bytes.subarray(0, 20), 7)).rejects.toMatchObject({
      code: 'file-invalid',
      detail: expect.stringContaining('cut short within message 1'),
    });
    await expect(readAll(Buffer.from('run,time_frame,source'), 64)).rejects.toMatchObject({
      detail: expect.stringContaining('no dump'),
    });
  });
});
