/**
 * Symbols of a frame's active patches to the bytes of a token layer: the tables that price them, in the order a
 * reader meets them, then rANS from the last to the first. What src/kernels/patches/token_coder.ts calls for every frame.
 * Addresses are bytes from the start of the memory; the caller made room for the worst frame and checked the patches.
 */

/** In the order of `layout` in src/kernels/patches/token_coder.ts, four bytes each. */
@unmanaged
class Layout {
  symbolsPerPatch: i32;
  alphabet: i32;
  layers: i32;
  rows: i32;
  columns: i32;
  width: i32;
  nearClasses: i32;
  rowStep: i32;
  layerStep: i32;
  classesBytes: i32;
  flagsBytes: i32;
  steps: usize;
  ownTable: usize;
  parentTable: usize;
  parent: usize;
  near: usize;
  first: usize;
  placeOf: usize;
  classes: usize;
  activeSteps: usize;
  flags: usize;
  gapSteps: usize;
  reciprocals: usize;
  patches: usize;
  symbols: usize;
  coded: usize;
  outEnd: usize;
}

const precision: i32 = 12;
const stateLow: u32 = 1 << 15;

// @ts-ignore: decorator
@inline function word(base: usize, index: i32): u32 {
  return load<u32>(base + (<usize>index << 2));
}
// @ts-ignore: decorator
@inline function byte(base: usize, index: i32): i32 {
  return <i32>load<u8>(base + <usize>index);
}
/** The step of `bits` uniform bits with this value. */
// @ts-ignore: decorator
@inline function rawStep(value: i32, bits: i32): u32 {
  return (<u32>value << (precision - bits + 16)) | (1 << (precision - bits));
}

/** The twin of `putGap` over all patches; returns where the next step goes. */
function putGaps(l: Layout, patchCount: i32): usize {
  let to = l.coded;
  let last = -1;
  for (let row = 0; row < patchCount; row++) {
    const patch = <i32>word(l.patches, row);
    const gap = patch - last - 1;
    last = patch;
    if (gap < 16) {
      store<u32>(to, word(l.gapSteps, gap));
      to += 4;
      continue;
    }
    const bits = 31 - clz(gap);
    store<u32>(to, word(l.gapSteps, bits + 12));
    to += 4;
    if (bits > 8) {
      store<u32>(to, rawStep((gap >>> 8) & ((1 << (bits - 8)) - 1), bits - 8));
      to += 4;
    }
    const low = min(bits, 8);
    store<u32>(to, rawStep(gap & ((1 << low) - 1), low));
    to += 4;
  }
  return to;
}

/** The twin of `putActivity`. */
function putActivity(l: Layout, patchCount: i32): usize {
  const flags = l.flags;
  const columns = l.columns;
  const rows = l.rows;
  const width = l.width;
  memory.fill(flags, 0, <usize>l.flagsBytes);
  // Patches ascend: a line is divided for once.
  let lineFirst = 0;
  let lineEnd = 0;
  let base = 0;
  for (let row = 0; row < patchCount; row++) {
    const patch = <i32>word(l.patches, row);
    if (patch >= lineEnd) {
      const line = patch / columns;
      lineFirst = line * columns;
      lineEnd = lineFirst + columns;
      base = (line + line / rows + rows + 2) * width;
    }
    const column = patch - lineFirst;
    const at = flags + <usize>(base + (column >>> 2));
    store<u8>(at, <u8>(<i32>load<u8>(at) | (8 >>> (column & 3))));
  }
  const layerStep = (rows + 1) * width;
  let to = l.coded;
  for (let layer = 1; layer <= l.layers; layer++) {
    for (let row = 1; row <= rows; row++) {
      let place = layer * layerStep + row * width;
      let last = 0;
      for (const end = place + width; place < end; place++) {
        const symbol = byte(flags, place);
        const context = (byte(flags, place - width) << 5) | (byte(flags, place - layerStep) << 1) | last;
        store<u32>(to, word(l.activeSteps, (context << 4) | symbol));
        to += 4;
        last = symbol & 1;
      }
    }
  }
  return to;
}

/** The twin of `putSymbols`; 0 when a symbol lies outside the alphabet. */
function putSymbols(l: Layout, patchCount: i32, from: usize): usize {
  const count = l.symbolsPerPatch;
  const alphabet = l.alphabet;
  const classes = l.classes;
  const nearClasses = l.nearClasses;
  const steps = l.steps;
  const parentTable = l.parentTable;
  const parent = l.parent;
  memory.fill(classes, 0, <usize>l.classesBytes);
  let to = from;
  let symbols = l.symbols;
  let largest = 0;
  for (let row = 0; row < patchCount; row++) {
    const place = <i32>word(l.placeOf, <i32>word(l.patches, row));
    const first = byte(symbols, 0);
    largest = max(largest, first);
    const along = byte(classes, place - 1) * nearClasses + byte(classes, place - l.rowStep);
    const context = byte(l.first, along * nearClasses + byte(classes, place - l.layerStep));
    store<u32>(to, word(steps, context * alphabet + first));
    to += 4;
    store<u8>(classes + <usize>place, load<u8>(l.near + <usize>first));
    const own = word(l.ownTable, first);
    let parents = alphabet;
    for (let position = 1; position < count; position++) {
      const symbol = byte(symbols, position);
      largest = max(largest, symbol);
      const table = own + word(parentTable, parents + byte(symbols, byte(parent, position)));
      store<u32>(to, word(steps, <i32>table * alphabet + symbol));
      to += 4;
      parents += alphabet;
    }
    symbols += <usize>count;
  }
  return largest < alphabet ? to : 0;
}

/**
 * A state's next value. The quotient by a product is exact: the state is below frequency × 2^19, and 2^43 / frequency
 * rounded up is less than 1 too large, so that the product is less than 2^-12 of a quotient too large.
 */
// @ts-ignore: decorator
@inline function advance(state: u32, step: u32, reciprocals: usize): u32 {
  const frequency = step & 0xffff;
  const quotient = <u32>((<u64>state * load<u64>(reciprocals + (<usize>frequency << 3))) >> 43);
  return state + quotient * ((1 << precision) - frequency) + (step >>> 16);
}

/** The twin of `ransEncode`: `coded` … `end` backwards into the bytes before `outEnd`; returns where they begin. */
function code(l: Layout, end: usize): usize {
  const reciprocals = l.reciprocals;
  const begin = l.coded;
  let out = l.outEnd;
  let even = stateLow;
  let odd = stateLow;
  let at = end;
  if (((end - begin) & 4) != 0) {
    at -= 4;
    const step = load<u32>(at);
    if (even >= (step & 0xffff) << (31 - precision)) {
      out -= 2;
      store<u16>(out, <u16>even);
      even >>>= 16;
    }
    even = advance(even, step, reciprocals);
  }
  while (at > begin) {
    at -= 8;
    const oddStep = load<u32>(at + 4);
    const evenStep = load<u32>(at);
    if (odd >= (oddStep & 0xffff) << (31 - precision)) {
      out -= 2;
      store<u16>(out, <u16>odd);
      odd >>>= 16;
    }
    if (even >= (evenStep & 0xffff) << (31 - precision)) {
      out -= 2;
      store<u16>(out, <u16>even);
      even >>>= 16;
    }
    odd = advance(odd, oddStep, reciprocals);
    even = advance(even, evenStep, reciprocals);
  }
  store<u32>(out - 4, odd);
  store<u32>(out - 8, even);
  return out - 8;
}

/** Where the coded bytes begin; they end at `outEnd`. 0 when a symbol lies outside the alphabet. */
export function encode(layout: usize, patchCount: i32, sparse: i32): usize {
  const l = changetype<Layout>(layout);
  const active = sparse != 0 ? putGaps(l, patchCount) : putActivity(l, patchCount);
  const end = putSymbols(l, patchCount, active);
  return end == 0 ? 0 : code(l, end);
}
