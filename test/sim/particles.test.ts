import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { eventsOf, parseParticles } from '../../src/sim/particles.ts';
import { particleBytesOf, provenanceOf, storeOf } from './example.ts';

describe('particle lists', () => {
  it.each(['auau', 'pp'] as const)('of %s are the ones their provenance names', (beam) => {
    const provenance = provenanceOf(beam);
    const store = storeOf(beam);
    expect(createHash('sha256').update(particleBytesOf(beam)).digest('hex')).toBe(provenance.sha256);
    expect(store.eventCount).toBe(provenance.events);
    expect(store.pt.length).toBe(provenance.particles);
    expect(store.ends.at(-1)).toBe(provenance.particles);
  });

  it('hold particles as selected, and central collisions only where there are nuclei', () => {
    const { pt, slope, charge, mass, impactFm } = storeOf('auau');
    expect(pt.every((value) => value >= 0.0499)).toBe(true);
    expect(slope.every((value) => Math.abs(value) <= Math.sinh(2.001))).toBe(true);
    expect(charge.every((value) => Math.abs(value) === 1)).toBe(true);
    expect(mass.every((value) => value > 0)).toBe(true);
    expect(impactFm.filter((b) => b < 4).length).toBeGreaterThanOrEqual(provenanceOf('auau').centralEvents);
    expect(storeOf('pp').impactFm.every((b) => Number.isNaN(b))).toBe(true);
  });

  it('are split by event, with nothing in both parts', () => {
    const store = storeOf('pp');
    const train = eventsOf(store, 'train');
    const test = eventsOf(store, 'test');
    expect(train.length + test.length).toBe(store.eventCount);
    expect(new Set([...train, ...test]).size).toBe(store.eventCount);
    expect(eventsOf(store, 'all').length).toBe(store.eventCount);
    expect(train.length / store.eventCount).toBeCloseTo(0.8, 2);
  });

  it('are refused when they are not whole', () => {
    const bytes = particleBytesOf('pp');
    expect(() => parseParticles(bytes.subarray(0, 8))).toThrow('file-invalid');
    expect(() => parseParticles(bytes.subarray(0, bytes.length - 1))).toThrow('file-invalid');
    expect(() => parseParticles(new Uint8Array(64))).toThrow('tpl1');
    const wrong = Uint8Array.from(bytes);
    wrong[12 + 8 * storeOf('pp').eventCount] = 100;
    expect(() => parseParticles(wrong)).toThrow('unknown species');
  });
});
