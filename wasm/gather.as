/**
 * From a frame's words to its patch rows, in linear memory: what src/kernels/patches/gather.ts calls for every frame. All
 * addresses are bytes from the start of the memory and given by the caller, which made room for the worst frame;
 * nothing here is checked twice. Same results as the TypeScript twins in src/wire/hits.ts and test/kernels.
 */

/**
 * gap16 words (`length` of them at `words`) to voxels (u32) and ADC values (u16). Returns the last voxel, 0 for no
 * hit, −1 when the words do not hold exactly `count` hits inside `voxels`, the last of them the last word.
 */
export function unpackGaps(
  words: usize, length: i32, count: i32, adcBits: i32, voxels: i32, voxel: usize, adc: usize,
): i32 {
  const mask: u32 = (1 << adcBits) - 1;
  const gapBits = 16 - adcBits;
  let hits = 0;
  let next = 0;
  for (let i = 0; i < length; i++) {
    const word = <u32>load<u16>(words + (<usize>i << 1));
    const value = word & mask;
    if (value == 0) {
      next += (<i32>(word >>> adcBits) + 1) << gapBits;
      if (next >= voxels || i == length - 1) return -1;
      continue;
    }
    if (hits == count) return -1;
    next += <i32>(word >>> adcBits);
    store<u32>(voxel + (<usize>hits << 2), next);
    store<u16>(adc + (<usize>hits << 1), <u16>value);
    hits++;
    next++;
  }
  if (hits != count || next > voxels) return -1;
  return max(next - 1, 0);
}

/**
 * `count` hits, ascending, to the active patches (u32, ascending) and their cells (one byte each, `cellsPerPatch` of
 * them, 0 where no hit is); returns how many patches. An address is `patch << cellBits | cell`. Worked on slab by slab: `slabPatches` patches that
 * `slabVoxels` voxels make up, whose scratch stays in the nearest cache. `active` is all zero between calls and
 * padded to eight.
 */
export function gather(
  voxel: usize, adc: usize, count: i32,
  columns: i32, rowAddress: usize, columnAddress: usize, cellBits: i32, cellsPerPatch: i32, slabVoxels: i32, slabPatches: i32,
  codes: usize, active: usize, hitAddress: usize, shift: usize, patches: usize, cells: usize,
): i32 {
  // As a product: exact for every voxel below 2^40 / columns.
  const perColumn = (1.0 + 1.0 / 1099511627776.0) / <f64>columns;
  let row = 0;
  let first = 0;
  while (first < count) {
    const slab = load<i32>(voxel + (<usize>first << 2)) / slabVoxels;
    const voxelEnd = (slab + 1) * slabVoxels;
    let rowFirst = 0;
    let rowEnd = 0;
    let base = 0;
    let end = first;
    for (; end < count; end++) {
      const v = load<i32>(voxel + (<usize>end << 2));
      if (v >= voxelEnd) break;
      if (v >= rowEnd) {
        const r = <i32>(<f64>v * perColumn);
        rowFirst = r * columns;
        rowEnd = rowFirst + columns;
        base = load<i32>(rowAddress + (<usize>r << 2));
      }
      const at = base + load<i32>(columnAddress + (<usize>(v - rowFirst) << 2));
      store<i32>(hitAddress + (<usize>(end - first) << 2), at);
      store<u8>(active + <usize>(at >>> cellBits), 1);
    }
    const firstRow = row;
    // Whole words of eight flags: those of the slabs beside are zero by now or still.
    const patchEnd = (slab + 1) * slabPatches;
    for (let p = (slab * slabPatches) & ~7; p < patchEnd; p += 8) {
      let flags = load<u64>(active + <usize>p);
      if (flags == 0) continue;
      store<u64>(active + <usize>p, 0);
      do {
        const patch = p + <i32>(ctz(flags) >>> 3);
        flags &= flags - 1;
        store<i32>(patches + (<usize>row << 2), patch);
        store<i32>(shift + (<usize>patch << 2), row * cellsPerPatch - (patch << cellBits));
        row++;
      } while (flags != 0);
    }
    memory.fill(cells + <usize>(firstRow * cellsPerPatch), 0, <usize>((row - firstRow) * cellsPerPatch));
    for (let i = first; i < end; i++) {
      const at = load<i32>(hitAddress + (<usize>(i - first) << 2));
      const to = at + load<i32>(shift + (<usize>(at >>> cellBits) << 2));
      store<u8>(cells + <usize>to, load<u8>(codes + <usize>load<u16>(adc + (<usize>i << 1))));
    }
    first = end;
  }
  return row;
}
