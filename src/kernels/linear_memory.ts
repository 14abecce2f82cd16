/**
 * The memory that compiled kernels (wasm/) work in: planned place by place, then made once and never grown. It
 * refuses nothing; a plan beyond the 4 GiB a module can address is our bug, and the platform throws.
 */

/** What is used of WebAssembly: its types come only with those of a browser's page. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (pages: { initial: number; maximum: number }) => LinearMemory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { Module, Memory, Instance } = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;

export interface LinearMemory {
  readonly buffer: ArrayBuffer;
}

const compiled = new Map<string, object>();

/** The exports of a compiled kernel (base64 of its module) over a memory; each module is compiled once. */
export const openKernels = (base64: string, memory: LinearMemory): unknown => {
  let module = compiled.get(base64);
  if (module === undefined) {
    module = new Module(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
    compiled.set(base64, module);
  }
  return new Instance(module, { env: { memory } }).exports;
};

const pageBytes = 64 * 1024;

/** Zeroed memory of so many pages (`planRoom` says how many). */
export const openMemory = (pages: number): LinearMemory => new Memory({ initial: pages, maximum: pages });

/** Gives out places in a memory that is made once they are known, each at a multiple of 64. */
export const planRoom = (from = 64) => {
  let end = from;
  return {
    place(bytes: number): number {
      const at = end;
      end = (end + bytes + 63) & ~63;
      return at;
    },
    get bytes() {
      return end - from;
    },
    get pages() {
      return Math.ceil(end / pageBytes);
    },
  };
};
