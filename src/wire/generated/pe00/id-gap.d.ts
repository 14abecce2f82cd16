import * as flatbuffers from 'flatbuffers';
export declare class IdGap {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): IdGap;
    static getRootAsIdGap(bb: flatbuffers.ByteBuffer, obj?: IdGap): IdGap;
    static getSizePrefixedRootAsIdGap(bb: flatbuffers.ByteBuffer, obj?: IdGap): IdGap;
    region(): number;
    fromId(): bigint;
    count(): bigint;
    static startIdGap(builder: flatbuffers.Builder): void;
    static addRegion(builder: flatbuffers.Builder, region: number): void;
    static addFromId(builder: flatbuffers.Builder, fromId: bigint): void;
    static addCount(builder: flatbuffers.Builder, count: bigint): void;
    static endIdGap(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createIdGap(builder: flatbuffers.Builder, region: number, fromId: bigint, count: bigint): flatbuffers.Offset;
}
