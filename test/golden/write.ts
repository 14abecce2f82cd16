/**
 * Writes golden messages that do not exist yet: `node test/golden/write.ts`. It refuses to overwrite one: a
 * golden message is what earlier builds have stored.
 */

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldens } from './values.ts';

for (const { file, encode } of goldens) {
  const path = join(import.meta.dirname, file);
  if (existsSync(path)) continue;
  writeFileSync(path, encode());
  console.log(`wrote ${file}`);
}
