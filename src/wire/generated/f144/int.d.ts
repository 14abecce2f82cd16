import * as flatbuffers from 'flatbuffers';
export declare class Int {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Int;
    static getRootAsInt(bb: flatbuffers.ByteBuffer, obj?: Int): Int;
    static getSizePrefixedRootAsInt(bb: flatbuffers.ByteBuffer, obj?: Int): Int;
    value(): number;
    static startInt(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endInt(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createInt(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
