/**
 * A bench's result as all benches tell it: which machine it is of, and where it goes. Refuses to touch what was measured.
 */

import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';

/** What a bench ran on; it says itself what stood beside. */
export const machine = `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;

/** Into the file, or to standard output where none is named. */
export const writeResult = (result: object, file: string | undefined): void => {
  const json = `${JSON.stringify(result, null, 2)}\n`;
  if (file === undefined) process.stdout.write(json);
  else writeFileSync(file, json);
};
