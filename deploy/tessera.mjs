#!/usr/bin/env node
// The way into tessera from any Node: installs what is missing, builds the page for the commands that show one, then runs
// src/main.ts on the pinned Node 24.
// It refuses to do anything else; the command line itself is src/main.ts.

import { join } from 'node:path';
import { ensurePage } from './page.mjs';
import { ensureDependencies, nodeFlags, pinnedNode, root, runToEnd, say } from './setup.mjs';

ensureDependencies();
if (['up', 'dqm'].includes(process.argv[2])) {
  try {
    ensurePage();
  } catch (error) {
    say(error.message);
    process.exit(3);
  }
}
process.exit(
  await runToEnd(pinnedNode, [...nodeFlags, join(root, 'src/main.ts'), ...process.argv.slice(2)], {
    cwd: process.cwd(),
  }),
);
