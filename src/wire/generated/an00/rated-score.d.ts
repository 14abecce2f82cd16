import * as flatbuffers from 'flatbuffers';
/**
 * A score by its own.
 */
export declare class RatedScore {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): RatedScore;
    static getRootAsRatedScore(bb: flatbuffers.ByteBuffer, obj?: RatedScore): RatedScore;
    static getSizePrefixedRootAsRatedScore(bb: flatbuffers.ByteBuffer, obj?: RatedScore): RatedScore;
    name(): string;
    name(optionalEncoding: flatbuffers.Encoding): string | Uint8Array;
    value(): number;
    pValue(): number;
    static startRatedScore(builder: flatbuffers.Builder): void;
    static addName(builder: flatbuffers.Builder, nameOffset: flatbuffers.Offset): void;
    static addValue(builder: flatbuffers.Builder, value: number): void;
    static addPValue(builder: flatbuffers.Builder, pValue: number): void;
    static endRatedScore(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createRatedScore(builder: flatbuffers.Builder, nameOffset: flatbuffers.Offset, value: number, pValue: number): flatbuffers.Offset;
}
