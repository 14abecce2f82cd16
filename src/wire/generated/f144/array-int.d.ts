import * as flatbuffers from 'flatbuffers';
export declare class ArrayInt {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayInt;
    static getRootAsArrayInt(bb: flatbuffers.ByteBuffer, obj?: ArrayInt): ArrayInt;
    static getSizePrefixedRootAsArrayInt(bb: flatbuffers.ByteBuffer, obj?: ArrayInt): ArrayInt;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Int32Array | null;
    static startArrayInt(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Int32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayInt(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayInt(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
