/**
 * The figures of two models side by side, and which of the candidate's are worse than the present model's beyond a
 * tolerance. Pure; refuses to weigh figures against each other: that is for whoever asks.
 */

export interface ModelFigures {
  readonly model: string;
  readonly frames: number;
  readonly hits: number;
  readonly logMae: number;
  readonly precision: number;
  readonly recall: number;
  readonly chargeRatio: number;
  /** Bits of the token layer a raw hit; null without hits. */
  readonly bitsPerHit: number | null;
  /** Dense 16-bit bytes over packet bytes. */
  readonly ratio: number;
  /** null where noise cannot be drawn again. */
  readonly equalSymbols: number | null;
}

/** How a figure is judged: what of it is the fault, so that smaller is better, and what is too little to matter. */
interface Judged {
  readonly name: string;
  readonly fault: (figures: ModelFigures) => number | null;
  readonly least: number;
}

const judged: readonly Judged[] = [
  { name: 'log-mae', fault: ({ logMae }) => logMae, least: 0 },
  { name: 'precision', fault: ({ precision }) => 1 - precision, least: 0.001 },
  { name: 'recall', fault: ({ recall }) => 1 - recall, least: 0.001 },
  { name: 'charge', fault: ({ chargeRatio }) => Math.abs(chargeRatio - 1), least: 0.005 },
  { name: 'bits-per-hit', fault: ({ bitsPerHit }) => bitsPerHit, least: 0 },
  { name: 'ratio', fault: ({ ratio }) => 1 / ratio, least: 0 },
  {
    name: 'equal-symbols',
    fault: ({ equalSymbols }) => (equalSymbols === null ? null : 1 - equalSymbols),
    least: 0.001,
  },
];
export const judgedNames: readonly string[] = judged.map(({ name }) => name);

export interface Verdict {
  readonly name: string;
  /** Present and candidate, as the share by which the candidate's fault exceeds the present one's; negative: less. */
  readonly excess: number | null;
  readonly worse: boolean;
}

/** @param tolerance share by which a fault may grow @param names the figures judged, of `judgedNames` */
export const verdictsOf = (
  present: ModelFigures,
  candidate: ModelFigures,
  tolerance: number,
  names: readonly string[],
): readonly Verdict[] =>
  judged
    .filter(({ name }) => names.includes(name))
    .map(({ name, fault, least }) => {
      const [before, after] = [fault(present), fault(candidate)];
      if (before === null || after === null) return { name, excess: null, worse: false };
      const excess = before === after ? 0 : before === 0 ? Number.POSITIVE_INFINITY : after / before - 1;
      return { name, excess, worse: after > before * (1 + tolerance) + least };
    });
