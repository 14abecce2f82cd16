/**
 * wrdn both ways: a file has been written, in the form the neutron facilities' tools read. Decoding refuses a message
 * that leads outside itself.
 */

import { Builder } from 'flatbuffers';
import { wrdn } from '../generated/layouts.ts';
import { FinishedWriting as Table } from '../generated/wrdn/finished-writing.js';
import { openMessage } from './message.ts';

export interface Written {
  readonly serviceId: string;
  readonly jobId: string;
  readonly failed: boolean;
  readonly fileName: string;
  /** JSON. */
  readonly metadata: string;
  readonly message: string;
}

/** A wrdn message in an array of its own. */
export const encodeWritten = (written: Written): Uint8Array => {
  const builder = new Builder(1024);
  const text = (value: string) => builder.createString(value);
  const table = Table.createFinishedWriting(
    builder,
    text(written.serviceId),
    text(written.jobId),
    written.failed,
    text(written.fileName),
    text(written.metadata),
    text(written.message),
  );
  builder.finish(table, wrdn.identifier);
  return builder.asUint8Array().slice();
};

/** Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeWritten = (bytes: Uint8Array): Written => {
  const message = openMessage(bytes, wrdn);
  return {
    serviceId: message.text(0),
    jobId: message.text(1),
    failed: message.u8(2) !== 0,
    fileName: message.text(3),
    metadata: message.text(4),
    message: message.text(5),
  };
};
