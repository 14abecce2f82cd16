import * as flatbuffers from 'flatbuffers';
import { Value } from './value.js';
export declare class f144_LogData {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): f144_LogData;
    static getRootAsf144_LogData(bb: flatbuffers.ByteBuffer, obj?: f144_LogData): f144_LogData;
    static getSizePrefixedRootAsf144_LogData(bb: flatbuffers.ByteBuffer, obj?: f144_LogData): f144_LogData;
    static bufferHasIdentifier(bb: flatbuffers.ByteBuffer): boolean;
    sourceName(): string;
    sourceName(optionalEncoding: flatbuffers.Encoding): string | Uint8Array;
    timestamp(): bigint;
    valueType(): Value;
    value<T extends flatbuffers.Table>(obj: any): any | null;
    static startf144_LogData(builder: flatbuffers.Builder): void;
    static addSourceName(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset): void;
    static addTimestamp(builder: flatbuffers.Builder, timestamp: bigint): void;
    static addValueType(builder: flatbuffers.Builder, valueType: Value): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static endf144_LogData(builder: flatbuffers.Builder): flatbuffers.Offset;
    static finishf144_LogDataBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static finishSizePrefixedf144_LogDataBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static createf144_LogData(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset, timestamp: bigint, valueType: Value, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
