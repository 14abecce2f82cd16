/**
 * What services said of themselves over the last two minutes, second by second, from their heartbeats. A heartbeat is a
 * message of another process, perhaps of another version: it is read field by field, and what is not there is null. Pure.
 * Refuses to fill gaps.
 */

import type { StatusSnapshot } from '../../domain/status.ts';
import type { ServiceShown } from '../../dqm/board.ts';

/** A heartbeat's figures: those of a status that ride on it. */
export type Figures = Partial<StatusSnapshot> & Pick<StatusSnapshot, 'books'>;

export interface Beat {
  readonly atMs: number;
  readonly framesIn: number | null;
  readonly framesOut: number | null;
  readonly ratioDense: number | null;
  readonly totalMsP99: number | null;
  readonly totalMsP50: number | null;
  readonly lagFrames: number | null;
}

/** By service. */
export type Beats = Map<string, Beat[]>;

const beatsMax = 120;

/** The figures in a heartbeat, or null where it carries none that are known here. */
export const figuresOf = (message: unknown): Figures | null => {
  if (typeof message !== 'object' || message === null) return null;
  const inner = (message as { message?: unknown }).message ?? message;
  if (typeof inner !== 'object' || inner === null) return null;
  const figures = inner as Partial<StatusSnapshot>;
  return Array.isArray(figures.books) ? (figures as Figures) : null;
};

/** From intended send to commit where it is measured, else what the service itself can see. */
export const totalOf = (figures: Figures) => {
  const stages = figures.latency ?? [];
  const total = stages.find(({ stage }) => stage === 'total');
  return total !== undefined && total.count > 0 ? total : stages.find(({ stage }) => stage === 'inside');
};

/** Of the service: its own, or its first book's. */
export const rateOf = (figures: Figures, way: 'in' | 'out') => figures[way] ?? figures.books[0]?.[way];

const beatOf = (atMs: number, figures: Figures): Beat => {
  const total = totalOf(figures);
  return {
    atMs,
    framesIn: rateOf(figures, 'in')?.framesPerSecond ?? null,
    framesOut: rateOf(figures, 'out')?.framesPerSecond ?? null,
    ratioDense: figures.ratio?.recent.dense ?? null,
    totalMsP99: total?.p99Ms ?? null,
    totalMsP50: total?.p50Ms ?? null,
    lagFrames: figures.flow?.lagFrames ?? null,
  };
};

export const keepBeats = (beats: Beats, services: readonly ServiceShown[]): void => {
  for (const { serviceId, atMs, message } of services) {
    const figures = figuresOf(message);
    if (figures === null) continue;
    const kept = beats.get(serviceId) ?? [];
    beats.set(serviceId, kept);
    if (kept.at(-1)?.atMs === atMs) continue;
    kept.push(beatOf(atMs, figures));
    if (kept.length > beatsMax) kept.shift();
  }
  // Services that are not told of any more are forgotten with their beats.
  for (const id of beats.keys()) if (!services.some(({ serviceId }) => serviceId === id)) beats.delete(id);
};
