/** CRC-32C (Castagnoli) of bytes, by the processor's own instruction. Refuses nothing. */

import { crc32c } from '@node-rs/crc32';

/** 0 … 2³²−1. */
export const checksumOf = (bytes: Uint8Array): number => crc32c(bytes);
