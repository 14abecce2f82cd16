/**
 * Runs a model file with ONNX Runtime: one session, one call at a time, rows of bytes in and out. It refuses a
 * file that is not the card's, a provider that is not there, and to fall back to another one in silence.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type InferenceSession, Tensor } from 'onnxruntime-node';
import { Fault } from '../../domain/fault.ts';
import { limits } from '../../domain/limits.ts';
import type { ModelFile } from '../../domain/model.ts';
import type { Model, Provider } from '../../ports/model.ts';
import { countKernels, providerMend, startSession, widthOf } from './provider.ts';

export interface ModelOptions {
  readonly path: string;
  /** The file's bytes, where it does not lie at `path`. */
  readonly bytes?: Uint8Array;
  readonly file: ModelFile;
  readonly provider: Provider;
  /** Rows of one call of the runtime; more are run slab by slab. */
  readonly rowsMax?: number;
}

const readModel = async (path: string, file: ModelFile, given?: Uint8Array): Promise<Uint8Array> => {
  const bytes =
    given ??
    (await readFile(path).catch((cause: unknown) => {
      throw new Fault('model-load', `${file.file} cannot be read at ${path}; check the models folder`, {
        cause,
      });
    }));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== file.sha256) {
    throw new Fault(
      'model-load',
      `${file.file} at ${path} has SHA-256 ${sha256}, its card says ${file.sha256}: fetch the model again`,
    );
  }
  return bytes;
};

const openSession = async (
  bytes: Uint8Array,
  provider: Provider,
  what: string,
): Promise<InferenceSession> => {
  try {
    return await startSession(bytes, provider);
  } catch (cause) {
    if (provider === 'cpu') {
      throw new Fault('model-load', `${what} is not a model this runtime can load: ${String(cause)}`, {
        cause,
      });
    }
    throw new Fault('model-provider', `${provider} cannot be used: ${providerMend(provider)}`, { cause });
  }
};

const checkShape = (session: InferenceSession, { file, inputWidth, outputWidth }: ModelFile): void => {
  const found = [widthOf(session.inputMetadata), widthOf(session.outputMetadata)];
  if (found[0] !== inputWidth || found[1] !== outputWidth) {
    throw new Fault(
      'model-load',
      `${file} must have one uint8 input [N, ${inputWidth}] and one uint8 output [N, ${outputWidth}]`,
    );
  }
};

/** Rows that touch the whole range of every input: a mixed counter, the same everywhere. */
const probeRows = (rows: number, width: number): Uint8Array =>
  Uint8Array.from({ length: rows * width }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);

const runOnce = async (session: InferenceSession, cells: Uint8Array, width: number): Promise<Uint8Array> => {
  const feeds = { [session.inputNames[0]!]: new Tensor('uint8', cells, [cells.length / width, width]) };
  return (await session.run(feeds))[session.outputNames[0]!]!.data as Uint8Array;
};

/** Packets must be the same on every provider; one that rounds (TF32, half precision) would give other tokens. */
const checkDigits = async (
  session: InferenceSession,
  model: Uint8Array,
  { file, inputWidth }: ModelFile,
  provider: Provider,
): Promise<void> => {
  const reference = await startSession(model, 'cpu');
  try {
    const cells = probeRows(limits.modelRowsMax, inputWidth);
    const expected = await runOnce(reference, cells, inputWidth);
    const found = await runOnce(session, cells, inputWidth);
    if (found.length === expected.length && found.every((symbol, at) => symbol === expected[at])) return;
  } finally {
    await reference.release();
  }
  throw new Fault(
    'model-provider',
    `${provider} gives other symbols than the CPU for ${file}; use the provider cpu, or turn off its reduced precision`,
  );
};

/** Throws `model-load` or `model-provider`. The caller closes the model before its thread ends. */
export const openModel = async (options: ModelOptions): Promise<Model> => {
  const { path, file, provider, rowsMax = limits.modelRowsMax } = options;
  const bytes = await readModel(path, file, options.bytes);
  if (provider !== 'cpu') {
    const kernels = await countKernels(bytes, provider);
    if (kernels.here === 0) {
      throw new Fault(
        'model-provider',
        `${provider} runs no part of ${file.file}; use the provider cpu for it`,
      );
    }
  }
  const session = await openSession(bytes, provider, file.file);
  try {
    checkShape(session, file);
    if (provider !== 'cpu') await checkDigits(session, bytes, file, provider);
  } catch (error) {
    await session.release();
    throw error;
  }
  const inputName = session.inputNames[0]!;
  const outputName = session.outputNames[0]!;

  const runSlabs = async (input: Uint8Array, rowCount: number, output: Uint8Array): Promise<void> => {
    for (let row = 0; row < rowCount; row += rowsMax) {
      const rows = Math.min(rowsMax, rowCount - row);
      const cells = input.subarray(row * file.inputWidth, (row + rows) * file.inputWidth);
      const feeds = { [inputName]: new Tensor('uint8', cells, [rows, file.inputWidth]) };
      const results = await session.run(feeds);
      const result = results[outputName]!;
      output.set(result.data as Uint8Array, row * file.outputWidth);
      result.dispose();
    }
  };

  // A call may not overlap another: `run` gives the event loop a turn before it blocks, and buffers are shared.
  let last: Promise<void> = Promise.resolve();
  let closed: Promise<void> | null = null;
  return {
    provider,
    run(input, rowCount, output) {
      if (closed !== null) return Promise.reject(new Fault('model-run', 'the model is closed'));
      const turn = last.then(() => runSlabs(input, rowCount, output));
      last = turn.catch(() => undefined);
      return turn.catch((cause: unknown) => {
        throw new Fault('model-run', `${file.file} failed on ${rowCount} rows: ${String(cause)}`, { cause });
      });
    },
    close() {
      closed ??= last.then(() => session.release());
      return closed;
    },
  };
};
