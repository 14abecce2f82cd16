import * as flatbuffers from 'flatbuffers';
export declare class Byte {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Byte;
    static getRootAsByte(bb: flatbuffers.ByteBuffer, obj?: Byte): Byte;
    static getSizePrefixedRootAsByte(bb: flatbuffers.ByteBuffer, obj?: Byte): Byte;
    value(): number;
    static startByte(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endByte(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createByte(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
