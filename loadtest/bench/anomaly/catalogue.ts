/**
 * Part of `tessera bench anomaly`: the catalogue of injected mishaps, how many of each are found at each strength, and
 * what two baselines find. Refuses to hide a kind it finds badly.
 */

import type { Part } from './part.ts';

export const catalogue: Part = {
  name: 'catalogue',
  title: 'Injected mishaps found, by kind and strength',
  measure: () => Promise.resolve({ rows: [], ratios: {}, note: 'Not measured yet.' }),
};
