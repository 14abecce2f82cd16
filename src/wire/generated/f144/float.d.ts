import * as flatbuffers from 'flatbuffers';
export declare class Float {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Float;
    static getRootAsFloat(bb: flatbuffers.ByteBuffer, obj?: Float): Float;
    static getSizePrefixedRootAsFloat(bb: flatbuffers.ByteBuffer, obj?: Float): Float;
    value(): number;
    static startFloat(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endFloat(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createFloat(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
