/**
 * The level-1 trigger: from the towers and muons of one crossing to MET, e/γ, muons and jets in the integers of a card.
 * Sizes follow CMS's layer-2 calorimeter trigger (JINST 12 (2017) P01020) on towers twice as wide: jets are windows of
 * 5 × 5 around a local maximum less the three lowest strips around them, e/γ an isolated tower and its largest
 * neighbour, MET the vector sum of towers above a cut. Refuses nothing: what is below a threshold is not there.
 */

import type { ObjectRecord } from '../../domain/frame.ts';
import type { ObjectField, ObjectsCard } from '../../domain/instrument.ts';
import type { Prng } from '../../kernels/prng.ts';
import {
  etaStep,
  etaTowers,
  margin,
  phiStep,
  phiTowers,
  stride,
  type Towers,
  towerAt,
} from './calorimeter.ts';

/** A muon as the muon trigger reconstructs it. */
export interface FoundMuon {
  readonly pt: number;
  readonly eta: number;
  readonly phi: number;
}

export interface Trigger {
  /** Objects of one crossing, in the order of the card's groups, highest pT first. */
  find(towers: Towers, muons: readonly FoundMuon[], prng: Prng): ObjectRecord[];
}

/** GeV: what a jet's and an e/γ's first tower holds at least, and what they have at least when done. */
const [jetSeed, jetMin, egammaSeed, egammaMin] = [4, 15, 3, 5];
/** Towers below it (GeV) do not count for MET: they are mostly pile-up. */
const metTowerMin = 3;
/** What a jet's window misses and a hadron's response lacks, on average. */
const jetScale = 1.12;
/** Rows of towers within |η| < 3 for e/γ. */
const egammaRows = [Math.ceil(etaTowers / 2 - 3 / etaStep), Math.floor(etaTowers / 2 + 3 / etaStep)] as const;
/** Hadronic over electromagnetic energy, and energy around (GeV, and share of its own), that an e/γ may have. */
const [hadronicMax, isolationGev, isolationShare] = [0.2, 3, 0.12];
const metPhiSmear = 0.05;

interface Found {
  readonly pt: number;
  readonly eta: number;
  readonly phi: number;
}

const offsetsOf = (rows: readonly number[], columns: readonly number[]): Int32Array =>
  Int32Array.from(rows.flatMap((row) => columns.map((column) => row * stride + column)));
const span = (reach: number): number[] => Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
const window3 = offsetsOf(span(1), span(1));
const window5 = offsetsOf(span(2), span(2));
/** Strips of 2 × 5 on the four sides of a window. */
const strips = [
  offsetsOf([-4, -3], span(2)),
  offsetsOf([3, 4], span(2)),
  offsetsOf(span(2), [-4, -3]),
  offsetsOf(span(2), [3, 4]),
];
const stripShare = window5.length / (3 * strips[0]!.length);

const sumOver = (grid: Float32Array, at: number, offsets: Int32Array): number => {
  let sum = 0;
  for (let i = 0; i < offsets.length; i++) sum += grid[at + offsets[i]!]!;
  return sum;
};

/** Whether a tower is the largest of a window; of equal ones the first is. */
const isPeak = (grid: Float32Array, at: number, offsets: Int32Array): boolean => {
  const own = grid[at]!;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    const other = grid[at + offset]!;
    if (other > own || (other === own && offset < 0)) return false;
  }
  return true;
};

const byPt = (a: Found, b: Found): number => b.pt - a.pt;

export const openTrigger = (card: ObjectsCard): Trigger => {
  const group = (name: string): number => {
    const index = card.groups.findIndex((one) => one.name === name);
    if (index < 0) throw new Error(`${card.id} has no group '${name}'`);
    return index;
  };
  const [met, egamma, muon, jet] = [group('met'), group('egamma'), group('muon'), group('jet')];
  const fields = ['pt', 'eta', 'phi'].map((name) => card.fields.find((field) => field.name === name)!);
  if (fields.some((field) => field === undefined)) throw new Error(`${card.id} lacks pt, eta or phi`);
  const [ptField, etaField, phiField] = fields as [ObjectField, ObjectField, ObjectField];
  const integer = (value: number, { offset, step, bits }: ObjectField): number =>
    Math.max(0, Math.min(2 ** bits - 1, Math.floor((value - offset) / step + 0.5)));
  const phiSteps = Math.round((2 * Math.PI) / phiField.step);
  const phiInteger = (phi: number): number =>
    ((Math.round(phi / phiField.step) % phiSteps) + phiSteps) % phiSteps;
  const recordsOf = (index: number, found: Found[], hasEta = true): ObjectRecord[] =>
    found
      .sort(byPt)
      .slice(0, card.groups[index]!.countMax)
      .map(({ pt, eta, phi }) => ({
        group: index,
        values: card.fields.map((field) => {
          if (field === ptField) return integer(pt, ptField);
          if (field === phiField) return phiInteger(phi);
          return field === etaField && hasEta ? integer(eta, etaField) : 0;
        }),
      }));
  const cosines = Float64Array.from({ length: phiTowers }, (_, i) => Math.cos((i + 0.5) * phiStep));
  const sines = Float64Array.from({ length: phiTowers }, (_, i) => Math.sin((i + 0.5) * phiStep));

  /**
   * Where the energy of a cluster lies: the hard collision's energy at its place in its towers, the rest anywhere in
   * them. Halves of a real trigger's towers stand for what this coarse grid lacks.
   */
  const placed = (towers: Towers, peak: number, offsets: Int32Array, pt: number, prng: Prng): Found => {
    let [sum, y, x] = [0, 0, 0];
    for (let i = 0; i < offsets.length; i++) {
      const at = peak + offsets[i]!;
      const energy = towers.total[at]!;
      if (energy === 0) continue;
      sum += energy;
      const offset = offsets[i]!;
      const rowStep = Math.round(offset / stride);
      const column = (at % stride) - margin;
      const inner = Math.floor(at / stride) * stride + margin + ((column + phiTowers) % phiTowers);
      const hard = Math.min(1, towers.hardSum[inner]! / energy);
      const soft = (1 - hard) * energy;
      const scale = towers.hardSum[inner]! > 0 ? (hard * energy) / towers.hardSum[inner]! : 0;
      y += energy * rowStep + scale * towers.rowMoment[inner]! + soft * (prng.uniform() - 0.5);
      x +=
        energy * (offset - rowStep * stride) +
        scale * towers.columnMoment[inner]! +
        soft * (prng.uniform() - 0.5);
    }
    const row = Math.floor(peak / stride) - margin;
    const column = (peak % stride) - margin;
    return {
      pt,
      eta: (row + 0.5 + y / sum - etaTowers / 2) * etaStep,
      phi: (column + 0.5 + x / sum) * phiStep,
    };
  };

  const findEgamma = (towers: Towers, prng: Prng, density: number): Found[] => {
    const found: Found[] = [];
    const { em, had, total } = towers;
    for (let row = egammaRows[0]; row < egammaRows[1]; row++) {
      const from = towerAt(row, 0);
      for (let at = from; at < from + phiTowers; at++) {
        if (em[at]! < egammaSeed || !isPeak(em, at, window3)) continue;
        const beside = Math.max(em[at - 1]!, em[at + 1]!, em[at - stride]!, em[at + stride]!);
        const pt = em[at]! + beside;
        if (had[at]! > hadronicMax * pt || pt < egammaMin) continue;
        const around = sumOver(total, at, window5) - pt - density * (window5.length - 2);
        if (around > isolationGev + isolationShare * pt) continue;
        // The two towers' share of pile-up, half of it electromagnetic.
        found.push(placed(towers, at, window3, pt - density, prng));
      }
    }
    return found;
  };

  const findJets = (towers: Towers, prng: Prng): Found[] => {
    const found: Found[] = [];
    const { total } = towers;
    for (let row = 0; row < etaTowers; row++) {
      const from = towerAt(row, 0);
      for (let at = from; at < from + phiTowers; at++) {
        if (total[at]! < jetSeed || !isPeak(total, at, window5)) continue;
        const sum = sumOver(total, at, window5);
        if (sum * jetScale < jetMin) continue;
        let [most, around] = [0, 0];
        for (const strip of strips) {
          const one = sumOver(total, at, strip);
          around += one;
          if (one > most) most = one;
        }
        const pt = jetScale * (sum - (around - most) * stripShare);
        if (pt >= jetMin) found.push(placed(towers, at, window3, pt, prng));
      }
    }
    return found;
  };

  const sums = new Float64Array(phiTowers);
  const findMet = ({ total }: Towers, prng: Prng): Found => {
    sums.fill(0);
    for (let row = 0; row < etaTowers; row++) {
      const from = towerAt(row, 0);
      for (let column = 0; column < phiTowers; column++) {
        const energy = total[from + column]!;
        if (energy >= metTowerMin) sums[column]! += energy;
      }
    }
    let [x, y] = [0, 0];
    for (let column = 0; column < phiTowers; column++) {
      x -= sums[column]! * cosines[column]!;
      y -= sums[column]! * sines[column]!;
    }
    return { pt: Math.hypot(x, y), eta: 0, phi: Math.atan2(y, x) + metPhiSmear * prng.gaussian() };
  };

  /** Mean energy of a tower within |η| < 3 that is not part of something hard, GeV. */
  const densityOf = ({ total }: Towers): number => {
    let [sum, count] = [0, 0];
    for (let row = egammaRows[0]; row < egammaRows[1]; row++) {
      const from = towerAt(row, 0);
      for (let at = from; at < from + phiTowers; at++) {
        if (total[at]! >= jetSeed) continue;
        sum += total[at]!;
        count += 1;
      }
    }
    return sum / Math.max(1, count);
  };

  return {
    find: (towers, muons, prng) => [
      ...recordsOf(met, [findMet(towers, prng)], false),
      ...recordsOf(egamma, findEgamma(towers, prng, densityOf(towers))),
      ...recordsOf(muon, [...muons]),
      ...recordsOf(jet, findJets(towers, prng)),
    ],
  };
};
