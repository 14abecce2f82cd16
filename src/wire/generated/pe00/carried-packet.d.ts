import * as flatbuffers from 'flatbuffers';
export declare class CarriedPacket {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): CarriedPacket;
    static getRootAsCarriedPacket(bb: flatbuffers.ByteBuffer, obj?: CarriedPacket): CarriedPacket;
    static getSizePrefixedRootAsCarriedPacket(bb: flatbuffers.ByteBuffer, obj?: CarriedPacket): CarriedPacket;
    region(): number;
    packet(index: number): number | null;
    packetLength(): number;
    packetArray(): Uint8Array;
    instants(index: number): number | null;
    instantsLength(): number;
    instantsArray(): Uint8Array | null;
    static startCarriedPacket(builder: flatbuffers.Builder): void;
    static addRegion(builder: flatbuffers.Builder, region: number): void;
    static addPacket(builder: flatbuffers.Builder, packetOffset: flatbuffers.Offset): void;
    static createPacketVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startPacketVector(builder: flatbuffers.Builder, numElems: number): void;
    static addInstants(builder: flatbuffers.Builder, instantsOffset: flatbuffers.Offset): void;
    static createInstantsVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startInstantsVector(builder: flatbuffers.Builder, numElems: number): void;
    static endCarriedPacket(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createCarriedPacket(builder: flatbuffers.Builder, region: number, packetOffset: flatbuffers.Offset, instantsOffset: flatbuffers.Offset): flatbuffers.Offset;
}
