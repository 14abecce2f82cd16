import * as flatbuffers from 'flatbuffers';
export declare class ArrayLong {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayLong;
    static getRootAsArrayLong(bb: flatbuffers.ByteBuffer, obj?: ArrayLong): ArrayLong;
    static getSizePrefixedRootAsArrayLong(bb: flatbuffers.ByteBuffer, obj?: ArrayLong): ArrayLong;
    value(index: number): bigint | null;
    valueLength(): number;
    static startArrayLong(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: bigint[]): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayLong(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayLong(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
