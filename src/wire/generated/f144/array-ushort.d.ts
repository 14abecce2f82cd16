import * as flatbuffers from 'flatbuffers';
export declare class ArrayUShort {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayUShort;
    static getRootAsArrayUShort(bb: flatbuffers.ByteBuffer, obj?: ArrayUShort): ArrayUShort;
    static getSizePrefixedRootAsArrayUShort(bb: flatbuffers.ByteBuffer, obj?: ArrayUShort): ArrayUShort;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Uint16Array | null;
    static startArrayUShort(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint16Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayUShort(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayUShort(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
