/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78) by table: the slow twin that the native one in `wire`
 * is checked against, and what a browser reader uses. It refuses nothing.
 */

const table = ((): Uint32Array => {
  const entries = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    entries[i] = value;
  }
  return entries;
})();

/** Checksum of all bytes, 0 … 2³²−1; 0 for none. */
export const crc32cByTable = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
};
