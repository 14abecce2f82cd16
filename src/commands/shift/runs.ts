/**
 * `tessera run start|stop NUMBER`: a run begins or ends, said to the archiver as run control says it (pl72, 6s4t), and
 * its answer waited for. It refuses to change anything itself: the keeper of runs does.
 */

import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Topics } from '../../services/topics.ts';
import { decodeRunAnswer } from '../../wire/runs/answer.ts';
import { encodeRunStart } from '../../wire/runs/start.ts';
import { encodeRunStop } from '../../wire/runs/stop.ts';
import { jsonLine, type Output } from '../output.ts';

export interface RunOrder {
  readonly action: 'start' | 'stop';
  /** Ends in the run's number. */
  readonly runName: string;
  /** Who says it. */
  readonly serviceId: string;
  /** Of this order alone, so that its answer is known. */
  readonly jobId: string;
  readonly instrumentId: string;
  /** Of a stop: event time, ms since the epoch; 0: all that has been sent. */
  readonly stopMs: number;
}

interface Parts {
  readonly bus: Bus;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly output: Output;
}

const messageOf = (
  { action, runName, serviceId, jobId, instrumentId, stopMs }: RunOrder,
  nowMs: number,
): Uint8Array =>
  action === 'start'
    ? encodeRunStart({
        ...{ jobId, serviceId, runName, instrumentName: instrumentId },
        ...{ startMs: nowMs, stopMs: 0, metadata: '{}' },
      })
    : encodeRunStop({ jobId, serviceId, commandId: jobId, runName, stopMs });

/** A keeper that was killed has a successor by then. */
const answerWithinMs = limits.sessionTimeoutMs + limits.transactionTimeoutMs + 2_000;

/** Exit code 0; 1 when it was refused; 3 when no archiver answers. */
export const orderRun = async (
  { bus, topics, clock, output }: Parts,
  order: RunOrder,
  json: boolean,
): Promise<number> => {
  const [end] = await bus.offsets(topics.runAnswers);
  const nowMs = Number(clock.nowNanos() / 1_000_000n);
  await bus.send([{ topic: topics.runs, partition: 0, key: null, value: messageOf(order, nowMs) }]);
  const enough = new AbortController();
  void clock.sleep(answerWithinMs, enough.signal).then(() => enough.abort());
  const answers = bus.read({
    topic: topics.runAnswers,
    from: { at: 'offset', offset: end?.high ?? 0n },
    bufferBytesMax: limits.controlBufferBytesMax,
    signal: enough.signal,
  });
  try {
    for await (const { value } of answers) {
      const answer = decodeRunAnswer(value);
      if (answer.jobId !== order.jobId) continue;
      output.print(json ? jsonLine(answer) : answer.message);
      return answer.outcome === 'success' ? 0 : 1;
    }
  } finally {
    enough.abort();
  }
  output.note(`not answered within ${answerWithinMs / 1000} s: it will be done when an archiver runs`);
  return 3;
};
