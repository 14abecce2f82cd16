import * as flatbuffers from 'flatbuffers';
export declare class ArrayByte {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayByte;
    static getRootAsArrayByte(bb: flatbuffers.ByteBuffer, obj?: ArrayByte): ArrayByte;
    static getSizePrefixedRootAsArrayByte(bb: flatbuffers.ByteBuffer, obj?: ArrayByte): ArrayByte;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Int8Array | null;
    static startArrayByte(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Int8Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayByte(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayByte(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
