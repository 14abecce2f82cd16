/**
 * The figures the README promises, by their keys, out of what the bench found. Refuses a key whose pieces were not
 * measured: it stays out.
 */

import { efficiency, fakeShare } from './cluster_tally.ts';
import type { EntropyFigures } from './entropy.ts';
import type { Verdict } from './judge.ts';
import type { ProgressiveFigures } from './progressive.ts';
import type { Rate } from './rates.ts';
import type { Classical } from './rivals.ts';

type Ratios = Record<string, number>;

/** What was measured; `auau_test` is what the keys are about unless they say p+p. */
export interface Measured {
  readonly verdicts?: ReadonlyMap<string, readonly Verdict[]>;
  readonly rates?: readonly Rate[];
  readonly entropy?: EntropyFigures;
  readonly progressive?: ProgressiveFigures;
  readonly classical?: Classical | null;
}

const clusterRatios = ({ clusters, tracks }: Verdict, key: string): Ratios => ({
  [`${key}_cluster_efficiency`]: efficiency(clusters),
  [`${key}_cluster_fakes`]: fakeShare(clusters),
  [`${key}_cluster_centroid_pads`]: clusters.pad.sigma,
  [`${key}_cluster_charge_sigma`]: clusters.charge.sigma,
  [`${key}_cluster_track_residual_pads`]: tracks.pad.halfWidth68,
});

const tokenRatios = (verdict: Verdict, key: string): Ratios => ({
  [`${key}_mae`]: verdict.logMae,
  [`${key}_precision`]: verdict.precision,
  [`${key}_recall`]: verdict.recall,
  [`${key}_ratio`]: verdict.ratioDense!,
});

/** Fewest planes whose error is small enough to count as near-lossless; all of them where none is. */
const nearMae = 0.01;
const nearVerdict = (verdicts: readonly Verdict[]): Verdict | undefined => {
  const planes = verdicts.filter(({ key }) => /^near[1-9]$/.test(key));
  return planes.find(({ logMae }) => logMae <= nearMae) ?? planes.at(-1);
};

const ladderRatios = (verdicts: readonly Verdict[]): Ratios => {
  const of = (key: string): Verdict | undefined => verdicts.find((verdict) => verdict.key === key);
  const ratios: Ratios = {};
  const near = nearVerdict(verdicts);
  if (near !== undefined)
    Object.assign(
      ratios,
      { near_ratio: near.ratioDense, near_mae: near.logMae },
      clusterRatios(near, 'near'),
    );
  const first = of('near1');
  if (first !== undefined)
    Object.assign(ratios, { plane1_ratio: first.ratioDense, plane1_mae: first.logMae });
  const packet = of('packet');
  if (packet !== undefined) ratios.packet_ratio = packet.ratioDense!;
  for (const levels of [8, 4]) {
    const verdict = of(`dequant${levels}`);
    if (verdict === undefined) continue;
    ratios[`dequant${levels}_mae`] = verdict.logMae;
    ratios[`dequant${levels}_ratio`] = verdict.ratioDense!;
    // The larger of the two biases is the one that counts.
    const bias = Math.abs(verdict.chargeBias);
    ratios.dequant_charge_bias = Math.max(ratios.dequant_charge_bias ?? 0, bias);
    Object.assign(ratios, clusterRatios(verdict, `dequant${levels}`));
  }
  return ratios;
};

/** Tessera's lossless packets of the very wedges the classical rivals coded, against the best of them. */
const losslessRatios = (verdicts: readonly Verdict[], classical: Classical | null): Ratios => {
  const lossless = verdicts.find(({ key }) => key === 'lossless');
  if (lossless === undefined || classical === null) return {};
  const { chosen, hits, bestGeneralBits, boundBits } = classical;
  const bits = (8 * chosen.reduce((sum, wedge) => sum + lossless.sizes[wedge]!, 0)) / hits;
  return {
    ...(bestGeneralBits === null ? {} : { lossless_vs_best_general: bestGeneralBits / bits }),
    ...(boundBits === null ? {} : { lossless_over_bound: bits / boundBits }),
  };
};

const rateRatios = (rates: readonly Rate[]): Ratios => {
  const of = (set: string, name: string): Rate | undefined =>
    rates.find((rate) => rate.set === set && rate.name === name);
  const ratios: Ratios = {};
  const over = (key: string, set: string, name: string, rival: string): void => {
    const [own, theirs] = [of(set, name), of('auau_test', rival)];
    if (own !== undefined && theirs !== undefined) ratios[key] = own.wedgesPerSecond / theirs.wedgesPerSecond;
  };
  over('tokens_rate_vs_bcae2d', 'auau_test', 'tokens encode', 'bcae2d encode');
  over('near_rate_vs_bcae2d', 'auau_test', 'near encode', 'bcae2d encode');
  over('near_decode_vs_bcae2d', 'auau_test', 'near decode', 'bcae2d decode');
  over('pp_rate_vs_bcae2d', 'pp_test', 'near encode', 'bcae2d encode');
  const [dense, sparse] = [of('auau_test', 'near encode'), of('pp_test', 'near encode')];
  if (dense !== undefined && sparse !== undefined)
    ratios.pp_cost_per_hit = sparse.nanosPerHit / dense.nanosPerHit;
  return ratios;
};

export const codecRatios = (measured: Measured): Ratios => {
  const { entropy, progressive } = measured;
  const auau = measured.verdicts?.get('auau_test') ?? [];
  const of = (key: string): Verdict | undefined => auau.find((verdict) => verdict.key === key);
  const ratios: Ratios = {};
  for (const key of ['tokens31', 'tokens62', 'tokens100', 'tokens200']) {
    const verdict = of(key);
    if (verdict !== undefined) Object.assign(ratios, tokenRatios(verdict, key), clusterRatios(verdict, key));
  }
  const [tokens31, bcae2d, noise] = [of('tokens31'), of('bcae2d'), of('noise')];
  if (tokens31 !== undefined && bcae2d !== undefined) ratios.mae_vs_bcae2d = tokens31.logMae / bcae2d.logMae;
  if (bcae2d !== undefined) Object.assign(ratios, clusterRatios(bcae2d, 'bcae2d'));
  Object.assign(ratios, ladderRatios(auau), losslessRatios(auau, measured.classical ?? null));
  if (noise !== undefined) Object.assign(ratios, clusterRatios(noise, 'noise'));
  if (progressive !== undefined) ratios.progressive_excess = progressive.excess;
  if (entropy !== undefined) {
    ratios.rans_excess = entropy.excess;
    ratios.rans_vs_lookup_loop = Math.min(entropy.encodeRate, entropy.decodeRate) / entropy.lookupRate;
  }
  return { ...ratios, ...rateRatios(measured.rates ?? []) };
};
