/**
 * Frames of one part of a job in one buffer shared between threads: a table of offsets and lengths, then the frames
 * at 8-byte boundaries, as FlatBuffers wants them. Shared rather than transferred: each transfer made the receiver's
 * collector count megabytes as new. Refuses to copy more of a frame than shows it to be oversize.
 */

const entryBytes = 8;

const align8 = (bytes: number): number => (bytes + 7) & ~7;

/** Bytes of `frame` that are handed on: all of it, or one more than allowed. */
const keptBytes = (frame: Uint8Array, frameBytesMax: number): number =>
  Math.min(frame.byteLength, frameBytesMax + 1);

/** What one frame takes of a job buffer. */
export const jobFrameBytes = (frame: Uint8Array, frameBytesMax: number): number =>
  entryBytes + align8(keptBytes(frame, frameBytesMax));

/** Writes frames `from` … `to`−1; the buffer must have room for all of them. */
export const packJob = (
  frames: readonly Uint8Array[],
  from: number,
  to: number,
  frameBytesMax: number,
  into: SharedArrayBuffer,
): void => {
  const table = new Uint32Array(into, 0, 2 * (to - from));
  const bytes = new Uint8Array(into);
  let offset = entryBytes * (to - from);
  for (let index = from; index < to; index++) {
    const frame = frames[index]!;
    const length = keptBytes(frame, frameBytesMax);
    table[2 * (index - from)] = offset;
    table[2 * (index - from) + 1] = length;
    bytes.set(length === frame.byteLength ? frame : frame.subarray(0, length), offset);
    offset += align8(length);
  }
};

/** Views on the frames of a packed buffer, in order. */
export const unpackJob = (buffer: SharedArrayBuffer, frameCount: number): Uint8Array[] => {
  const table = new Uint32Array(buffer, 0, 2 * frameCount);
  const frames = new Array<Uint8Array>(frameCount);
  for (let index = 0; index < frameCount; index++) {
    frames[index] = new Uint8Array(buffer, table[2 * index]!, table[2 * index + 1]!);
  }
  return frames;
};

/** Job buffers that workers are done with and that go out again; at most `countMax` are kept. */
export interface BufferPool {
  take(bytes: number): SharedArrayBuffer;
  give(buffer: SharedArrayBuffer): void;
}

/** Sizes are powers of two, so that what comes back fits what goes out next. */
export const openBufferPool = (countMax: number): BufferPool => {
  const free: SharedArrayBuffer[] = [];
  return {
    take(bytes) {
      let best = -1;
      for (let at = 0; at < free.length; at++) {
        const size = free[at]!.byteLength;
        if (size >= bytes && (best < 0 || size < free[best]!.byteLength)) best = at;
      }
      if (best >= 0) return free.splice(best, 1)[0]!;
      return new SharedArrayBuffer(2 ** Math.max(16, Math.ceil(Math.log2(bytes))));
    },
    give(buffer) {
      free.push(buffer);
      if (free.length <= countMax) return;
      // The smallest is the cheapest to make again.
      let least = 0;
      for (let at = 1; at < free.length; at++) {
        if (free[at]!.byteLength < free[least]!.byteLength) least = at;
      }
      free.splice(least, 1);
    },
  };
};
