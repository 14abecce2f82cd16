import * as flatbuffers from 'flatbuffers';
export declare class ArrayUInt {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayUInt;
    static getRootAsArrayUInt(bb: flatbuffers.ByteBuffer, obj?: ArrayUInt): ArrayUInt;
    static getSizePrefixedRootAsArrayUInt(bb: flatbuffers.ByteBuffer, obj?: ArrayUInt): ArrayUInt;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Uint32Array | null;
    static startArrayUInt(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayUInt(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayUInt(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
