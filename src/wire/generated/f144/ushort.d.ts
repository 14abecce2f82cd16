import * as flatbuffers from 'flatbuffers';
export declare class UShort {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): UShort;
    static getRootAsUShort(bb: flatbuffers.ByteBuffer, obj?: UShort): UShort;
    static getSizePrefixedRootAsUShort(bb: flatbuffers.ByteBuffer, obj?: UShort): UShort;
    value(): number;
    static startUShort(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endUShort(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createUShort(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
