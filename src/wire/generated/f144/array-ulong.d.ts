import * as flatbuffers from 'flatbuffers';
export declare class ArrayULong {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayULong;
    static getRootAsArrayULong(bb: flatbuffers.ByteBuffer, obj?: ArrayULong): ArrayULong;
    static getSizePrefixedRootAsArrayULong(bb: flatbuffers.ByteBuffer, obj?: ArrayULong): ArrayULong;
    value(index: number): bigint | null;
    valueLength(): number;
    static startArrayULong(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: bigint[]): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayULong(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayULong(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
