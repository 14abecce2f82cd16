/**
 * Keeps the house: who may import whom, no cycles, no dead files, no clock or chance outside adapters, files
 * that fit in one head, and a code map that names every room and file. Each failure says what to mend.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configKeys } from '../src/config.ts';
import { faultCodes } from '../src/domain/fault.ts';

const root = dirname(import.meta.dirname);
const sourceRoot = join(root, 'src');

const filesUnder = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));

const isGenerated = (file: string): boolean => /generated/.test(relative(root, file));
const sources = filesUnder(sourceRoot, /\.ts$/).filter((file) => !/\.d\.ts$/.test(file));
const handWritten = sources.filter((file) => !isGenerated(file));
const text = new Map(sources.map((file) => [file, readFileSync(file, 'utf8')]));

/** The room of a file: `domain`, `adapters/kafka`, … or the file's own name for those that stand at the top. */
const roomOf = (file: string): string => {
  const parts = relative(sourceRoot, file).split('/');
  return parts[0] === 'adapters' ? `adapters/${parts[1]}` : parts[0]!;
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}
const importsOf = (file: string): Import[] => {
  const code = text.get(file)!;
  const found: Import[] = [];
  for (const match of code.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'/gm))
    found.push({ specifier: match[2]!, typeOnly: match[1] !== undefined });
  for (const match of code.matchAll(/^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm))
    found.push({ specifier: (match[1] ?? match[2])!, typeOnly: false });
  return found;
};

/** What each room may import: rooms above it, and packages. `node:x` are Node's own. */
const table: Record<string, { rooms: readonly string[]; packages: readonly string[] }> = {
  domain: { rooms: [], packages: [] },
  kernels: { rooms: ['domain'], packages: [] },
  wire: {
    rooms: ['domain', 'kernels'],
    // A card is named by its SHA-256 and an npz is a zip: pure functions of bytes that Node brings.
    packages: [
      'flatbuffers',
      '@bufbuild/protobuf',
      '@grpc/grpc-js',
      'zod',
      '@node-rs/crc32',
      'node:crypto',
      'node:zlib',
    ],
  },
  ports: { rooms: ['domain'], packages: [] },
  pipeline: { rooms: ['domain', 'ports'], packages: [] },
  codec: { rooms: ['domain', 'kernels', 'wire'], packages: [] },
  anomaly: { rooms: ['domain', 'kernels', 'wire', 'codec'], packages: [] },
  dqm: { rooms: ['domain', 'kernels', 'wire', 'codec'], packages: [] },
  // Seals and run files are JSON that others may have touched.
  archive: { rooms: ['domain', 'kernels', 'wire', 'codec'], packages: ['zod'] },
  assembly: { rooms: ['domain', 'kernels'], packages: [] },
  stages: {
    rooms: ['domain', 'kernels', 'wire', 'codec', 'anomaly', 'ports', 'pipeline'],
    packages: [],
  },
  services: {
    rooms: [
      'domain',
      'kernels',
      'wire',
      'ports',
      'pipeline',
      'codec',
      'anomaly',
      'dqm',
      'archive',
      'assembly',
      'stages',
    ],
    packages: [],
  },
  adapters: { rooms: ['domain', 'wire', 'ports'], packages: ['node:'] },
  'adapters/kafka': { rooms: ['domain', 'wire', 'ports'], packages: ['node:', 'kafkajs', '@node-rs/crc32'] },
  'adapters/parquet': {
    rooms: ['domain', 'wire', 'ports'],
    packages: ['node:', 'hyparquet', 'hyparquet-writer'],
  },
  'adapters/s3': { rooms: ['domain', 'wire', 'ports'], packages: ['node:', 'aws4fetch'] },
  'adapters/onnx': { rooms: ['domain', 'wire', 'ports'], packages: ['node:', 'onnxruntime-node'] },
  'adapters/telemetry': { rooms: ['domain', 'wire', 'ports'], packages: ['node:', 'pino', 'prom-client'] },
  'adapters/grpc': {
    rooms: ['domain', 'wire', 'ports', 'services'],
    packages: ['node:', '@grpc/grpc-js', '@grpc/reflection', '@grpc/proto-loader', 'grpc-health-check'],
  },
  // Questions are checked, and described, by the same schemas; what is answered has the types of `dqm`.
  'adapters/http': { rooms: ['domain', 'wire', 'ports', 'dqm', 'services'], packages: ['node:', 'zod'] },
  // Asks the monitor as any other program does, and knows what it is told by the types of `dqm`.
  'adapters/mcp': {
    rooms: ['domain', 'dqm'],
    packages: ['node:', 'zod', '@modelcontextprotocol/sdk'],
  },
  'adapters/terminal': { rooms: ['domain', 'wire', 'ports', 'services'], packages: ['node:'] },
  // Of what it is shown it knows the shapes alone: a test below holds it to types.
  web: { rooms: ['domain', 'dqm'], packages: ['jsroot', 'uplot'] },
  sim: {
    rooms: [
      'domain',
      'kernels',
      'wire',
      'ports',
      'pipeline',
      'codec',
      'anomaly',
      'archive',
      'stages',
      'services',
      'adapters/memory',
    ],
    packages: [],
  },
  commands: {
    rooms: [
      'domain',
      'kernels',
      'wire',
      'ports',
      'pipeline',
      'codec',
      'anomaly',
      'archive',
      'stages',
      'services',
      'sim',
    ],
    packages: ['node:'],
  },
};
const compositionRoots = new Set([
  'config.ts',
  'assemble.ts',
  'archiving.ts',
  'monitoring.ts',
  'assembling.ts',
  'standalone.ts',
  'dataset.ts',
  'lane.ts',
  'main.ts',
  'serve.ts',
  'simulate.ts',
  'one_shot.ts',
  'operator.ts',
  'validation.ts',
  'index.ts',
]);
const ruleOf = (room: string) => table[room] ?? (room.startsWith('adapters/') ? table.adapters : undefined);

const resolveImport = (file: string, specifier: string): string => resolve(dirname(file), specifier);

/** Files run by name, never imported. The page’s two are named by src/web/index.html and by `new SharedWorker`. */
const entries = ['main.ts', 'lane.ts', 'index.ts', 'web/main.ts', 'web/stream/worker.ts'].map((name) =>
  join(sourceRoot, name),
);

describe('the house', () => {
  it('has a rule for every room', () => {
    const unknown = new Set(
      handWritten.map(roomOf).filter((room) => !compositionRoots.has(room) && !ruleOf(room)),
    );
    expect([...unknown], 'a new room needs a row in the table and a paragraph in src/README.md').toEqual([]);
  });

  it('imports only what stands above', () => {
    const faults: string[] = [];
    for (const file of handWritten) {
      const room = roomOf(file);
      if (compositionRoots.has(room)) continue;
      const rule = ruleOf(room)!;
      for (const { specifier, typeOnly } of importsOf(file)) {
        const where = `${relative(root, file)} imports ${specifier}`;
        if (!specifier.startsWith('.')) {
          const allowed = rule.packages.some(
            (name) =>
              specifier === name ||
              (name === 'node:' ? specifier.startsWith(name) : specifier.startsWith(`${name}/`)),
          );
          if (!allowed)
            faults.push(`${where}: ${room} may use only ${rule.packages.join(', ') || 'no package'}`);
          continue;
        }
        const target = roomOf(resolveImport(file, specifier));
        if (target === room) {
          if (room === 'stages')
            faults.push(`${where}: a stage never knows another stage; lift what they share`);
          continue;
        }
        // grpc and http may name the types of the service they serve, and no more of it.
        const servesOnly = target === 'services' && room.startsWith('adapters/') && !typeOnly;
        // The page runs in a browser: what the server shares with it is types.
        const shownOnly = room === 'web' && !typeOnly;
        if (!rule.rooms.includes(target) || servesOnly || shownOnly)
          faults.push(
            `${where}: ${room} may import ${rule.rooms.join(', ') || 'nothing'}; move the code or the rule`,
          );
      }
    }
    expect(faults).toEqual([]);
  });

  it('has no import cycles', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        const cycle = [...path.slice(path.indexOf(file)), file];
        cycles.push(cycle.map((name) => relative(sourceRoot, name)).join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const { specifier } of importsOf(file)) {
        const target = specifier.startsWith('.') ? resolveImport(file, specifier) : '';
        if (text.has(target)) visit(target, [...path, file]);
      }
      state.set(file, 'done');
    };
    for (const file of handWritten) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('has no dead files: each is reached from an entry', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file) || !text.has(file)) return;
      reached.add(file);
      for (const { specifier } of importsOf(file))
        if (specifier.startsWith('.')) visit(resolveImport(file, specifier));
    };
    for (const entry of entries) visit(entry);
    // Slow twins and the in-process adapters exist for the tests; benches are entries of their own.
    const tests = [
      ...filesUnder(join(root, 'test'), /\.ts$/),
      ...filesUnder(join(root, 'loadtest'), /\.ts$/),
    ];
    for (const test of tests) {
      text.set(test, readFileSync(test, 'utf8'));
      const twins = importsOf(test)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => resolveImport(test, specifier));
      for (const twin of twins)
        if (/reference|slow|twin|_contract|adapters\/memory/.test(twin) || test.includes('loadtest'))
          visit(twin);
      text.delete(test);
    }
    const dead = handWritten.filter((file) => !reached.has(file)).map((file) => relative(root, file));
    expect(dead, 'delete them, or let something use them').toEqual([]);
  });

  it('keeps clocks, chance and the environment where they belong', () => {
    const faults: string[] = [];
    const rules: readonly (readonly [RegExp, (room: string) => boolean, string])[] = [
      [
        /\b(Date\.now|performance\.now|setTimeout|setInterval|Math\.random|new Date\(\))/,
        // The roots hold the deadlines of a process: `--for`, and how long a child may take to end.
        // The page reads its browser's clock, as an adapter does its world's.
        (room) => room.startsWith('adapters/') || ['serve.ts', 'simulate.ts', 'web'].includes(room),
        'ask the Clock port',
      ],
      [/\bprocess\.env\b/, (room) => room === 'config.ts', 'read it in src/config.ts'],
      [/\bconsole\./, () => false, 'use the Log port or an output sink'],
    ];
    for (const file of handWritten) {
      const code = text
        .get(file)!
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/^\s*\/\/.*$/gm, '');
      for (const [pattern, allowed, mend] of rules)
        if (pattern.test(code) && !allowed(roomOf(file)))
          faults.push(`${relative(root, file)}: ${code.match(pattern)![0]}: ${mend}`);
    }
    expect(faults).toEqual([]);
  });

  it('keeps files small, headed and named by what they hold', () => {
    const faults: string[] = [];
    for (const file of handWritten) {
      const code = text.get(file)!;
      const lines = code.split('\n').length;
      if (lines > 400) faults.push(`${relative(root, file)}: ${lines} lines, 400 at most: split it`);
      if (!code.trimStart().startsWith('/**') && !code.startsWith('#!'))
        faults.push(`${relative(root, file)}: open with what it is for and what it refuses`);
      if (/(utils?|helpers?|common|types|manager|handler)\.ts$/i.test(file))
        faults.push(`${relative(root, file)}: name it by what it holds`);
    }
    for (const room of new Set(handWritten.map((file) => dirname(file)))) {
      const files = readdirSync(room).filter((name) => name.endsWith('.ts'));
      if (files.length > 12 && room !== sourceRoot)
        faults.push(
          `${relative(root, room)}: ${files.length} files: at the thirteenth a room gets a sub-folder`,
        );
    }
    expect(faults).toEqual([]);
  });

  it('has a code map that names every room and nothing that is gone', () => {
    const map = readFileSync(join(sourceRoot, 'README.md'), 'utf8');
    const rooms = new Set(handWritten.map(roomOf));
    const missing = [...rooms].filter((room) => !map.includes(`\`${room}`) && !map.includes(`${room}/`));
    expect(missing, 'src/README.md: name these rooms in the code map').toEqual([]);
    const named = [...map.matchAll(/`((?:[a-z_]+\/)+[a-z_]+\.ts)`/g)].map((match) => match[1]!);
    const gone = named.filter((name) => !existsSync(join(sourceRoot, name)) && !existsSync(join(root, name)));
    expect(gone, 'src/README.md names files that are not there').toEqual([]);
  });
});

describe('the manual', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');

  it('lists every configuration key and every fault code', () => {
    const everything = readme + readFileSync(join(sourceRoot, 'README.md'), 'utf8');
    expect(configKeys.filter((row) => !everything.includes(row.flag)).map((row) => row.flag)).toEqual([]);
    expect(faultCodes.filter((code) => !everything.includes(`\`${code}\``))).toEqual([]);
  });

  it('gives a reason for every dependency, with its exact version in package.json', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const all = { ...manifest.dependencies, ...manifest.devDependencies } as Record<string, string>;
    expect(Object.keys(all).filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
    expect(Object.values(all).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('names no path of one machine', () => {
    const tracked = execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
    const written = tracked.filter((file) => /\.(ts|mjs|md|json|py|yaml|yml|fbs|proto|sh)$/.test(file));
    const faults = written.filter((file) => {
      const path = join(root, file);
      return (
        existsSync(path) &&
        /(?<![\w.])\/(work|root|farm)\//.test(readFileSync(path, 'utf8').replaceAll(/\(\?<!.*\n/g, ''))
      );
    });
    expect(faults).toEqual([]);
  });
});

describe('the checks', () => {
  it.each(['.', 'src/web'])('passes tsc in %s', (project) => {
    const tsc = spawnSync('npx', ['--no-install', 'tsc', '--noEmit', '-p', project], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(tsc.stdout + (tsc.status === 0 ? '' : tsc.stderr)).toBe('');
  });

  it('passes biome', () => {
    const biome = spawnSync('npx', ['--no-install', 'biome', 'ci', '--error-on-warnings', '.'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(biome.status, biome.stdout + biome.stderr).toBe(0);
  });
});
