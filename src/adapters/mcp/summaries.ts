/**
 * What an assistant is told of long answers: the part that matters, in few numbers. Refuses to judge: it leaves out, and says
 * how much.
 */

import type { AnomalyShown, BoardSnapshot, ObjectShown, TrendShown } from '../../dqm/board.ts';
import { binInWords } from '../../dqm/cycles/places.ts';
import type { QualityName } from '../../dqm/quality.ts';

/** Bins, channels and points of one answer: what a reader of text can take in. */
const listed = 16;
const pointsTold = 48;

export const overviewOf = (
  board: BoardSnapshot,
  wanted: { readonly region?: string | undefined; readonly all?: boolean | undefined },
) => {
  const ofRegion = board.cells.filter(
    ({ region }) => wanted.region === undefined || region === wanted.region,
  );
  const of = (...qualities: QualityName[]) => ofRegion.filter(({ quality }) => qualities.includes(quality));
  const told = wanted.all === true ? ofRegion : of('bad', 'medium');
  const unknown = Map.groupBy(of('null'), ({ reason }) => reason);
  return {
    instrument: board.instrument.title,
    simulated: board.instrument.simulated,
    at: new Date(board.atMs).toISOString(),
    activity: board.activity,
    cycle: board.cycle,
    overall: board.overall,
    checks: board.checks,
    references: board.references.words,
    goodCells: of('good').length,
    // Before anything is known every cell says the same.
    nullCells: [...unknown].map(([reason, cells]) => ({ reason, cells: cells.length })),
    staleCells: ofRegion.filter(({ atMs }) => board.atMs - atMs > board.staleAfterMs).length,
    cells: told.map(({ bins, where, atMs, sinceMs, ...cell }) => ({
      ...cell,
      stale: board.atMs - atMs > board.staleAfterMs,
      since: new Date(sinceMs).toISOString(),
      where: where.slice(0, listed),
      bins: bins.length,
    })),
  };
};

/** Means of as many equal parts as are told; null where a part holds nothing. */
const thinned = ({ atMs, values }: TrendShown) => {
  const parts = Math.min(pointsTold, values.length);
  return Array.from({ length: parts }, (_, part) => {
    const [from, until] = [part, part + 1].map((edge) => Math.floor((edge * values.length) / parts)) as [
      number,
      number,
    ];
    const inside = values.slice(from, until).filter((value) => value !== null);
    const mean = inside.length === 0 ? null : inside.reduce((sum, one) => sum + one, 0) / inside.length;
    return {
      at: new Date(atMs[from]!).toISOString(),
      mean: mean === null ? null : Number(mean.toPrecision(5)),
    };
  });
};

export const trendSummary = (trend: TrendShown) => {
  const known = trend.values.filter((value) => value !== null);
  return {
    name: trend.name,
    unit: trend.unit,
    points: known.length,
    gaps: trend.values.length - known.length,
    first: known[0] ?? null,
    last: known.at(-1) ?? null,
    least: known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b)),
    most: known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b)),
    course: thinned(trend),
  };
};

export const anomalySummary = ({ findings, ...anomaly }: AnomalyShown) => ({
  ...anomaly,
  at: new Date(anomaly.atMs).toISOString(),
  findings: findings.map(({ channels, patches, ...finding }) => ({
    ...finding,
    channels: channels.slice(0, listed),
    channelsInAll: channels.length,
    patchesInAll: patches.length,
  })),
});

export const objectSummary = ({ axes, values, reference, pulls, ...object }: ObjectShown) => {
  const total = values.reduce((sum, one) => sum + one, 0);
  const worst = (pulls ?? [])
    .map((pull, bin) => ({ pull, bin }))
    .sort((a, b) => Math.abs(b.pull) - Math.abs(a.pull))
    .slice(0, listed);
  const squares = (pulls ?? []).reduce((sum, one) => sum + one * one, 0);
  return {
    ...object,
    axes,
    total,
    emptyBins: values.filter((one) => one === 0).length,
    bins: values.length,
    // Small objects are told whole.
    ...(values.length <= pointsTold && { values, reference }),
    meanSquarePull: pulls === null ? null : squares / Math.max(1, pulls.length),
    worstPulls: worst.map(({ pull, bin }) => ({
      where: binInWords(axes, bin),
      value: values[bin],
      reference: reference?.[bin] ?? null,
      pull,
    })),
  };
};
