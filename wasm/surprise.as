/**
 * What the symbols of a frame's patches cost together: what src/kernels/survey/costs.ts calls for every frame. Of each
 * first symbol `firsts` has its cost and where the table of its class begins (two i32); a table has, for every four later
 * positions (`groupBytes`), 256 symbols with their four costs (i32; 0 where there is no such position, whatever byte is
 * read for it). Addresses are bytes from the start of the memory, and three bytes behind the symbols are read too.
 */
export function surprise(
  symbols: usize, patches: i32, symbolsPerPatch: i32, firsts: usize, groups: i32, groupBytes: i32,
): f64 {
  let units: i64 = 0;
  let at = symbols;
  for (let patch = 0; patch < patches; patch++) {
    const first = firsts + (<usize>load<u8>(at) << 3);
    let cost = load<i32>(first);
    let table = <usize>load<u32>(first, 4);
    let next = at + 1;
    for (let group = 0; group < groups; group++) {
      const four = load<u32>(next);
      cost += load<i32>(table + <usize>((four & 255) << 4)) + load<i32>(table + <usize>((four >>> 4) & 0xff0), 4) +
        load<i32>(table + <usize>((four >>> 12) & 0xff0), 8) + load<i32>(table + <usize>((four >>> 20) & 0xff0), 12);
      table += <usize>groupBytes;
      next += 4;
    }
    units += <i64>cost;
    at += <usize>symbolsPerPatch;
  }
  return <f64>units;
}
