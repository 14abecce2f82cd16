/**
 * From a frame's hits to its layer of object tokens, clusters found in it. Refuses nothing: where clusters are not an
 * instrument's objects there is no finder. Objects frames have none either: their patches are objects, and so their
 * tokens are the object tokens already.
 */

import type { Digits } from '../../domain/frame.ts';
import type { InstrumentCard } from '../../domain/instrument.ts';
import type { Layer } from '../../domain/packet.ts';
import { openClusterFinder, sumClusters } from '../../kernels/clusters/cluster_sums.ts';
import { encodeObjects, openObjectCoder } from './layer.ts';
import { hasClusters, objectGrid, openObjectRoom, tokensOf } from './shapes.ts';

/** One per thread; its scratch is made with the first frame. Digits lie in the grid, ascending. */
export const openObjectFinder = (card: InstrumentCard): ((digits: Digits) => Layer) | null => {
  if (!hasClusters(card)) return null;
  const grid = objectGrid(card);
  const open = () => ({
    finder: openClusterFinder(card),
    room: openObjectRoom(grid),
    coder: openObjectCoder(grid),
  });
  let opened: ReturnType<typeof open> | null = null;
  return (digits) => {
    opened ??= open();
    const { finder, room, coder } = opened;
    const count = sumClusters(digits, finder);
    return encodeObjects(tokensOf(finder.sums, count, room), coder);
  };
};
