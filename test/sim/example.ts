/**
 * What the tests of the simulation share: cards and particle lists of the repository, read once. Refuses to hold
 * expectations; those stand in the tests.
 */

import { readFileSync } from 'node:fs';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import { type ParticleStore, parseParticles } from '../../src/sim/particles.ts';
import { createWorld, type SimulatedWorld, type WorldOptions } from '../../src/sim/world.ts';
import { parseInstrumentCard } from '../../src/wire/card.ts';

export type Beam = 'auau' | 'pp';

const read = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url));

export const cardOf = (beam: Beam, change: Readonly<Record<string, number>> = {}): InstrumentCard => {
  const json = JSON.parse(read(`instruments/sphenix-tpc-${beam}.json`).toString());
  return parseInstrumentCard(JSON.stringify({ ...json, conditions: { ...json.conditions, ...change } }));
};

export const particleBytesOf = (beam: Beam): Uint8Array => read(`models/particles/${beam}200.bin`);
export const provenanceOf = (beam: Beam) => JSON.parse(read(`models/particles/${beam}200.json`).toString());

const stores = new Map<Beam, ParticleStore>();
export const storeOf = (beam: Beam): ParticleStore => {
  const store = stores.get(beam) ?? parseParticles(particleBytesOf(beam));
  stores.set(beam, store);
  return store;
};

export const worldOf = (
  beam: Beam,
  options: Partial<WorldOptions> = {},
  change: Readonly<Record<string, number>> = {},
): SimulatedWorld =>
  createWorld(cardOf(beam, change), storeOf(beam), {
    seed: 5,
    run: 3,
    startNanos: 1_700_000_000_000_000_000n,
    split: 'all',
    ...options,
  });
