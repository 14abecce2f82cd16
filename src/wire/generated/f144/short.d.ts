import * as flatbuffers from 'flatbuffers';
export declare class Short {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Short;
    static getRootAsShort(bb: flatbuffers.ByteBuffer, obj?: Short): Short;
    static getSizePrefixedRootAsShort(bb: flatbuffers.ByteBuffer, obj?: Short): Short;
    value(): number;
    static startShort(builder: flatbuffers.Builder): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endShort(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createShort(builder: flatbuffers.Builder, value: number): flatbuffers.Offset;
}
