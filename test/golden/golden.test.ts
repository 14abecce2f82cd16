/** Messages of earlier builds decode to what was written into them, and are written the same today. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldens } from './values.ts';

describe('golden messages', () => {
  it.each(goldens)('$file', ({ file, value, encode, decode }) => {
    const bytes = new Uint8Array(readFileSync(join(import.meta.dirname, file)));
    expect(decode(bytes)).toEqual(value);
    expect(Buffer.from(encode()).equals(bytes), 'today it is written otherwise').toBe(true);
  });

  it('has a value for every stored message', () => {
    const stored = readdirSync(import.meta.dirname).filter((name) => !name.endsWith('.ts'));
    expect(stored.sort()).toEqual(goldens.map(({ file }) => file).sort());
  });
});
