/**
 * Buffers of megabytes that are used again: each new one counts against V8's external memory, and one burst of
 * frames then cost a whole garbage collection. Refuses to keep more bytes than it was told; a buffer that is
 * not given back is simply collected.
 */

/** Smaller buffers are Node's own affair: its collector does not notice them. */
const pooledBytesMin = 64 * 1024;

export interface BufferPool {
  /** A buffer of exactly `bytes`, its content whatever it was. */
  take(bytes: number): Buffer;
  /** The owner is done with it, and so is everyone it lent a view to. Buffers from elsewhere are ignored. */
  give(buffer: Buffer): void;
}

/** Sizes are powers of two, so that a buffer fits what comes next. `freeBytesMax`: of those that wait. */
export const openBufferPool = (freeBytesMax: number): BufferPool => {
  const free = new Map<number, ArrayBuffer[]>();
  const ours = new WeakSet<ArrayBufferLike>();
  let freeBytes = 0;
  return {
    take(bytes) {
      if (bytes < pooledBytesMin) return Buffer.allocUnsafe(bytes);
      const size = 2 ** Math.ceil(Math.log2(bytes));
      let memory = free.get(size)?.pop();
      if (memory === undefined) {
        memory = Buffer.allocUnsafeSlow(size).buffer;
        ours.add(memory);
      } else freeBytes -= size;
      return Buffer.from(memory, 0, bytes);
    },
    give(buffer) {
      const memory = buffer.buffer as ArrayBuffer;
      const size = memory.byteLength;
      if (!ours.has(memory) || freeBytes + size > freeBytesMax) return;
      const list = free.get(size);
      if (list === undefined) free.set(size, [memory]);
      else list.push(memory);
      freeBytes += size;
    },
  };
};

/** What one response is held by: its buffer goes back when the last holder lets go. */
export interface Lease {
  hold(): void;
  release(): void;
}

export const leaseOf = (buffer: Buffer, pool: BufferPool): Lease => {
  let holders = 0;
  return {
    hold() {
      holders += 1;
    },
    release() {
      holders -= 1;
      if (holders === 0) pool.give(buffer);
    },
  };
};
