import * as flatbuffers from 'flatbuffers';
export declare class RunStop {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): RunStop;
    static getRootAsRunStop(bb: flatbuffers.ByteBuffer, obj?: RunStop): RunStop;
    static getSizePrefixedRootAsRunStop(bb: flatbuffers.ByteBuffer, obj?: RunStop): RunStop;
    static bufferHasIdentifier(bb: flatbuffers.ByteBuffer): boolean;
    stopTime(): bigint;
    runName(): string | null;
    runName(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    jobId(): string | null;
    jobId(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    serviceId(): string | null;
    serviceId(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    commandId(): string | null;
    commandId(optionalEncoding: flatbuffers.Encoding): string | Uint8Array | null;
    static startRunStop(builder: flatbuffers.Builder): void;
    static addStopTime(builder: flatbuffers.Builder, stopTime: bigint): void;
    static addRunName(builder: flatbuffers.Builder, runNameOffset: flatbuffers.Offset): void;
    static addJobId(builder: flatbuffers.Builder, jobIdOffset: flatbuffers.Offset): void;
    static addServiceId(builder: flatbuffers.Builder, serviceIdOffset: flatbuffers.Offset): void;
    static addCommandId(builder: flatbuffers.Builder, commandIdOffset: flatbuffers.Offset): void;
    static endRunStop(builder: flatbuffers.Builder): flatbuffers.Offset;
    static finishRunStopBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static finishSizePrefixedRunStopBuffer(builder: flatbuffers.Builder, offset: flatbuffers.Offset): void;
    static createRunStop(builder: flatbuffers.Builder, stopTime: bigint, runNameOffset: flatbuffers.Offset, jobIdOffset: flatbuffers.Offset, serviceIdOffset: flatbuffers.Offset, commandIdOffset: flatbuffers.Offset): flatbuffers.Offset;
}
