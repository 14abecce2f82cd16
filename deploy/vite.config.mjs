// How Vite builds the page: flat, small, all of JSROOT that no drawing here needs left out. It refuses to serve; the
// monitor does that.

import { join } from 'node:path';
import { root } from './setup.mjs';

const jsroot = join(root, 'node_modules/jsroot/modules');

/** What JSROOT loads only under Node, or for formulas nobody writes here. */
const absent = new Set(['jsdom', '@resvg/resvg-js', 'canvas', 'mathjax', 'fs', 'tmp', 'xhr2']);

const withoutNode = {
  name: 'jsroot-without-node',
  enforce: 'pre',
  resolveId: (id, importer) => (absent.has(id) && importer?.includes('jsroot') ? '\0absent' : undefined),
  load: (id) => (id === '\0absent' ? 'export default undefined;' : undefined),
};

export default {
  root: join(root, 'src/web'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  plugins: [withoutNode],
  // The package's own entry brings all of JSROOT; the page takes the painters it needs.
  resolve: { alias: [{ find: /^jsroot\/modules/, replacement: jsroot }] },
  worker: { format: 'es', plugins: () => [withoutNode] },
  build: {
    outDir: join(root, '.tessera/page'),
    emptyOutDir: true,
    assetsDir: '',
    target: 'es2023',
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
};
