/**
 * What the symbols of a frame's patches cost together: what src/kernels/surprise.ts calls for every frame. `costs` holds,
 * in i32, the cost of each first symbol, and then, row after row of `alphabet`, those of later ones; `rows` (i32) where in
 * `costs` the first row of a first symbol begins. Addresses are bytes from the start of the memory.
 */
export function surprise(symbols: usize, patches: i32, symbolsPerPatch: i32, alphabet: i32, costs: usize, rows: usize): f64 {
  let units: i64 = 0;
  let at = symbols;
  const rowBytes = <usize>alphabet << 2;
  for (let patch = 0; patch < patches; patch++) {
    const first = <usize>load<u8>(at) << 2;
    let cost = load<i32>(costs + first);
    let row = costs + (<usize>load<i32>(rows + first) << 2);
    const next = at + <usize>symbolsPerPatch;
    for (at++; at < next; at++) {
      cost += load<i32>(row + (<usize>load<u8>(at) << 2));
      row += rowBytes;
    }
    units += <i64>cost;
  }
  return <f64>units;
}
