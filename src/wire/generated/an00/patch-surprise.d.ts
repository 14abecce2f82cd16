import * as flatbuffers from 'flatbuffers';
export declare class PatchSurprise {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): PatchSurprise;
    patch(): number;
    surprise(): number;
    static sizeOf(): number;
    static createPatchSurprise(builder: flatbuffers.Builder, patch: number, surprise: number): flatbuffers.Offset;
}
