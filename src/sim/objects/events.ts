/**
 * The event lists a trigger's crossings are made of (models/particles/l1_*.bin, format l1e1), decoded into columns.
 * Refuses (file-invalid) bytes that are not one whole list.
 */

import { Fault } from '../../domain/fault.ts';
import type { Split } from '../particles.ts';

/** Kinds of particle, as models/train/l1_particles.py numbers them. */
export const Kind = {
  photon: 0,
  electron: 1,
  positron: 2,
  muon: 3,
  antimuon: 4,
  positive: 5,
  negative: 6,
  neutral: 7,
} as const;

/** Charge of each kind. */
export const kindCharge: readonly number[] = [0, -1, 1, -1, 1, 1, -1, 0];

/** Visible final particles, event after event; made by models/train/l1_particles.py. */
export interface EventStore {
  readonly eventCount: number;
  /** One past the last particle of each event. */
  readonly ends: Uint32Array;
  /** How often an event should be drawn, up to a factor. */
  readonly weight: Float32Array;
  readonly kind: Uint8Array;
  /** Transverse momentum, GeV. */
  readonly pt: Float32Array;
  /** Pseudorapidity, −5 … 5. */
  readonly eta: Float32Array;
  /** Azimuth of the momentum, rad, 0 … 2π. */
  readonly phi: Float32Array;
}

const headerBytes = 12;
const eventBytes = 6;
const particleBytes = 5;
const magic = 0x3165316c; // "l1e1" little-endian
const [ptMinGev, ptSpan] = [0.3, Math.log(20000) / 4095];
/** Share of the events, from the beginning, that training may see. */
const trainShare = 0.5;

/** Copies the columns out; throws `file-invalid` when the bytes are not one whole list. */
export const parseEvents = (bytes: Uint8Array): EventStore => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerBytes || view.getUint32(0, true) !== magic)
    throw new Fault('file-invalid', 'not an event list: it does not begin with l1e1');
  const eventCount = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  const particlesAt = headerBytes + eventCount * eventBytes;
  if (bytes.length !== particlesAt + count * particleBytes || eventCount === 0)
    throw new Fault(
      'file-invalid',
      `an event list of ${eventCount} events and ${count} particles has another size`,
    );
  const ends = new Uint32Array(eventCount);
  const weight = new Float32Array(eventCount);
  let end = 0;
  for (let event = 0; event < eventCount; event++) {
    end += view.getUint16(headerBytes + event * eventBytes, true);
    ends[event] = end;
    weight[event] = view.getFloat32(headerBytes + event * eventBytes + 2, true);
    if (!(weight[event]! >= 0)) throw new Fault('file-invalid', `event ${event} of the list has no weight`);
  }
  if (end !== count)
    throw new Fault('file-invalid', `the events of the list have ${end} particles, not ${count}`);
  const store = {
    eventCount,
    ends,
    weight,
    kind: new Uint8Array(count),
    pt: new Float32Array(count),
    eta: new Float32Array(count),
    phi: new Float32Array(count),
  };
  const directionsAt = particlesAt + 2 * count;
  for (let i = 0; i < count; i++) {
    const momentum = view.getUint16(particlesAt + 2 * i, true);
    store.kind[i] = momentum & 15;
    if (store.kind[i]! >= kindCharge.length)
      throw new Fault('file-invalid', `particle ${i} of the list is of unknown kind`);
    store.pt[i] = ptMinGev * Math.exp((momentum >>> 4) * ptSpan);
    const at = directionsAt + 3 * i;
    const direction = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    store.eta[i] = -5 + ((direction >>> 12) + 0.5) * (10 / 4096);
    store.phi[i] = ((direction & 0xfff) * 2 * Math.PI) / 4096;
  }
  return store;
};

/** Draws events of a split by their weights. */
export interface EventDraw {
  /** The event at a place 0 … 1 of the summed weights. */
  at(place: number): number;
}

export const eventDraw = ({ eventCount, weight }: EventStore, split: Split): EventDraw => {
  const border = Math.floor(eventCount * trainShare);
  const first = split === 'test' ? border : 0;
  const end = split === 'train' ? border : eventCount;
  const sums = new Float64Array(end - first);
  let sum = 0;
  for (let event = first; event < end; event++) {
    sum += weight[event]!;
    sums[event - first] = sum;
  }
  return {
    at(place) {
      const wanted = place * sum;
      let [low, high] = [0, sums.length - 1];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (sums[middle]! <= wanted) low = middle + 1;
        else high = middle;
      }
      return first + low;
    },
  };
};
