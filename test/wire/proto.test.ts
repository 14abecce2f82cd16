/** What is committed under src/wire/proto/generated is what proto/ gives today, and the contracts pass their lint. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generate, generatedFolder, lint } from '../../proto/generate.ts';
import { fileDescriptors } from '../../src/wire/proto/descriptors.ts';

describe('the gRPC contracts', () => {
  it('pass buf lint', () => {
    lint();
  });

  it('are generated as committed (run node proto/generate.ts after a change)', () => {
    const made = generate();
    const committed = readdirSync(generatedFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(generatedFolder.length + 1));
    expect(committed.sort()).toEqual([...made.keys()].sort());
    for (const [path, text] of made) expect(readFileSync(join(generatedFolder, path), 'utf8')).toBe(text);
  });

  it('carry one descriptor a file', () => {
    expect(fileDescriptors()).toHaveLength(2);
  });
});
