/**
 * x5f2 both ways: a service's heartbeat, in the form the neutron facilities' tools read. Decoding refuses a
 * message that leads outside itself; what `statusJson` says is its reader's business.
 */

import { Builder } from 'flatbuffers';
import { Fault } from '../domain/fault.ts';
import { u32At } from '../kernels/little_endian.ts';
import { x5f2 } from './generated/layouts.ts';
import { Status as StatusTable } from './generated/x5f2/status.js';
import { textAt } from './identity.ts';
import { carriesIdentifier, verify } from './verify.ts';

export interface Status {
  readonly softwareName: string;
  readonly softwareVersion: string;
  readonly serviceId: string;
  readonly hostName: string;
  /** 0 … 2³²−1. */
  readonly processId: number;
  /** Milliseconds between heartbeats, 0 … 2³²−1. */
  readonly updateIntervalMs: number;
  /** `{"status": 200|210|235|240|999, "message": {…}}` by convention. */
  readonly statusJson: string;
}

/** The `status` numbers of the convention: what a heartbeat says of its service. */
export const ServiceState = { running: 200, stopping: 210, degraded: 235, failing: 240, dead: 999 } as const;

/** An x5f2 message in an array of its own. */
export const encodeStatus = (status: Status): Uint8Array => {
  const builder = new Builder(1024);
  const statusTable = StatusTable.createStatus(
    builder,
    builder.createString(status.softwareName),
    builder.createString(status.softwareVersion),
    builder.createString(status.serviceId),
    builder.createString(status.hostName),
    status.processId,
    status.updateIntervalMs,
    builder.createString(status.statusJson),
  );
  builder.finish(statusTable, x5f2.identifier);
  return builder.asUint8Array().slice();
};

const Slot = {
  softwareName: 0,
  softwareVersion: 1,
  serviceId: 2,
  hostName: 3,
  processId: 4,
  updateInterval: 5,
  statusJson: 6,
} as const;
const fields = new Int32Array(7);

/** The heartbeat in an x5f2 message. Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeStatus = (bytes: Uint8Array): Status => {
  if (!carriesIdentifier(bytes, x5f2.identifier))
    throw new Fault(
      'message-schema',
      `bytes 4 to 8 of ${bytes.length} are not 'x5f2'; read status from its topic`,
    );
  const wrong = verify(bytes, x5f2, fields);
  if (wrong !== '')
    throw new Fault('message-malformed', `x5f2: ${wrong}; the message was cut or overwritten`);
  const text = (slot: number, what: string): string =>
    textAt(bytes, fields[slot]!, 'message-field', `x5f2 ${what}`);
  const count = (slot: number): number => (fields[slot] === 0 ? 0 : u32At(bytes, fields[slot]!));
  return {
    softwareName: text(Slot.softwareName, 'software_name'),
    softwareVersion: text(Slot.softwareVersion, 'software_version'),
    serviceId: text(Slot.serviceId, 'service_id'),
    hostName: text(Slot.hostName, 'host_name'),
    processId: count(Slot.processId),
    updateIntervalMs: count(Slot.updateInterval),
    statusJson: text(Slot.statusJson, 'status_json'),
  };
};
