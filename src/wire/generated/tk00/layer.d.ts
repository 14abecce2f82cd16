import * as flatbuffers from 'flatbuffers';
export declare class Layer {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): Layer;
    static getRootAsLayer(bb: flatbuffers.ByteBuffer, obj?: Layer): Layer;
    static getSizePrefixedRootAsLayer(bb: flatbuffers.ByteBuffer, obj?: Layer): Layer;
    kind(): number;
    codec(): number;
    symbolCount(): number;
    payload(index: number): number | null;
    payloadLength(): number;
    payloadArray(): Uint8Array;
    payloadCrc32c(): number;
    static startLayer(builder: flatbuffers.Builder): void;
    static addKind(builder: flatbuffers.Builder, kind: number): void;
    static addCodec(builder: flatbuffers.Builder, codec: number): void;
    static addSymbolCount(builder: flatbuffers.Builder, symbolCount: number): void;
    static addPayload(builder: flatbuffers.Builder, payloadOffset: flatbuffers.Offset): void;
    static createPayloadVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startPayloadVector(builder: flatbuffers.Builder, numElems: number): void;
    static addPayloadCrc32c(builder: flatbuffers.Builder, payloadCrc32c: number): void;
    static endLayer(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createLayer(builder: flatbuffers.Builder, kind: number, codec: number, symbolCount: number, payloadOffset: flatbuffers.Offset, payloadCrc32c: number): flatbuffers.Offset;
}
