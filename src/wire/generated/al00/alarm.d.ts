import * as flatbuffers from 'flatbuffers';
import { Severity } from './severity.js';
export declare class Alarm {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Alarm;
    static getRootAsAlarm(bb: flatbuffers.ByteBuffer, obj?: Alarm): Alarm;
    static getSizePrefixedRootAsAlarm(bb: flatbuffers.ByteBuffer, obj?: Alarm): Alarm;
    static bufferHasIdentifier(bb: flatbuffers.ByteBuffer): boolean;
    sourceName(): string | null;
    sourceName(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    timestamp(): bigint;
    severity(): Severity;
    message(): string | null;
    message(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    static startAlarm(builder: flatbuffers.Builder): void;
    static addSourceName(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset): void;
    static addTimestamp(builder: flatbuffers.Builder, timestamp: bigint): void;
    static addSeverity(builder: flatbuffers.Builder, severity: Severity): void;
    static addMessage(builder: flatbuffers.Builder, messageOffset: flatbuffers.Offset): void;
    static endAlarm(builder: flatbuffers.Builder): flatbuffers.Offset;
    static finishAlarmBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static finishSizePrefixedAlarmBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static createAlarm(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset, timestamp: bigint, severity: Severity, messageOffset: flatbuffers.Offset): flatbuffers.Offset;
}
