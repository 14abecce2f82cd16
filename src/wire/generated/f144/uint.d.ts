import * as flatbuffers from 'flatbuffers';
export declare class UInt {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): UInt;
    static getRootAsUInt(bb: flatbuffers.ByteBuffer, obj?: UInt): UInt;
    static getSizePrefixedRootAsUInt(bb: flatbuffers.ByteBuffer, obj?: UInt): UInt;
    value(): number;
    static startUInt(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endUInt(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createUInt(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
