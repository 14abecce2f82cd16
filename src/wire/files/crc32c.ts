/** The checksum of pieces of files, at memory speed; its slow twin is `kernels/crc32c.ts`. Refuses nothing. */

export { crc32c } from '@node-rs/crc32';
