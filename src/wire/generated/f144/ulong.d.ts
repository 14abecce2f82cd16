import * as flatbuffers from 'flatbuffers';
export declare class ULong {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): ULong;
    static getRootAsULong(bb: flatbuffers.ByteBuffer, obj?: ULong): ULong;
    static getSizePrefixedRootAsULong(bb: flatbuffers.ByteBuffer, obj?: ULong): ULong;
    value(): bigint;
    static startULong(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: bigint): void;
    static endULong(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createULong(builder: flatbuffers.Builder, value: bigint): flatbuffers.Offset;
}
