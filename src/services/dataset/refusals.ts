/**
 * Refusals of a run, from the topic where refused frames keep their bytes. Refuses to speak of a run where the topic has
 * forgotten its beginning.
 */

import type { InstrumentCard } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import type { Bus } from '../../ports/bus.ts';
import { claimedIdentity } from '../../wire/frame.ts';

/** A frame that was refused; `unnamed` where its message does not say whose it was. */
export type Refusal =
  | { readonly region: number; readonly partition: number; readonly messageId: number }
  | 'unnamed';

/** Null where some refusals are not on the topic any more. */
export const refusalsOf = async (
  bus: Bus,
  topic: string,
  card: InstrumentCard,
  run: number,
): Promise<AsyncIterable<Refusal> | null> => {
  if ((await bus.offsets(topic)).some(({ low }) => low > 0n)) return null;
  const read = async function* (): AsyncGenerator<Refusal> {
    const bufferBytesMax = limits.controlBufferBytesMax;
    for await (const { value, partition } of bus.read({
      topic,
      from: { at: 'beginning' },
      untilEnd: true,
      bufferBytesMax,
    })) {
      const claimed = claimedIdentity(value, card);
      if (claimed === null) yield 'unnamed';
      else if (claimed.run === run) yield { partition, ...claimed };
    }
  };
  return read();
};
