/**
 * Compiles the AssemblyScript kernels of this folder to WebAssembly and writes each, in base64, where
 * `src/kernels` imports it. It refuses to touch anything else; run it with `node wasm/generate.ts` after an edit.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const folder = import.meta.dirname;
export const generatedFolder = join(folder, '..', 'src', 'kernels', 'generated');

const compile = async (source: string): Promise<Uint8Array> => {
  let bytes: Uint8Array | null = null;
  const { error, stderr } = await asc.main(
    // The memory is the caller's, and no runtime: these kernels allocate nothing.
    [
      'kernel.ts',
      '-O3',
      '--enable',
      'simd',
      '--runtime',
      'stub',
      '--importMemory',
      '--noAssert',
      '-o',
      'kernel.wasm',
    ],
    {
      readFile: (name) => (name === 'kernel.ts' ? source : null),
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') bytes = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === null)
    throw new Error(`asc: ${error?.message ?? 'no output'}\n${stderr.toString()}`);
  return bytes;
};

/** The files of `src/kernels/generated` by name. */
export const generate = async (): Promise<Map<string, string>> => {
  const files = new Map<string, string>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.as'))) {
    const bytes = await compile(readFileSync(join(folder, name), 'utf8'));
    const base64 = Buffer.from(bytes).toString('base64');
    const lines = base64.match(/.{1,100}/g)!.map((line) => `  '${line}'`);
    const head = `// Written by wasm/generate.ts from wasm/${name}; edit that, and run it again.\n`;
    files.set(name.replace(/\.as$/, '.ts'), `${head}export const wasmBase64 =\n${lines.join(' +\n')};\n`);
  }
  return files;
};

if (import.meta.main) {
  mkdirSync(generatedFolder, { recursive: true });
  for (const [name, text] of await generate()) writeFileSync(join(generatedFolder, name), text);
}
