/** What is committed under `src/wire/generated` is what the .fbs files give, no more and no less. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generate, generatedFolder, readTree } from '../../fbs/generate.ts';

describe('src/wire/generated', () => {
  it('is what fbs/generate.ts writes from the schemas', async () => {
    const fresh = await generate();
    const committed = readTree(generatedFolder);
    expect([...committed.keys()].sort(), 'run node fbs/generate.ts').toEqual([...fresh.keys()].sort());
    for (const [path, content] of fresh) expect(committed.get(path), path).toBe(content);
  });

  it('has a row in the table of ids for every schema', () => {
    const readme = readFileSync('fbs/README.md', 'utf8');
    for (const file of readdirSync('fbs').filter((name) => name.endsWith('.fbs'))) {
      expect(readme).toContain(`\`${file.slice(0, 4)}\``);
      expect(readme).toContain(file);
    }
  });
});
