/**
 * answ both ways: what became of a pl72 or 6s4t, in the form the neutron facilities' tools read. Decoding refuses a
 * message that leads outside itself.
 */

import { Builder } from 'flatbuffers';
import { ActionResponse as Table } from '../generated/answ/action-response.js';
import { answ } from '../generated/layouts.ts';
import { openMessage } from './message.ts';

export interface RunAnswer {
  readonly serviceId: string;
  readonly jobId: string;
  readonly commandId: string;
  readonly action: 'start' | 'stop';
  readonly outcome: 'success' | 'failure';
  readonly message: string;
  /** As HTTP's: 201 begun, 200 known already, 400 not understood, 409 against what is. */
  readonly statusCode: number;
  readonly stopMs: number;
}

/** An answ message in an array of its own. */
export const encodeRunAnswer = (answer: RunAnswer): Uint8Array => {
  const builder = new Builder(256);
  const text = (value: string) => builder.createString(value);
  const table = Table.createActionResponse(
    builder,
    text(answer.serviceId),
    text(answer.jobId),
    answer.action === 'start' ? 0 : 1,
    answer.outcome === 'success' ? 0 : 1,
    answer.statusCode,
    BigInt(answer.stopMs),
    text(answer.message),
    text(answer.commandId),
  );
  builder.finish(table, answ.identifier);
  return builder.asUint8Array().slice();
};

/** Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeRunAnswer = (bytes: Uint8Array): RunAnswer => {
  const message = openMessage(bytes, answ);
  return {
    serviceId: message.text(0),
    jobId: message.text(1),
    action: message.u8(2) === 0 ? 'start' : 'stop',
    outcome: message.u8(3) === 0 ? 'success' : 'failure',
    statusCode: message.i32(4),
    stopMs: message.ms(5),
    message: message.text(6),
    commandId: message.text(7),
  };
};
