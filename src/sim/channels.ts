/**
 * The state of every readout channel: gain, dead, hot; drawn once for a chamber from its seed. Refuses to change
 * with time: what comes and goes is a mishap.
 */

import { createPrng } from '../kernels/prng.ts';
import type { Detector } from './detector.ts';

/** Per region, [layer][pad]: gain (0 = dead) and extra noise in ADC counts (0 = ordinary). */
export interface Channels {
  readonly gain: readonly Float32Array[];
  readonly extraNoise: readonly Float32Array[];
}

/** Numbers the key's last word so that no other stream of the world shares it. */
const channelStream = 3;

export const prepareChannels = (detector: Detector, key: readonly number[]): Channels => {
  const { conditions, layers, pads, regionCount } = detector;
  const gain: Float32Array[] = [];
  const extraNoise: Float32Array[] = [];
  for (let region = 0; region < regionCount; region += 1) {
    const prng = createPrng(...key, channelStream, region);
    const gains = new Float32Array(layers * pads);
    const noises = new Float32Array(layers * pads);
    for (let channel = 0; channel < gains.length; channel += 1) {
      gains[channel] = Math.max(0.2, 1 + conditions.channelGainSpread * prng.gaussian());
      const fate = prng.uniform();
      if (fate < conditions.deadChannelShare) gains[channel] = 0;
      else if (fate > 1 - conditions.hotChannelShare) {
        noises[channel] = conditions.hotChannelNoiseAdc * (0.7 + 0.6 * prng.uniform());
      }
    }
    gain.push(gains);
    extraNoise.push(noises);
  }
  return { gain, extraNoise };
};
