import * as flatbuffers from 'flatbuffers';
import { Share } from './share.js';
/**
 * One unusual score and what drives it.
 */
export declare class Finding {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Finding;
    static getRootAsFinding(bb: flatbuffers.ByteBuffer, obj?: Finding): Finding;
    static getSizePrefixedRootAsFinding(bb: flatbuffers.ByteBuffer, obj?: Finding): Finding;
    scoreName(): string;
    scoreName(optionalEncoding: flatbuffers.Encoding): string | Uint8Array;
    score(): number;
    from(index: number): number | null;
    fromLength(): number;
    fromArray(): Uint32Array | null;
    to(index: number): number | null;
    toLength(): number;
    toArray(): Uint32Array | null;
    channels(index: number, obj?: Share): Share | null;
    channelsLength(): number;
    patches(index: number, obj?: Share): Share | null;
    patchesLength(): number;
    static startFinding(builder: flatbuffers.Builder): void;
    static addScoreName(builder: flatbuffers.Builder, scoreNameOffset: flatbuffers.Offset): void;
    static addScore(builder: flatbuffers.Builder, score: number): void;
    static addFrom(builder: flatbuffers.Builder, fromOffset: flatbuffers.Offset): void;
    static createFromVector(builder: flatbuffers.Builder, data: number[] | Uint32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createFromVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startFromVector(builder: flatbuffers.Builder, numElems: number): void;
    static addTo(builder: flatbuffers.Builder, toOffset: flatbuffers.Offset): void;
    static createToVector(builder: flatbuffers.Builder, data: number[] | Uint32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createToVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startToVector(builder: flatbuffers.Builder, numElems: number): void;
    static addChannels(builder: flatbuffers.Builder, channelsOffset: flatbuffers.Offset): void;
    static startChannelsVector(builder: flatbuffers.Builder, numElems: number): void;
    static addPatches(builder: flatbuffers.Builder, patchesOffset: flatbuffers.Offset): void;
    static startPatchesVector(builder: flatbuffers.Builder, numElems: number): void;
    static endFinding(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createFinding(builder: flatbuffers.Builder, scoreNameOffset: flatbuffers.Offset, score: number, fromOffset: flatbuffers.Offset, toOffset: flatbuffers.Offset, channelsOffset: flatbuffers.Offset, patchesOffset: flatbuffers.Offset): flatbuffers.Offset;
}
