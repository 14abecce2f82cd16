#!/usr/bin/env node
// The way into tessera from any Node: installs what is missing, then runs src/main.ts on the pinned Node 24.
// It refuses to do anything else; the command line itself is src/main.ts.

import { join } from 'node:path';
import { ensureDependencies, nodeFlags, pinnedNode, root, runToEnd } from './setup.mjs';

ensureDependencies();
process.exit(
  await runToEnd(pinnedNode, [...nodeFlags, join(root, 'src/main.ts'), ...process.argv.slice(2)], {
    cwd: process.cwd(),
  }),
);
