/**
 * Tails of the count in a window when the rate behind it is known from a count in a longer time: what a burst's
 * threshold and significance are made of. Refuses counts and times below nothing by giving 1.
 */

/** Lanczos' approximation of ln Γ (J. SIAM Numer. Anal. B 1, 1964) with Godfrey's g = 7: 15 digits. */
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** @param x above 0 */
const lnGamma = (x: number): number => {
  let sum = lanczos[0] as number;
  for (let i = 1; i < lanczos.length; i++) sum += lanczos[i]! / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
};

/** Terms below this share of the sum are left out. */
const negligible = 1e-12;

/** What a background is known from. */
export interface BackgroundCount {
  /** Events seen, ≥ 0; a fraction where events have weights. */
  readonly count: number;
  /** Live time they were seen in, s. */
  readonly seconds: number;
}

/**
 * P(K ≥ `least`) of the negative binomial K = Poisson(λ · window) with λ ~ Gamma(shape, seconds): what the window may
 * hold as the rate is known no better than that.
 * @param shape above 0
 */
const mixedTail = (shape: number, seconds: number, windowSeconds: number, least: number): number => {
  const from = Math.ceil(least);
  if (from <= 0 || !(seconds > 0)) return 1;
  const share = windowSeconds / (windowSeconds + seconds);
  const [lnShare, lnRest] = [Math.log(share), Math.log1p(-share)];
  const term = (k: number): number =>
    Math.exp(lnGamma(shape + k) - lnGamma(shape) - lnGamma(k + 1) + shape * lnRest + k * lnShare);
  if (from <= (shape * windowSeconds) / seconds) {
    // Below the mean the other side is the shorter sum.
    let below = 0;
    for (let k = from - 1, now = term(k); k >= 0 && now > negligible * below; k--) {
      below += now;
      now *= k / ((shape + k - 1) * share);
    }
    return Math.max(0, 1 - below);
  }
  let sum = 0;
  for (let k = from, now = term(k); now > negligible * sum; k++) {
    sum += now;
    now *= ((shape + k) / (k + 1)) * share;
  }
  return Math.min(1, sum);
};

/**
 * Probability that background alone puts `least` events or more into a window. With the shape count + 1 this is the
 * exact binomial test of an on/off measurement (Cousins, Linnemann and Tucker, NIM A 595, 2008: Z_Bi = Z_Γ), which never
 * understates.
 */
export const windowPValue = (background: BackgroundCount, windowSeconds: number, least: number): number =>
  mixedTail(background.count + 1, background.seconds, windowSeconds, least);

/**
 * Upper bound of the rate at which background events end a window that holds `least` events or more, per second:
 * λ · P(Poisson(λ · window) ≥ least − 1), because an event of a Poisson process finds the others as if it were not there
 * (Mecke, Z. Wahrscheinlichkeitstheorie 9, 1967), averaged over what is known of λ. Every alarm begins with such an
 * event, so alarms are no more frequent. With λ known well it is the usual condition of supernova monitors.
 */
export const fullWindowsPerSecond = (
  background: BackgroundCount,
  windowSeconds: number,
  least: number,
): number =>
  ((background.count + 1) / background.seconds) *
  mixedTail(background.count + 2, background.seconds, windowSeconds, least - 1);

/**
 * The least counts with which windows of these lengths are full, so that the bounds together stay within `perSecond`
 * (Boole: any window is full no oftener than all of them together). Each has an equal share; what whole counts leave of
 * it goes to the longest window that can use it, because the bursts that are looked for take seconds.
 * @param near where the search begins: the last answer
 * @returns 0 for all while the background is not known
 */
export const thresholdsOf = (
  background: BackgroundCount,
  windowsSeconds: readonly number[],
  perSecond: number,
  near: readonly number[],
): number[] => {
  if (!(background.seconds > 0)) return windowsSeconds.map(() => 0);
  const share = perSecond / windowsSeconds.length;
  let left = perSecond;
  const thresholds = windowsSeconds.map((seconds, j) => {
    const rate = (least: number) => fullWindowsPerSecond(background, seconds, least);
    let least = Math.max(2, near[j]!);
    let now = rate(least);
    for (; now > share; now = rate(least)) least++;
    for (let before = least > 2 ? rate(least - 1) : 1; before <= share; before = rate(least - 1)) {
      least--;
      now = before;
      if (least === 2) break;
    }
    left -= now;
    return { least, now };
  });
  for (let j = windowsSeconds.length - 1; j >= 0; j--) {
    const { least, now } = thresholds[j]!;
    if (least === 2) continue;
    const cost = fullWindowsPerSecond(background, windowsSeconds[j]!, least - 1) - now;
    if (cost > left) continue;
    left -= cost;
    thresholds[j]!.least = least - 1;
  }
  return thresholds.map(({ least }) => least);
};
