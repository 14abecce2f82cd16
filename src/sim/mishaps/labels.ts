/**
 * What simulated frames were made of, as lines of a label file (CSV) that `tessera export --labels` reads: collisions that
 * reach into the time frame, tracks that left charge in the region, and mishaps. Refuses worlds that know no truth.
 */

import type { SimFrame } from '../world.ts';

export const labelHead = 'time_frame,region,collisions,tracks,mishap\n';

/** A frame with its truth, and the names of mishaps that struck it after it was made. */
export type LabelledFrame = SimFrame & { readonly struck?: readonly string[] };

/** A line a region of one time frame. */
export const labelLines = (frames: readonly LabelledFrame[]): string =>
  frames
    .map(({ region, identity, truth, struck = [] }) => {
      const kinds = [...new Set([...truth.mishaps.map(({ kind }) => kind), ...struck])];
      const mishap = kinds.length === 0 ? 'none' : kinds.join('+');
      return `${identity.timeFrame},${region},${truth.collisions.length},${truth.tracks.length},${mishap}\n`;
    })
    .join('');
