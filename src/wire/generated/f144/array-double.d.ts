import * as flatbuffers from 'flatbuffers';
export declare class ArrayDouble {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ArrayDouble;
    static getRootAsArrayDouble(bb: flatbuffers.ByteBuffer, obj?: ArrayDouble): ArrayDouble;
    static getSizePrefixedRootAsArrayDouble(bb: flatbuffers.ByteBuffer, obj?: ArrayDouble): ArrayDouble;
    value(index: number): number | null;
    valueLength(): number;
    valueArray(): Float64Array | null;
    static startArrayDouble(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): void;
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Float64Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createValueVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startValueVector(builder: flatbuffers.Builder, numElems: number): void;
    static endArrayDouble(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createArrayDouble(builder: flatbuffers.Builder, valueOffset: flatbuffers.Offset): flatbuffers.Offset;
}
