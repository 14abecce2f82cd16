import * as flatbuffers from 'flatbuffers';
import { da00_Variable } from './da00-variable.js';
export declare class da00_DataArray {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): da00_DataArray;
    static getRootAsda00_DataArray(bb: flatbuffers.ByteBuffer, obj?: da00_DataArray): da00_DataArray;
    static getSizePrefixedRootAsda00_DataArray(bb: flatbuffers.ByteBuffer, obj?: da00_DataArray): da00_DataArray;
    static bufferHasIdentifier(bb: flatbuffers.ByteBuffer): boolean;
    sourceName(): string;
    sourceName(optionalEncoding: flatbuffers.Encoding): string | Uint8Array;
    timestamp(): bigint;
    data(index: number, obj?: da00_Variable): da00_Variable | null;
    dataLength(): number;
    static startda00_DataArray(builder: flatbuffers.Builder): void;
    static addSourceName(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset): void;
    static addTimestamp(builder: flatbuffers.Builder, timestamp: bigint): void;
    static addData(builder: flatbuffers.Builder, dataOffset: flatbuffers.Offset): void;
    static createDataVector(builder: flatbuffers.Builder, data: flatbuffers.Offset[]): flatbuffers.Offset;
    static startDataVector(builder: flatbuffers.Builder, numElems: number): void;
    static endda00_DataArray(builder: flatbuffers.Builder): flatbuffers.Offset;
    static finishda00_DataArrayBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static finishSizePrefixedda00_DataArrayBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static createda00_DataArray(builder: flatbuffers.Builder, sourceNameOffset: flatbuffers.Offset, timestamp: bigint, dataOffset: flatbuffers.Offset): flatbuffers.Offset;
}
