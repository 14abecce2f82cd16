import * as flatbuffers from 'flatbuffers';
export declare class Score {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Score;
    static getRootAsScore(bb: flatbuffers.ByteBuffer, obj?: Score): Score;
    static getSizePrefixedRootAsScore(bb: flatbuffers.ByteBuffer, obj?: Score): Score;
    name(): string;
    name(optionalEncoding: flatbuffers.Encoding): string | Uint8Array;
    value(): number;
    static startScore(builder: flatbuffers.Builder): void;
    static addName(builder: flatbuffers.Builder, nameOffset: flatbuffers.Offset): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static endScore(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createScore(builder: flatbuffers.Builder, nameOffset: flatbuffers.Offset, value: number): flatbuffers.Offset;
}
