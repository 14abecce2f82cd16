/** CRC-32C: the table twin, the native one and the published check value agree. */

import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32cByTable } from '../../src/kernels/crc32c.ts';

describe('crc32cByTable', () => {
  it('gives the check value of CRC-32C', () => {
    expect(crc32cByTable(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(crc32cByTable(new Uint8Array(0))).toBe(0);
  });

  it('equals the native one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), (bytes) => {
        expect(crc32cByTable(bytes)).toBe(crc32c(bytes));
      }),
    );
  });
});
