/** The README's figures come out of the result files, never out of a hand. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderReadme } from '../loadtest/figures.ts';

it('README tables are those of the result files, the configuration and the example producer', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  expect(readme).toContain('<!-- figures:');
  expect(renderReadme(readme), 'run: npm run figures').toBe(readme);
});
