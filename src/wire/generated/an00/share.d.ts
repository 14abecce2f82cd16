import * as flatbuffers from 'flatbuffers';
export declare class Share {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Share;
    index(): number;
    share(): number;
    static sizeOf(): number;
    static createShare(builder: flatbuffers.Builder, index: number, share: number): flatbuffers.Offset;
}
