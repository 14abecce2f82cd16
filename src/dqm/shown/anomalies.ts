/**
 * Rare frames in words: what is shown of one in the feed, and of one that is opened. Refuses to say more than its message
 * does: where nothing was explained, `where` is empty.
 */

import { type InstrumentCard, patchSpan, spanInWords } from '../../domain/instrument.ts';
import type { Anomaly } from '../../domain/packet.ts';
import type { AnomalyShown, FeedItem, LabelShown } from '../board.ts';
import { channelInWords } from '../cycles/places.ts';
import { idOf } from './feed.ts';

const whereOf = ({ findings, patches }: Anomaly, card: InstrumentCard): string => {
  const [finding] = findings;
  if (finding !== undefined && finding.span.length > 0) return spanInWords(finding.span, card.axes);
  const [patch] = patches;
  return patch === undefined ? '' : spanInWords(patchSpan(patch.patch, card), card.axes);
};

export const feedItemOf = (anomaly: Anomaly, card: InstrumentCard, atMs: number): FeedItem => ({
  id: idOf(anomaly),
  atMs,
  run: anomaly.identity.run,
  timeFrame: anomaly.identity.timeFrame,
  region: anomaly.identity.sourceName,
  cause: anomaly.scoreName,
  pValue: anomaly.pValue,
  where: whereOf(anomaly, card),
});

const count = (p: number): string => Number((1 / p).toPrecision(2)).toLocaleString('en');

/** A smaller p-value says more than is known of any tail. */
const rarestTold = 1e-6;

/** @param low, high the interval of `p`; a `low` of 0: no normal frame seen is as unusual, `p` is extrapolated from a fit */
export const pValueInWords = (p: number, low: number | null, high: number | null): string => {
  if (p <= 0) return 'no normal frame known is as unusual';
  if (p > 0.5) return 'most normal frames are as unusual';
  const isBeyond = p < rarestTold;
  if (low !== null && high !== null && low <= 0) {
    const about = isBeyond ? 'fewer than one in a million' : `about one in ${count(p)}`;
    return `rarer than every normal frame seen: at most one in ${count(high)} is as unusual; extrapolated, ${about}`;
  }
  const between = low === null || high === null ? '' : ` (between ${count(high)} and ${count(low)})`;
  return isBeyond
    ? 'fewer than one normal frame in a million is as unusual'
    : `about one normal frame in ${count(p)} is as unusual${between}`;
};

export const anomalyShown = (
  anomaly: Anomaly,
  card: InstrumentCard,
  atMs: number,
  labels: readonly LabelShown[],
): AnomalyShown => {
  const said = anomaly.pLow > 0 || anomaly.pHigh < 1;
  const [pLow, pHigh] = said ? [anomaly.pLow, anomaly.pHigh] : [null, null];
  return {
    ...feedItemOf(anomaly, card, atMs),
    words: pValueInWords(anomaly.pValue, pLow, pHigh),
    pLow,
    pHigh,
    scores: anomaly.scores,
    findings: anomaly.findings.map(({ scoreName, score, span, channels, patches }) => ({
      scoreName,
      score,
      where: spanInWords(span, card.axes),
      channels: channels.map(({ index, share }) => ({
        channel: index,
        share,
        where: channelInWords(card.axes, index),
      })),
      patches: patches.map(({ index, share }) => ({ patch: index, share })),
    })),
    patches: anomaly.patches,
    labels,
  };
};
