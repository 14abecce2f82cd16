/** Sets of regions as masks: bit r & 7 of byte r >> 3 is region r. Refuses nothing: regions are of the card. */

export const hasRegion = (mask: Uint8Array, region: number): boolean =>
  (mask[region >> 3]! & (1 << (region & 7))) !== 0;

export const addRegion = (mask: Uint8Array, region: number): void => {
  mask[region >> 3]! |= 1 << (region & 7);
};

export const dropRegion = (mask: Uint8Array, region: number): void => {
  mask[region >> 3]! &= ~(1 << (region & 7));
};

export const countRegions = (mask: Uint8Array): number => {
  let count = 0;
  for (const byte of mask) for (let bits = byte; bits > 0; bits &= bits - 1) count += 1;
  return count;
};
