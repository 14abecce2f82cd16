/**
 * pl72 both ways: a run begins, in the form the neutron facilities tell their file writers. Decoding refuses a message
 * that leads outside itself; which run is meant is said by `runOf`.
 */

import { Builder } from 'flatbuffers';
import { Fault } from '../../domain/fault.ts';
import { type Run, run } from '../../domain/quantity.ts';
import { pl72 } from '../generated/layouts.ts';
import { RunStart as Table } from '../generated/pl72/run-start.js';
import { openMessage } from './message.ts';

export interface RunStart {
  /** Names the order; its answers carry it. */
  readonly jobId: string;
  readonly serviceId: string;
  readonly runName: string;
  readonly instrumentName: string;
  readonly startMs: number;
  /** 0: not known yet. */
  readonly stopMs: number;
  /** JSON, kept with the run as it is. */
  readonly metadata: string;
}

/** A pl72 message in an array of its own. */
export const encodeRunStart = (start: RunStart): Uint8Array => {
  const builder = new Builder(512);
  const text = (value: string) => builder.createString(value);
  const [runName, instrumentName, jobId, serviceId, metadata, empty] = [
    text(start.runName),
    text(start.instrumentName),
    text(start.jobId),
    text(start.serviceId),
    text(start.metadata),
    text(''),
  ] as const;
  Table.startRunStart(builder);
  Table.addStartTime(builder, BigInt(start.startMs));
  Table.addStopTime(builder, BigInt(start.stopMs));
  Table.addRunName(builder, runName);
  Table.addInstrumentName(builder, instrumentName);
  Table.addNexusStructure(builder, empty);
  Table.addJobId(builder, jobId);
  Table.addBroker(builder, empty);
  Table.addServiceId(builder, serviceId);
  Table.addFilename(builder, empty);
  Table.addMetadata(builder, metadata);
  Table.addControlTopic(builder, empty);
  builder.finish(Table.endRunStart(builder), pl72.identifier);
  return builder.asUint8Array().slice();
};

const Slot = {
  startTime: 0,
  stopTime: 1,
  runName: 2,
  instrumentName: 3,
  jobId: 5,
  serviceId: 7,
  metadata: 11,
} as const;

/** Throws a Fault of kind item: message-schema, -malformed or -field. */
export const decodeRunStart = (bytes: Uint8Array): RunStart => {
  const message = openMessage(bytes, pl72);
  return {
    jobId: message.text(Slot.jobId),
    serviceId: message.text(Slot.serviceId),
    runName: message.text(Slot.runName),
    instrumentName: message.text(Slot.instrumentName),
    startMs: message.ms(Slot.startTime),
    stopMs: message.ms(Slot.stopTime),
    metadata: message.text(Slot.metadata),
  };
};

/** The run a name speaks of: its number, alone or at the end ("run_0042"). Throws message-field. */
export const runOf = (runName: string): Run => {
  const number = Number(/(\d{1,10})$/.exec(runName)?.[1] ?? Number.NaN);
  if (!(number <= 4_294_967_295))
    throw new Fault('message-field', `run_name '${runName}' ends in no run number, 0 to 4294967295`);
  return run(number);
};
