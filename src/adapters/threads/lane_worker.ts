/**
 * The worker's end of the thread lane: takes packed jobs from the port one after the other, runs them and sends
 * packed results back. It refuses to survive a bug: whatever is not a Fault ends the thread.
 */

import type { MessagePort } from 'node:worker_threads';
import { Fault, type FaultCode } from '../../domain/fault.ts';
import type { PolicySnapshot, Pressure } from '../../domain/policy.ts';
import type { LaneRunner } from '../../ports/lane.ts';
import type { Provider } from '../../ports/model.ts';
import { unpackJob } from './job_buffer.ts';
import { packResults } from './result_buffer.ts';

export type LaneRequest =
  | {
      readonly kind: 'job';
      /** Written before it is sent, and not again before the answer. */
      readonly buffer: SharedArrayBuffer;
      readonly frameCount: number;
      readonly pressure: Pressure;
      /** null: the policy sent last still holds. */
      readonly policy: PolicySnapshot | null;
    }
  | { readonly kind: 'close' };

/** Answers come in the order of the requests; with one, the worker is done with the request's buffer. */
export type LaneAnswer =
  | { readonly kind: 'ready'; readonly provider: Provider; readonly scoreNames: readonly string[] }
  | { readonly kind: 'done'; readonly results: ArrayBuffer }
  | {
      readonly kind: 'fault';
      readonly code: FaultCode;
      readonly detail: string;
      readonly retryable: boolean;
    };

const faultAnswer = (error: unknown): LaneAnswer => {
  if (!(error instanceof Fault)) throw error;
  const { code, detail, retryable } = error;
  return { kind: 'fault', code, detail, retryable };
};

/** Opens the runner, says so, and serves until told to close. Settles when the port is closed. */
export const serveLane = async (port: MessagePort, open: () => Promise<LaneRunner>): Promise<void> => {
  const answer = (message: LaneAnswer, transfer: readonly ArrayBuffer[] = []): void =>
    port.postMessage(message, transfer);

  let runner: LaneRunner;
  try {
    runner = await open();
  } catch (error) {
    answer(faultAnswer(error));
    return;
  }

  let policy: PolicySnapshot | null = null;
  const work = async (request: LaneRequest): Promise<void> => {
    if (request.kind === 'close') {
      await runner.close();
      port.close();
      return;
    }
    const { buffer, frameCount, pressure } = request;
    policy = request.policy ?? policy;
    if (policy === null) throw new Error('a lane job came before any policy');
    try {
      const results = packResults(
        await runner.run({ frames: unpackJob(buffer, frameCount), policy, pressure }),
      );
      answer({ kind: 'done', results }, [results]);
    } catch (error) {
      answer(faultAnswer(error));
    }
  };

  // One chain: a model call gives the event loop a turn, and the next message must not enter shared buffers.
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: LaneRequest) => {
    last = last.then(() => work(request));
  });
  answer({ kind: 'ready', provider: runner.provider, scoreNames: runner.scoreNames });
};
