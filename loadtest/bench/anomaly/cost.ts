/** Placeholder until the lane is wired. */

import type { Row } from './part.ts';

export const measureCost = async (
  _: boolean,
): Promise<{ rows: readonly Row[]; ratios: Readonly<Record<string, number | null>> }> => ({
  rows: [],
  ratios: {},
});
