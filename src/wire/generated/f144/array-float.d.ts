import * as flatbuffers from 'flatbuffers';
export declare class ArrayFloat {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayFloat;
    static getRootAsArrayFloat(bb: flatbuffers.ByteBuffer, obj?: ArrayFloat): ArrayFloat;
    static getSizePrefixedRootAsArrayFloat(bb: flatbuffers.ByteBuffer, obj?: ArrayFloat): ArrayFloat;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Float32Array | null;
    static startArrayFloat(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Float32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayFloat(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayFloat(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
