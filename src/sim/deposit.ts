/**
 * Packets of electrons on their way to the pads: growing columns while tracks are followed, then sealed in order
 * of (region, layer), the order in which frames are digitised. Refuses packets outside the grid silently: they
 * fell beside the chamber.
 */

import type { Detector } from './detector.ts';

/** Sealed packets of one collision; cell = region · layers + layer, `starts[cell]` … `starts[cell + 1]`. */
export interface Deposits {
  readonly starts: Uint32Array;
  /** Pad coordinate, integer at pad centres. */
  readonly pad: Float32Array;
  /** Arrival after the collision, in bins. */
  readonly bin: Float32Array;
  /** Charge in ADC counts of an ideal pulse on a single pad. */
  readonly charge: Float32Array;
  /** Response classes: sigma class · 8 + drift class. */
  readonly spread: Uint16Array;
  /** Track within the collision. */
  readonly track: Uint16Array;
}

export interface DepositSink {
  count: number;
  cell: Uint16Array;
  pad: Float32Array;
  bin: Float32Array;
  charge: Float32Array;
  spread: Uint16Array;
  track: Uint16Array;
}

export const createDepositSink = (capacity = 1 << 16): DepositSink => ({
  count: 0,
  cell: new Uint16Array(capacity),
  pad: new Float32Array(capacity),
  bin: new Float32Array(capacity),
  charge: new Float32Array(capacity),
  spread: new Uint16Array(capacity),
  track: new Uint16Array(capacity),
});

/** Doubles the columns; called by whoever is about to write at `count`. */
export const growDepositSink = (sink: DepositSink): void => {
  const size = sink.cell.length * 2;
  const wide = <Column extends Uint16Array | Float32Array>(next: Column, column: Column): Column => {
    next.set(column);
    return next;
  };
  sink.cell = wide(new Uint16Array(size), sink.cell);
  sink.pad = wide(new Float32Array(size), sink.pad);
  sink.bin = wide(new Float32Array(size), sink.bin);
  sink.charge = wide(new Float32Array(size), sink.charge);
  sink.spread = wide(new Uint16Array(size), sink.spread);
  sink.track = wide(new Uint16Array(size), sink.track);
};

/** Counting sort by cell into arrays of exact size; empties the sink for its next use. */
export const sealDeposits = (sink: DepositSink, detector: Detector): Deposits => {
  const { count, cell } = sink;
  const cells = detector.regionCount * detector.layers;
  const starts = new Uint32Array(cells + 1);
  for (let i = 0; i < count; i += 1) starts[cell[i]! + 1] = starts[cell[i]! + 1]! + 1;
  for (let c = 0; c < cells; c += 1) starts[c + 1] = starts[c + 1]! + starts[c]!;
  const next = starts.slice(0, cells);
  const sealed: Deposits = {
    starts,
    pad: new Float32Array(count),
    bin: new Float32Array(count),
    charge: new Float32Array(count),
    spread: new Uint16Array(count),
    track: new Uint16Array(count),
  };
  for (let i = 0; i < count; i += 1) {
    const to = next[cell[i]!]!;
    next[cell[i]!] = to + 1;
    sealed.pad[to] = sink.pad[i]!;
    sealed.bin[to] = sink.bin[i]!;
    sealed.charge[to] = sink.charge[i]!;
    sealed.spread[to] = sink.spread[i]!;
    sealed.track[to] = sink.track[i]!;
  }
  sink.count = 0;
  return sealed;
};
