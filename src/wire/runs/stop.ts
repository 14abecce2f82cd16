/**
 * 6s4t both ways: a run ends, in the form the neutron facilities tell their file writers. Decoding refuses a message
 * that leads outside itself.
 */

import { Builder } from 'flatbuffers';
import { RunStop as Table } from '../generated/6s4t/run-stop.js';
import { _6s4t } from '../generated/layouts.ts';
import { openMessage } from './message.ts';

export interface RunStop {
  readonly jobId: string;
  readonly serviceId: string;
  /** Names this order; its answer carries it. */
  readonly commandId: string;
  readonly runName: string;
  /** 0: now. */
  readonly stopMs: number;
}

/** A 6s4t message in an array of its own. */
export const encodeRunStop = ({ jobId, serviceId, commandId, runName, stopMs }: RunStop): Uint8Array => {
  const builder = new Builder(256);
  const text = (value: string) => builder.createString(value);
  const table = Table.createRunStop(
    builder,
    BigInt(stopMs),
    text(runName),
    text(jobId),
    text(serviceId),
    text(commandId),
  );
  builder.finish(table, _6s4t.identifier);
  return builder.asUint8Array().slice();
};

/** Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeRunStop = (bytes: Uint8Array): RunStop => {
  const message = openMessage(bytes, _6s4t);
  return {
    stopMs: message.ms(0),
    runName: message.text(1),
    jobId: message.text(2),
    serviceId: message.text(3),
    commandId: message.text(4),
  };
};
