/**
 * Readings as sentences for whoever is on shift: what differs, and how rare that is. Refuses to boast: a rarity that a tail was
 * drawn out to is said as a bound.
 */

import type { Reading } from '../checks/list.ts';

const objects: Readonly<Record<string, string>> = {
  occupancy: 'occupancy',
  charge: 'charge a hit',
  alone: 'lone hits',
  pairs: 'hits shared with the next channel',
  bits: 'the bits of its ADC values',
  adc: 'ADC values',
  card_adc: 'ADC values',
  time: 'times of hits',
  card_time: 'times of hits',
  pulse_length: 'lengths of pulses',
  hits: 'hits a frame',
  repeats: 'the share of frames that repeats',
  symbols: 'tokens',
  digits: 'digits of tokens',
  sectors: 'number of objects',
  counts: 'number of objects',
};
const nameOf = (object: string): string => objects[object] ?? object;
const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const rounded = (value: number): string => Number(value.toPrecision(3)).toLocaleString('en');

/** Objects end in what of them is read: `adc χ²`, `trend of hits`. */
const plainObject = (of: string): string =>
  nameOf(of.replace(/ (χ²|divergence|pull)$/, '').replace(/^trend of /, ''));

const percent = (ln: number): string => `${rounded(100 * Math.exp(ln))} %`;

const channelSentence = ({ of, value }: Reading, where: readonly string[]): string => {
  const [object, what = ''] = of.split(': ');
  const name = nameOf(object!);
  if (what.startsWith('all')) return `Channels are more uneven in ${name} than in the references`;
  if (what.startsWith('unusually set'))
    return `${upper(where[0] ?? 'A front-end card')} sets a bit of its ADC values otherwise than the others`;
  if (what.startsWith('unusually')) {
    const side = what.startsWith('unusually low') ? 'low' : 'high';
    const times = percent(side === 'low' ? -value : value);
    return `${upper(where[0] ?? 'A part')} is ${side} in ${name}: ${times} of what is usual`;
  }
  if (what.startsWith('suddenly')) {
    const first = where[0] ?? 'A front-end card';
    if (what.includes('untouched'))
      return `${upper(first)} fell silent: tracks cross the front-end cards around it, and next to none of its own hits came`;
    const entries = object === 'occupancy' ? 'hits' : 'objects';
    return `${upper(first)} fell silent: of at least ${rounded(value)} ${entries} expected since then, next to none came`;
  }
  if (what.startsWith('silent')) {
    const first = where[0] ?? 'A part of the detector';
    const rest = where.length > 1 ? ` and ${where.length - 1} more give` : ' gives';
    return `${upper(first)}${rest} nothing, where ${rounded(value * value)} hits are expected`;
  }
  const side = what.startsWith('low') ? 'low' : 'high';
  const beside = what.endsWith('neighbours') ? ' beside the channels around it' : '';
  const place = where[0] ?? 'A channel';
  const more = where.length > 1 ? ` and ${where.length === 16 ? 'many' : where.length - 1} more are` : ' is';
  return `${upper(place)}${more} ${side} in ${name}${beside}, by ${rounded(value)} standard deviations`;
};

/** What a reading says, without how rare it is; `where` as its cell names it. */
export const sentenceOf = (reading: Reading, where: readonly string[]): string => {
  const { check, of, value } = reading;
  switch (check) {
    case 'channels':
      return channelSentence(reading, where);
    case 'cards':
      return `${upper(where[0] ?? 'a front-end card')} differs from the other cards in ${nameOf(of)}`;
    case 'bin by bin':
      return `${upper(nameOf(of))} differ from the references in ${rounded(value)} bins`;
    case 'token use':
      return `${upper(nameOf(of))} are used otherwise than in the references`;
    case 'siblings':
      return `${upper(plainObject(of))} moved otherwise than in the other regions`;
    case 'impossible values':
      return `${rounded(2 ** value - 1)} hits lie below the threshold of zero suppression`;
    case 'trend':
      return `${upper(nameOf(of))} stepped away from the references, by ${rounded(100 * Math.expm1(value))} %`;
    case 'beta-binomial':
      return `${upper(plainObject(of))} differ from the references by AutoDQM’s comparison`;
    default:
      return `${upper(plainObject(of))} differ in shape from the references (${check} ${rounded(value)})`;
  }
};

/** From here on a rarity is the tail's, not the sample's. */
const decadesKnown = 6;

export const rarityInWords = (decades: number): string =>
  decades > decadesKnown
    ? 'fewer than 1 in 1,000,000 good cycles read so'
    : decades < 1
      ? 'as many good cycles do'
      : `about 1 in ${rounded(10 ** decades)} good cycles read so`;
