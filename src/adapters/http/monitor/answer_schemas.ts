/** What the monitor answers. Refuses nothing yet. */
import { z } from 'zod';
export const text = z.string();
const any = z.unknown();

export {
  any as alarms,
  any as anomaly,
  any as board,
  any as done,
  any as feed,
  any as feedItems,
  any as frame,
  any as hierarchy,
  any as labels,
  any as layouts,
  any as object,
  any as objectTree,
  any as references,
  any as rootObject,
  any as runs,
  any as services,
  any as trendNames,
  any as trends,
};
