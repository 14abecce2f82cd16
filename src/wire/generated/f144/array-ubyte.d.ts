import * as flatbuffers from 'flatbuffers';
export declare class ArrayUByte {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayUByte;
    static getRootAsArrayUByte(bb: flatbuffers.ByteBuffer, obj?: ArrayUByte): ArrayUByte;
    static getSizePrefixedRootAsArrayUByte(bb: flatbuffers.ByteBuffer, obj?: ArrayUByte): ArrayUByte;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Uint8Array | null;
    static startArrayUByte(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayUByte(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayUByte(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
