import * as flatbuffers from 'flatbuffers';
export declare class SpectraDetectorMapping {
    bb: flatbuffers.ByteBuffer | null;
    bb_pos: number;
    __init(i: number, bb: flatbuffers.ByteBuffer): SpectraDetectorMapping;
    static getRootAsSpectraDetectorMapping(bb: flatbuffers.ByteBuffer, obj?: SpectraDetectorMapping): SpectraDetectorMapping;
    static getSizePrefixedRootAsSpectraDetectorMapping(bb: flatbuffers.ByteBuffer, obj?: SpectraDetectorMapping): SpectraDetectorMapping;
    spectrum(index: number): number | null;
    spectrumLength(): number;
    spectrumArray(): Int32Array | null;
    detectorId(index: number): number | null;
    detectorIdLength(): number;
    detectorIdArray(): Int32Array | null;
    nSpectra(): number;
    static startSpectraDetectorMapping(builder: flatbuffers.Builder): void;
    static addSpectrum(builder: flatbuffers.Builder, spectrumOffset: flatbuffers.Offset): void;
    static createSpectrumVector(builder: flatbuffers.Builder, data: number[] | Int32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createSpectrumVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startSpectrumVector(builder: flatbuffers.Builder, numElems: number): void;
    static addDetectorId(builder: flatbuffers.Builder, detectorIdOffset: flatbuffers.Offset): void;
    static createDetectorIdVector(builder: flatbuffers.Builder, data: number[] | Int32Array): flatbuffers.Offset;
    /**
     * @deprecated This Uint8Array overload will be removed in the future.
     */
    static createDetectorIdVector(builder: flatbuffers.Builder, data: number[] | Uint8Array): flatbuffers.Offset;
    static startDetectorIdVector(builder: flatbuffers.Builder, numElems: number): void;
    static addNSpectra(builder: flatbuffers.Builder, nSpectra: number): void;
    static endSpectraDetectorMapping(builder: flatbuffers.Builder): flatbuffers.Offset;
    static createSpectraDetectorMapping(builder: flatbuffers.Builder, spectrumOffset: flatbuffers.Offset, detectorIdOffset: flatbuffers.Offset, nSpectra: number): flatbuffers.Offset;
}
