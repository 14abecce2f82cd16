/**
 * Which execution providers really work here, found by running a model on each and reading the runtime's own
 * profile. It refuses to trust a list of what was compiled in: a provider counts when its kernels have run.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { Fault } from '../../domain/fault.ts';
import type { Provider } from '../../ports/model.ts';

export const providers: readonly Provider[] = ['cpu', 'webgpu', 'cuda'];

const mends: Readonly<Record<Provider, string>> = {
  cpu: 'reinstall onnxruntime-node (npm ci)',
  webgpu:
    'it needs libvulkan.so.1 and the Vulkan driver of a graphics card (Debian: libvulkan1 and the driver; the ' +
    "software driver of Debian 12's mesa-vulkan-drivers is not enough)",
  cuda:
    "it needs an NVIDIA driver, CUDA 12, cuDNN 9 and ONNX Runtime's own provider files " +
    '(libonnxruntime_providers_shared.so and libonnxruntime_providers_cuda.so, from NuGet or the Python wheel ' +
    'onnxruntime-gpu of the same version) beside libonnxruntime.so.1 of onnxruntime-node',
};
export const providerMend = (provider: Provider): string => mends[provider];

const runtimeNames: Readonly<Record<Provider, string>> = {
  cpu: 'CPUExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
  cuda: 'CUDAExecutionProvider',
};

/**
 * A session on exactly one provider. Fatal messages only: what fails here is thrown, with the mend, and needs
 * no second voice on stderr. One thread: a lane is one core, and the threads of several lanes would collide.
 */
export const startSession = (
  model: Uint8Array,
  provider: Provider,
  more: InferenceSession.SessionOptions = {},
): Promise<InferenceSession> => {
  env.logLevel = 'fatal';
  return InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    ...more,
  });
};

/** Width of a session's one uint8 tensor of rows, −1 when its inputs (or outputs) are not that. */
export const widthOf = (metadata: readonly InferenceSession.ValueMetadata[]): number => {
  const [only] = metadata;
  if (metadata.length !== 1 || !only?.isTensor || only.type !== 'uint8' || only.shape.length !== 2) return -1;
  return typeof only.shape[1] === 'number' ? only.shape[1] : -1;
};

export interface KernelCount {
  /** Kernels that ran on the provider asked for, and on any other. */
  readonly here: number;
  readonly elsewhere: number;
}

const readProfile = async (path: string, provider: Provider): Promise<KernelCount> => {
  const events = JSON.parse(await readFile(path, 'utf8')) as { args?: { provider?: string } }[];
  const ran = events.map((event) => event.args?.provider).filter((name) => name !== undefined);
  const here = ran.filter((name) => name === runtimeNames[provider]).length;
  return { here, elsewhere: ran.length - here };
};

/** Runs one row of zeros on the provider and counts whose kernels did the work. Throws `model-provider`. */
export const countKernels = async (model: Uint8Array, provider: Provider): Promise<KernelCount> => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-profile-'));
  try {
    const session = await startSession(model, provider, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'run'),
    });
    try {
      const width = widthOf(session.inputMetadata);
      const row = new Tensor('uint8', new Uint8Array(width), [1, width]);
      await session.run({ [session.inputNames[0]!]: row });
      session.endProfiling();
    } finally {
      await session.release();
    }
    const [profile] = await readdir(folder);
    return await readProfile(join(folder, profile!), provider);
  } catch (cause) {
    throw new Fault('model-provider', `${provider} cannot be used: ${mends[provider]}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export interface ProviderReport {
  readonly provider: Provider;
  readonly works: boolean;
  /** How much of the model it ran, or why it does not work and what would mend it. */
  readonly detail: string;
}

/** For `tessera doctor`: every provider in turn, each really asked to run the model. Throws `model-load`. */
export const probeProviders = async (modelPath: string): Promise<ProviderReport[]> => {
  const model = await readFile(modelPath).catch((cause: unknown) => {
    throw new Fault('model-load', `no model at ${modelPath}`, { cause });
  });
  const reports: ProviderReport[] = [];
  for (const provider of providers) {
    try {
      const { here, elsewhere } = await countKernels(model, provider);
      const detail = `ran ${here} of the model's ${here + elsewhere} kernels`;
      reports.push({ provider, works: here > 0, detail });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const cause = error.cause instanceof Error ? error.cause.message : '';
      const reason = cause.split('\n')[0]!.replace(/^.* was false\. /, '');
      reports.push({ provider, works: false, detail: `${error.detail}${reason ? ` (${reason})` : ''}` });
    }
  }
  return reports;
};
