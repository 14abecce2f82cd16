import * as flatbuffers from 'flatbuffers';
export declare class ArrayShort {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayShort;
    static getRootAsArrayShort(bb: flatbuffers.ByteBuffer, obj?: ArrayShort): ArrayShort;
    static getSizePrefixedRootAsArrayShort(bb: flatbuffers.ByteBuffer, obj?: ArrayShort): ArrayShort;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Int16Array | null;
    static startArrayShort(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Int16Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayShort(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayShort(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
