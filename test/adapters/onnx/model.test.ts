import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { probeProviders, providers } from '../../../src/adapters/onnx/provider.ts';
import { limits } from '../../../src/domain/limits.ts';
import { tinySymbols, writeTinyModel } from './tiny_model.ts';

const rows = (count: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: count * 64 }, (_, i) => Math.imul(i + seed, 2_654_435_761) >>> 24);

describe('a model', () => {
  it('gives the same symbols whatever the slabs, empty, one, full and one too many among them', async () => {
    const tiny = writeTinyModel();
    const cells = rows(limits.modelRowsMax + 1, 1);
    const expected = tinySymbols(cells, 64, 4, 125);
    for (const rowsMax of [limits.modelRowsMax, 1, 7, 4096]) {
      const model = await openModel({ ...tiny, provider: 'cpu', rowsMax });
      for (const count of rowsMax === 1 ? [0, 1, 2] : [0, 1, limits.modelRowsMax, limits.modelRowsMax + 1]) {
        const output = new Uint8Array(count * 4);
        await model.run(cells, count, output);
        expect(output).toEqual(expected.subarray(0, count * 4));
      }
      await model.close();
    }
  });

  it('serves calls that overlap one after the other', async () => {
    const model = await openModel({ ...writeTinyModel(), provider: 'cpu', rowsMax: 16 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100), { minLength: 1, maxLength: 12 }), async (counts) => {
        const inputs = counts.map((count, seed) => rows(count, seed));
        const outputs = counts.map((count) => new Uint8Array(count * 4));
        await Promise.all(counts.map((count, call) => model.run(inputs[call]!, count, outputs[call]!)));
        outputs.forEach((output, call) => {
          expect(output).toEqual(tinySymbols(inputs[call]!, 64, 4, 125));
        });
      }),
      { numRuns: 10 },
    );
    await model.close();
  });

  it('finishes the call under way when closed, and refuses the next', async () => {
    const model = await openModel({ ...writeTinyModel(), provider: 'cpu' });
    const output = new Uint8Array(5000 * 4);
    const running = model.run(rows(5000, 3), 5000, output);
    const closing = model.close();
    expect(model.close()).toBe(closing);
    await running;
    await closing;
    expect(output).toEqual(tinySymbols(rows(5000, 3), 64, 4, 125));
    await expect(model.run(rows(1, 1), 1, output)).rejects.toMatchObject({ code: 'model-run' });
  });

  it('refuses a file that is missing, changed, not a model, or of another shape', async () => {
    const { path, file } = writeTinyModel();
    const opened = (over: object, at = path) =>
      openModel({ path: at, file: { ...file, ...over }, provider: 'cpu' });
    await expect(opened({}, `${path}.gone`)).rejects.toMatchObject({ code: 'model-load' });
    await expect(opened({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'model-load' });
    await expect(opened({ inputWidth: 128 })).rejects.toThrow('uint8 input [N, 128]');
    await expect(opened({ outputWidth: 24 })).rejects.toMatchObject({ code: 'model-load' });
    const noise = `${path}.noise`;
    writeFileSync(noise, 'not a model');
    const sha256 = createHash('sha256').update('not a model').digest('hex');
    await expect(opened({ sha256 }, noise)).rejects.toThrow('not a model this runtime can load');
  });
});

describe('providers', () => {
  it('are reported as they are: what works runs kernels, what does not says why and is refused', async () => {
    const { path, file } = writeTinyModel();
    const reports = await probeProviders(path);
    expect(reports.map(({ provider }) => provider)).toEqual(providers);
    expect(reports[0]).toMatchObject({ provider: 'cpu', works: true });
    for (const { provider, works, detail } of reports) {
      expect(detail.length).toBeGreaterThan(20);
      if (works) {
        const model = await openModel({ path, file, provider });
        const output = new Uint8Array(400);
        await model.run(rows(100, 9), 100, output);
        expect(model.provider).toBe(provider);
        expect(output).toEqual(tinySymbols(rows(100, 9), 64, 4, 125));
        await model.close();
      } else {
        expect(detail).toContain('it needs');
        await expect(openModel({ path, file, provider })).rejects.toMatchObject({ code: 'model-provider' });
      }
    }
  });
});
