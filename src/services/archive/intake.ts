/**
 * What the archiver keeps of a message: all of a partial event, and of frames the prescaled time frames, chosen by the
 * fidelity policy's own hash, so that the same ones are kept losslessly as packets. Refuses to change bytes.
 */

import { prescaled } from '../../anomaly/fidelity.ts';
import type { Kept } from '../../archive/segment.ts';
import { Fault } from '../../domain/fault.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { BusRecord } from '../../ports/bus.ts';
import { decodePartialEvent } from '../../wire/events/partial_event.ts';
import { openFrame } from '../../wire/frame.ts';

/** Null: nothing of it is kept. Throws a Fault of kind item when it cannot be read. */
export type Intake = (record: BusRecord) => Kept | null;

export const keepEvents: Intake = ({ value, unreadable }) => {
  if (unreadable !== undefined) throw new Fault('message-malformed', unreadable);
  const event = decodePartialEvent(value);
  return { kind: 'event', run: event.run, event };
};

/** Frames the processor refuses are on their own topic: what cannot be read is passed over here. */
export const keepFrames =
  (card: InstrumentCard, prescale: number): Intake =>
  ({ value, unreadable }) => {
    if (unreadable !== undefined) throw new Fault('frame-unreadable', unreadable);
    const { identity, region } = openFrame(value, card);
    if (!prescaled(identity.run, identity.timeFrame, prescale)) return null;
    const { run, timeFrame, messageId, timestampNanos: startNanos, durationNanos } = identity;
    return {
      kind: 'frame',
      run,
      row: { timeFrame, region, messageId, startNanos, frame: value },
      durationNanos,
    };
  };
