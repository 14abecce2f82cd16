/** `tessera validate` with the committed models on simulated p+p frames, and on a dump file as the command opens it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryLane } from '../../src/adapters/memory/lane.ts';
import { openModel } from '../../src/adapters/onnx/model.ts';
import { createSystemClock } from '../../src/adapters/system/clock.ts';
import { loadCards } from '../../src/assemble.ts';
import { type ValidationFrame, validate } from '../../src/commands/validate.ts';
import { openShadow, type ShadowModel } from '../../src/commands/validation/shadow.ts';
import { judgedNames } from '../../src/commands/validation/verdict.ts';
import { openLane } from '../../src/lane.ts';
import { parseParticles } from '../../src/sim/particles.ts';
import { createWorld } from '../../src/sim/world.ts';
import { runValidation } from '../../src/validation.ts';
import { parseModelCard } from '../../src/wire/card.ts';
import { dumpEntry } from '../../src/wire/files/dump.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { captureOutput } from './captured_output.ts';

const root = join(import.meta.dirname, '../..');
const cards = loadCards('sphenix-tpc-pp');
const { card } = cards;
const closers: (() => Promise<void>)[] = [];

const shadowOf = async (name: string): Promise<ShadowModel> => {
  const folder = join(root, 'models', name, '1');
  const model = parseModelCard(readFileSync(join(folder, 'card.json'), 'utf8'));
  const { ladderTables, scoreTables } = cards;
  const encoderPath = join(folder, model.encoder.file);
  const setup = { instrument: card, model, encoderPath, ladderTables, scoreTables, provider: 'cpu' } as const;
  const lane = createMemoryLane(await openLane(setup, createSystemClock()));
  const path = join(folder, model.decoder.file);
  const decoder = await openModel({ path, file: model.decoder, provider: 'cpu' });
  closers.push(
    () => lane.close(),
    () => decoder.close(),
  );
  return openShadow(card, model, lane, decoder);
};

const frames: ValidationFrame[] = [];
beforeAll(() => {
  const particles = parseParticles(readFileSync(join(root, 'models/particles/pp200.bin')));
  const options = { seed: 3, run: 1, startNanos: 1_767_225_600_000_000_000n, split: 'test' } as const;
  const [world, again] = [0, 1].map((noiseDraw) => createWorld(card, particles, { ...options, noiseDraw }));
  const other = again!.timeFrame(0);
  world!.timeFrame(0).forEach(({ identity, digits, truth }, region) => {
    // Another draw of the noise is the same charge: the same tracks, nearly the same samples over threshold.
    expect(other[region]!.truth.tracks).toEqual(truth.tracks);
    expect(Math.abs(other[region]!.digits.count - digits.count)).toBeLessThan(0.05 * digits.count + 5);
    const frame = encodeFrame(identity, digits, card);
    frames.push({ frame, draws: [frame, encodeFrame(identity, other[region]!.digits, card)] });
  });
  expect(frames.some(({ draws }) => draws !== null && !Buffer.from(draws[0]).equals(draws[1]))).toBe(true);
});
afterAll(async () => {
  for (const close of closers) await close();
});

async function* stream(extra: readonly ValidationFrame[] = []): AsyncGenerator<ValidationFrame> {
  yield* frames;
  yield* extra;
}

describe('tessera validate', () => {
  it('finds the finer model truer and dearer, says so in words, and fails on what is judged worse', async () => {
    const [present, candidate] = [await shadowOf('tpc-fsq-100'), await shadowOf('tpc-fsq-62')];
    const output = captureOutput();
    const broken = { frame: Buffer.from('no frame'), draws: null };
    const parts = { card, present, candidate, output, frames: stream([broken]) };
    expect(await validate(parts, { tolerance: 0.05, judge: judgedNames, json: false })).toBe(1);
    const lines = output.lines.join('\n');
    expect(lines).toMatch(/model +tpc-fsq-100\/1 +tpc-fsq-62\/1/);
    expect(lines).toMatch(/log-MAE over all voxels .* better by \d/);
    expect(lines).toMatch(/bits a hit .* WORSE by \d/);
    expect(lines).toMatch(/24 frames of sphenix-tpc-pp, 1 refused/);
    expect(lines).toMatch(/worse by more than 5 % in bits-per-hit, ratio/);
    expect(output.notes).toEqual([expect.stringMatching(/^the first frame refused: frame-/)]);
    const json = captureOutput();
    const judge = ['log-mae', 'precision', 'recall'];
    const options = { tolerance: 0.05, judge, json: true };
    expect(await validate({ ...parts, output: json, frames: stream() }, options)).toBe(0);
    const told = JSON.parse(json.lines[0]!);
    expect(told.models[0].figures.recall).toBeGreaterThan(0.93);
    expect(told.models[1].figures.recall).toBeGreaterThan(told.models[0].figures.recall);
    for (const { stability, use } of told.models) {
      expect(stability.equalSymbols).toBeGreaterThan(0.8);
      expect(stability.equalSymbols).toBeLessThan(1);
      expect(Math.max(...use.drift)).toBeLessThan(0.1);
    }
  });

  it('finds nothing between a model and itself', async () => {
    const shadow = await shadowOf('tpc-fsq-100');
    const output = captureOutput();
    const parts = { card, present: shadow, candidate: shadow, output, frames: stream() };
    expect(await validate(parts, { tolerance: 0, judge: judgedNames, json: true })).toBe(0);
    const told = JSON.parse(output.lines[0]!);
    expect(told.betweenLogMae).toBe(0);
    expect(told.models[0]).toEqual(told.models[1]);
    expect(told.verdicts.every(({ excess }: { excess: number }) => excess === 0)).toBe(true);
  });

  it('does not pass what it has not seen', async () => {
    const shadow = await shadowOf('tpc-fsq-100');
    const output = captureOutput();
    const nothing = (async function* (): AsyncGenerator<ValidationFrame> {})();
    const parts = { card, present: shadow, candidate: shadow, output, frames: nothing };
    expect(await validate(parts, { tolerance: 0, judge: judgedNames, json: false })).toBe(1);
    expect(output.notes.join()).toContain('none of 0 frames could be compared');
  });

  it('reads a dump file, draws noise upon it, and refuses what is no model', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tessera-validate-'));
    try {
      const file = join(folder, 'frames.dump');
      writeFileSync(file, Buffer.concat(frames.slice(0, 6).map(({ frame }) => dumpEntry(frame))));
      const keys = { instrument: card.id, workers: '1' };
      const output = captureOutput();
      const flags = { frames: file, json: true, judge: 'ratio' };
      expect(await runValidation(join(root, 'models/tpc-fsq-200'), keys, flags, output)).toBe(0);
      const told = JSON.parse(output.lines[0]!);
      expect(told).toMatchObject({ frames: 6, refused: 0 });
      expect(told.models[0].stability.equalSymbols).toBeLessThan(1);
      await expect(runValidation(folder, keys, flags, output)).rejects.toThrow('is no model');
      await expect(runValidation('tpc-fsq-62', keys, { judge: 'colour' }, output)).rejects.toThrow(
        "--judge 'colour'",
      );
      await expect(runValidation('tpc-fsq-62', keys, { tolerance: '-1' }, output)).rejects.toThrow(
        '--tolerance',
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
