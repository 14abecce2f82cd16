import * as flatbuffers from 'flatbuffers';
export declare class UByte {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): UByte;
    static getRootAsUByte(bb: flatbuffers.ByteBuffer, obj?: UByte): UByte;
    static getSizePrefixedRootAsUByte(bb: flatbuffers.ByteBuffer, obj?: UByte): UByte;
    value(): number;
    static startUByte(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endUByte(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createUByte(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
