/**
 * The trigger's calorimeter: what particles leave in its towers, and the towers of one crossing. Towers are
 * 0.174 × 0.1745 in η × φ (a CMS trigger tower is half as wide each way), electromagnetic and hadronic apart. Refuses
 * nothing; it knows no objects.
 */

import { createPrng, type Prng } from '../../kernels/prng.ts';
import type { Split } from '../particles.ts';
import { type EventDraw, type EventStore, eventDraw, Kind, kindCharge } from './events.ts';

/** Towers along η (−5.046 … 5.046) and φ. */
export const [etaTowers, phiTowers] = [58, 36];
export const etaStep = 0.174;
export const phiStep = (2 * Math.PI) / phiTowers;
/** Rows and columns of zeros, or of towers from the other end of φ, around the grid: windows need no modulo. */
export const margin = 5;
export const stride = phiTowers + 2 * margin;
export const paddedSize = (etaTowers + 2 * margin) * stride;
export const towerAt = (row: number, column: number): number => (row + margin) * stride + column + margin;

/** A charged particle of lower pT (GeV) curls up before the barrel: 3.8 T, 1.29 m. */
const curlGev = 0.735;
/** Of the energy of a hadron, what a calorimeter set to photons shows (GeV in, GeV out). */
const hadronResponse = 0.85;
/** Share of hadrons that pass the electromagnetic part without a shower. */
const throughShare = 0.4;

/** Where a particle meets the calorimeter and what it leaves there; scratch, overwritten by the next. */
export interface Hit {
  row: number;
  /** Tower, and the place in it, −0.5 … 0.5 of a tower. */
  column: number;
  rowOffset: number;
  columnOffset: number;
  em: number;
  had: number;
}

export const openHit = (): Hit => ({ row: 0, column: 0, rowOffset: 0, columnOffset: 0, em: 0, had: 0 });

/** Lets one particle hit the calorimeter; false where it leaves nothing. Resolutions: CMS's, rounded. */
export const strike = (kind: number, pt: number, eta: number, phi: number, prng: Prng, hit: Hit): boolean => {
  if (kind === Kind.muon || kind === Kind.antimuon) return false;
  const charge = kindCharge[kind]!;
  if (charge !== 0 && pt < curlGev) return false;
  const y = eta / etaStep + etaTowers / 2;
  const bent = charge === 0 ? phi : phi - charge * Math.asin(curlGev / pt);
  const x = bent / phiStep + 2 * phiTowers;
  hit.row = Math.floor(y);
  if (hit.row < 0 || hit.row >= etaTowers) return false;
  const wholeX = Math.floor(x);
  hit.column = wholeX % phiTowers;
  hit.rowOffset = y - hit.row - 0.5;
  hit.columnOffset = x - wholeX - 0.5;
  const energy = pt * Math.cosh(eta);
  if (kind <= Kind.positron) {
    hit.em = Math.max(0, pt * (1 + (0.06 / Math.sqrt(energy) + 0.015) * prng.gaussian()));
    hit.had = 0;
    return true;
  }
  const shown = Math.max(0, pt * hadronResponse * (1 + (1 / Math.sqrt(energy) + 0.07) * prng.gaussian()));
  const place = prng.uniform();
  const share = place < throughShare ? 0 : (place - throughShare) / (1 - throughShare);
  hit.em = shown * share;
  hit.had = shown - hit.em;
  return true;
};

/** Soft events as the towers they light, so that fifty of them a crossing cost little. */
export interface SoftLibrary {
  readonly draw: EventDraw;
  readonly ends: Uint32Array;
  /** `row · 2 · phiTowers` and column of each lit tower, and the energies in it (GeV). */
  readonly rowAt: Uint16Array;
  readonly column: Uint8Array;
  readonly em: Float32Array;
  readonly had: Float32Array;
}

export const softLibrary = (store: EventStore, split: Split): SoftLibrary => {
  const prng = createPrng(0x11, 1);
  const hit = openHit();
  const rows: number[] = [];
  const columns: number[] = [];
  const ems: number[] = [];
  const hads: number[] = [];
  const ends = new Uint32Array(store.eventCount);
  let particle = 0;
  for (let event = 0; event < store.eventCount; event++) {
    for (; particle < store.ends[event]!; particle++) {
      const { kind, pt, eta, phi } = store;
      if (!strike(kind[particle]!, pt[particle]!, eta[particle]!, phi[particle]!, prng, hit)) continue;
      rows.push(hit.row * 2 * phiTowers);
      columns.push(hit.column);
      ems.push(hit.em);
      hads.push(hit.had);
    }
    ends[event] = rows.length;
  }
  return {
    draw: eventDraw(store, split),
    ends,
    rowAt: Uint16Array.from(rows),
    column: Uint8Array.from(columns),
    em: Float32Array.from(ems),
    had: Float32Array.from(hads),
  };
};

/** The towers of one crossing. */
export interface Towers {
  /** Padded grids, GeV: electromagnetic (one column of padding filled), hadronic (none), their sum. */
  readonly em: Float32Array;
  readonly had: Float32Array;
  readonly total: Float32Array;
  /** Sums of energy × place in the tower (η, φ; tower widths) of what the hard collision left. */
  readonly rowMoment: Float32Array;
  readonly columnMoment: Float32Array;
  readonly hardSum: Float32Array;
}

export interface Calorimeter {
  readonly towers: Towers;
  clear(): void;
  /** Adds a soft event of the library, turned by whole towers in φ and mirrored in η or not. */
  addSoft(library: SoftLibrary, event: number, turn: number, isMirrored: boolean): void;
  /** Adds one particle's hit of the hard collision. */
  addHit(hit: Hit): void;
  /** Adds a tower's noise, GeV. */
  addNoise(row: number, column: number, energy: number): void;
  /** Scales, cuts to the trigger's steps of a quarter GeV, and pads; nothing may be added afterwards. */
  close(gain: number): void;
}

const wide = 2 * phiTowers;
const lastRowAt = (etaTowers - 1) * wide;
const stepsPerGev = 4;

export const openCalorimeter = (): Calorimeter => {
  const grid = (): Float32Array => new Float32Array(paddedSize);
  const towers: Towers = {
    em: grid(),
    had: grid(),
    total: grid(),
    rowMoment: grid(),
    columnMoment: grid(),
    hardSum: grid(),
  };
  // Twice as wide as the calorimeter: a turned event needs no modulo, and the second half is folded in at the end.
  const em = new Float32Array(etaTowers * wide);
  const had = new Float32Array(etaTowers * wide);
  const { em: emTowers, had: hadTowers, total } = towers;
  const touched: number[] = [];
  return {
    towers,
    clear() {
      em.fill(0);
      had.fill(0);
      for (const at of touched) {
        towers.rowMoment[at] = 0;
        towers.columnMoment[at] = 0;
        towers.hardSum[at] = 0;
      }
      touched.length = 0;
    },
    addSoft({ ends, rowAt, column, em: ems, had: hads }, event, turn, isMirrored) {
      const end = ends[event]!;
      const base = turn + (isMirrored ? lastRowAt : 0);
      const sign = isMirrored ? -1 : 1;
      for (let i = event === 0 ? 0 : ends[event - 1]!; i < end; i++) {
        const at = base + sign * rowAt[i]! + column[i]!;
        em[at]! += ems[i]!;
        had[at]! += hads[i]!;
      }
    },
    addHit({ row, column, rowOffset, columnOffset, em: emEnergy, had: hadEnergy }) {
      em[row * wide + column]! += emEnergy;
      had[row * wide + column]! += hadEnergy;
      const energy = emEnergy + hadEnergy;
      const at = towerAt(row, column);
      towers.rowMoment[at]! += energy * rowOffset;
      towers.columnMoment[at]! += energy * columnOffset;
      towers.hardSum[at]! += energy;
      touched.push(at);
    },
    addNoise(row, column, energy) {
      had[row * wide + column]! += energy;
    },
    close(gain) {
      const scale = gain * stepsPerGev;
      for (let row = 0; row < etaTowers; row++) {
        const from = row * wide;
        const to = towerAt(row, 0);
        for (let column = 0; column < phiTowers; column++) {
          const e = ((em[from + column]! + em[from + column + phiTowers]!) * scale) | 0;
          const h = ((had[from + column]! + had[from + column + phiTowers]!) * scale) | 0;
          emTowers[to + column] = e / stepsPerGev;
          hadTowers[to + column] = h / stepsPerGev;
          total[to + column] = (e + h) / stepsPerGev;
        }
        for (let i = 1; i <= margin; i++) {
          total[to - i] = total[to + phiTowers - i]!;
          total[to + phiTowers - 1 + i] = total[to + i - 1]!;
        }
        emTowers[to - 1] = emTowers[to + phiTowers - 1]!;
        emTowers[to + phiTowers] = emTowers[to]!;
      }
    },
  };
};
