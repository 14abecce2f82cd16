/**
 * The particle lists collisions are made of (models/particles/*.bin, format tpl1), decoded into columns. Refuses
 * bytes that are not whole: a list cut short would quietly make a different world.
 */

import { Fault } from '../domain/fault.ts';

/** Columns of final charged particles, event after event; made by models/train/particles.py. */
export interface ParticleStore {
  readonly eventCount: number;
  /** One past the last particle of each event. */
  readonly ends: Uint32Array;
  /** Impact parameter, fm; NaN where it is not defined (p+p). */
  readonly impactFm: Float32Array;
  /** Mass, GeV. */
  readonly mass: Float32Array;
  /** +1 or −1. */
  readonly charge: Int8Array;
  /** Transverse momentum, GeV. */
  readonly pt: Float32Array;
  /** pz / pT. */
  readonly slope: Float32Array;
  /** Azimuth of the momentum, rad. */
  readonly phi: Float32Array;
  /** Production vertex relative to the collision, cm. */
  readonly vx: Float32Array;
  readonly vy: Float32Array;
  readonly vz: Float32Array;
}

export type Split = 'train' | 'test' | 'all';

/** Masses in GeV by species code 1 … 9 (PDG 2024): π, K, p, e, μ, Σ−, Ξ−, Ω−, Σ+. */
const massBySpecies = [0, 0.13957, 0.49368, 0.93827, 0.000511, 0.10566, 1.19745, 1.32171, 1.67245, 1.18937];

const headerBytes = 12;
const eventBytes = 8;
const particleBytes = 13;
/** Share of the events, from the beginning, that training may see. */
const trainShare = 0.8;
const magic = 0x316c7074; // "tpl1" little-endian

/** Copies the columns out; throws `file-invalid` when the bytes are not one whole list. */
export const parseParticles = (bytes: Uint8Array): ParticleStore => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes || view.getUint32(0, true) !== magic) {
    throw new Fault('file-invalid', 'not a particle list: it does not begin with tpl1');
  }
  const eventCount = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (bytes.length !== headerBytes + eventCount * eventBytes + count * particleBytes || eventCount === 0) {
    throw new Fault(
      'file-invalid',
      `a particle list of ${eventCount} events and ${count} particles has another size`,
    );
  }
  const ends = new Uint32Array(eventCount);
  const impactFm = new Float32Array(eventCount);
  for (let event = 0; event < eventCount; event += 1) {
    const at = headerBytes + event * eventBytes;
    ends[event] = view.getUint32(at, true);
    const impact = view.getUint16(at + 4, true);
    impactFm[event] = impact === 0xffff ? Number.NaN : impact / 1000;
    if (ends[event]! > count || ends[event]! < (event === 0 ? 0 : ends[event - 1]!)) {
      throw new Fault('file-invalid', `event ${event} of the particle list ends outside it`);
    }
  }
  return { eventCount, ends, impactFm, ...columnsOf(view, headerBytes + eventCount * eventBytes, count) };
};

const columnsOf = (view: DataView, start: number, count: number) => {
  const store = {
    mass: new Float32Array(count),
    charge: new Int8Array(count),
    pt: new Float32Array(count),
    slope: new Float32Array(count),
    phi: new Float32Array(count),
    vx: new Float32Array(count),
    vy: new Float32Array(count),
    vz: new Float32Array(count),
  };
  // Column starts after the one-byte species: six columns of two bytes.
  const column = (index: number): number => start + count * (1 + 2 * index);
  for (let i = 0; i < count; i += 1) {
    const species = view.getInt8(start + i);
    const mass = massBySpecies[Math.abs(species)];
    if (mass === undefined || mass === 0)
      throw new Fault('file-invalid', `particle ${i} is of unknown species`);
    store.mass[i] = mass;
    store.charge[i] = Math.sign(species);
    store.pt[i] = 0.05 * Math.exp(view.getUint16(column(0) + 2 * i, true) / 8192);
    store.slope[i] = Math.sinh(view.getInt16(column(1) + 2 * i, true) / 16000);
    store.phi[i] = (view.getUint16(column(2) + 2 * i, true) / 65536) * 2 * Math.PI;
    store.vx[i] = view.getInt16(column(3) + 2 * i, true) / 400;
    store.vy[i] = view.getInt16(column(4) + 2 * i, true) / 400;
    store.vz[i] = view.getInt16(column(5) + 2 * i, true) / 200;
  }
  return store;
};

/** Events of a split: the first 80 % train, the rest test, so that no event is in both. */
export const eventsOf = (store: ParticleStore, split: Split): readonly number[] => {
  const border = Math.floor(store.eventCount * trainShare);
  const from = split === 'test' ? border : 0;
  const to = split === 'train' ? border : store.eventCount;
  return Array.from({ length: to - from }, (_, i) => from + i);
};
