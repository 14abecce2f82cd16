/**
 * al00 both ways: the alarm state of a named source, in the form the neutron facilities' tools read. Decoding
 * refuses a message that leads outside itself or carries a severity outside the four.
 */

import { Builder } from 'flatbuffers';
import { type Severity, severities } from '../../domain/alarm.ts';
import { Fault } from '../../domain/fault.ts';
import { type EpochNanos, epochNanos } from '../../domain/quantity.ts';
import { i64At, u16At } from '../../kernels/little_endian.ts';
import { Alarm as AlarmTable } from '../generated/al00/alarm.js';
import { al00 } from '../generated/layouts.ts';
import { textAt } from '../identity.ts';
import { carriesIdentifier, verify } from '../verify.ts';

export interface Alarm {
  readonly sourceName: string;
  readonly timestampNanos: EpochNanos;
  readonly severity: Severity;
  readonly message: string;
}

/** An al00 message in an array of its own. */
export const encodeAlarm = (alarm: Alarm): Uint8Array => {
  const builder = new Builder(256);
  const message = builder.createString(alarm.message);
  const source = builder.createString(alarm.sourceName);
  const severity = severities.indexOf(alarm.severity);
  builder.finish(
    AlarmTable.createAlarm(builder, source, alarm.timestampNanos, severity, message),
    al00.identifier,
  );
  return builder.asUint8Array().slice();
};

const Slot = { sourceName: 0, timestamp: 1, severity: 2, message: 3 } as const;
const fields = new Int32Array(4);

/** The alarm in an al00 message. Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeAlarm = (bytes: Uint8Array): Alarm => {
  if (!carriesIdentifier(bytes, al00.identifier))
    throw new Fault(
      'message-schema',
      `bytes 4 to 8 of ${bytes.length} are not 'al00'; read alarms from their topic`,
    );
  const wrong = verify(bytes, al00, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `al00: ${wrong}; the message was cut or overwritten`);
  const number = fields[Slot.severity] === 0 ? 0 : u16At(bytes, fields[Slot.severity]!);
  const severity = severities[number];
  if (severity === undefined)
    throw new Fault('message-field', `al00: severity ${number} is none of ${severities.join(', ')}`);
  return {
    sourceName: textAt(bytes, fields[Slot.sourceName]!, 'message-field', 'al00 source_name'),
    timestampNanos: epochNanos(fields[Slot.timestamp] === 0 ? 0n : i64At(bytes, fields[Slot.timestamp]!)),
    severity,
    message: textAt(bytes, fields[Slot.message]!, 'message-field', 'al00 message'),
  };
};
