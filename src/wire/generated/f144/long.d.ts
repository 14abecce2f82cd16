import * as flatbuffers from 'flatbuffers';
export declare class Long {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Long;
    static getRootAsLong(bb: flatbuffers.ByteBuffer, obj?: Long): Long;
    static getSizePrefixedRootAsLong(bb: flatbuffers.ByteBuffer, obj?: Long): Long;
    value(): bigint;
    static startLong(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: bigint): void;
    static endLong(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createLong(builder: flatbuffers.Builder, value: bigint): flatbuffers.Offset;
}
