/**
 * The fixed wedges a codec is measured on: simulated from their seed, kept, and known by the hash of their file.
 * Refuses to pass other wedges for them: where the hash differs it is said loudly and stands in the result.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Cards, home, loadCards } from '../../../src/assemble.ts';
import { writeWedges } from '../../../src/commands/wedges.ts';
import type { Digits } from '../../../src/domain/frame.ts';
import { voxelCount } from '../../../src/domain/instrument.ts';
import { eachWedge, type Wedge } from '../../../src/sim/export.ts';
import { identitiesOf } from '../../../src/sim/world.ts';
import { type PlannedFile, plannedExport, readPlan } from '../../../src/simulate.ts';
import { openNpz } from '../../../src/wire/files/npz.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { say } from '../../drive.ts';

export interface SetWedge {
  readonly digits: Digits;
  readonly region: number;
  readonly timeFrame: number;
  /** The tf00 message. */
  readonly frame: Uint8Array;
}

export interface TestSet {
  readonly name: string;
  readonly planned: PlannedFile;
  readonly cards: Cards;
  readonly wedges: readonly SetWedge[];
  readonly voxels: number;
  readonly hits: number;
  /** `yes`, `no`, or `part` where only the first wedges were made and none can tell. */
  readonly isCommitted: 'yes' | 'no' | 'part';
}

const setsPath = join(import.meta.dirname, 'sets.json');
/** Where whole sets are kept from run to run. */
const folder = join(home, '.tessera/bench/codec');

export const setFile = (name: string): string => join(folder, `${name}.npz`);

const sha256Of = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

const committedHash = (name: string): string => {
  const sets = JSON.parse(readFileSync(setsPath, 'utf8')) as { name: string; sha256: string }[];
  return sets.find((set) => set.name === name)!.sha256;
};

/** The whole set's file, simulated unless it is there as committed. */
const fileOf = (planned: PlannedFile): { path: string; isCommitted: boolean } => {
  const path = setFile(planned.name);
  const wanted = committedHash(planned.name);
  if (existsSync(path) && sha256Of(path) === wanted) return { path, isCommitted: true };
  rmSync(path, { force: true });
  say(`${planned.name}: simulating ${planned.timeFrames} time frames of ${planned.instrument} …`);
  writeWedges(plannedExport(planned), path);
  const found = sha256Of(path);
  if (found !== wanted) {
    say(`!!! ${planned.name} is NOT the committed set: SHA-256 ${found}, committed ${wanted}.`);
    say('!!! The simulation or its cards have changed: no figure of this run compares with earlier ones.');
  }
  return { path, isCommitted: found === wanted };
};

const wedgesOf = (path: string): Wedge[] => {
  const npz = openNpz(readFileSync(path));
  const [hits, offsets, regions, timeFrames] = ['hits', 'offsets', 'region', 'time_frame'].map(
    (name) => npz.read(name).values as Uint32Array,
  ) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  return Array.from(regions, (region, i) => ({
    hits: hits.subarray(offsets[i], offsets[i + 1]),
    region,
    timeFrame: timeFrames[i]!,
  }));
};

/** @param timeFramesMax only the wedges of so many time frames, simulated at once and not kept */
export const openSet = (name: string, timeFramesMax?: number): TestSet => {
  const planned = readPlan(setsPath).find((set) => set.name === name)!;
  const cards = loadCards(planned.instrument);
  const { card } = cards;
  const part = timeFramesMax !== undefined && timeFramesMax < planned.timeFrames;
  const kept = part ? null : fileOf(planned);
  const wedges =
    kept === null
      ? [...eachWedge(plannedExport({ ...planned, timeFrames: timeFramesMax! }))]
      : wedgesOf(kept.path);
  const identify = identitiesOf(card, { run: 1, startNanos: 0n });
  const low = 2 ** card.adcBits - 1;
  const made = wedges.map(({ hits, region, timeFrame }): SetWedge => {
    const voxel = hits.map((hit) => hit >>> card.adcBits);
    const digits = { count: hits.length, voxel, adc: Uint16Array.from(hits, (hit) => hit & low) };
    return { digits, region, timeFrame, frame: encodeFrame(identify(region, timeFrame), digits, card) };
  });
  return {
    name,
    planned,
    cards,
    wedges: made,
    voxels: voxelCount(card),
    hits: made.reduce((sum, { digits }) => sum + digits.count, 0),
    isCommitted: kept === null ? 'part' : kept.isCommitted ? 'yes' : 'no',
  };
};
