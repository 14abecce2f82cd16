/** The hash that names and proves files. Refuses nothing. */

import { createHash } from 'node:crypto';

/** SHA-256 of the chunks one after another, 64 lower-case hex digits. */
export const sha256Of = (chunks: readonly Uint8Array[]): string => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};
