/**
 * What is usual of an instrument, shipped beside its card: what readings of its checks are in good cycles, and the shapes
 * its objects have then. Refuses (card-invalid) what is of another format, and knots that do not ascend.
 */

import { z } from 'zod';
import { checkCard, id, record } from './schema.ts';

const finite = z.number().finite();
const knots = z
  .object({ at: z.array(finite).length(4), scale: finite.positive() })
  .refine(({ at }) => at.every((value, i) => i === 0 || value >= at[i - 1]!), 'knots must ascend');
/** Parts of a million, or numbers that are none: of any unit, but not below nothing. */
const shape = z.array(finite.min(0)).min(1).max(65_536);
/** By check and reading: `channels: occupancy: low card`. */
const readings = z.record(z.string().min(1).max(128), knots);

const usual = z.object({
  format: z.literal('tessera-usual/2'),
  instrument: id,
  /** Hash of the instrument's card that the runs were simulated by. */
  card: z.string().regex(/^[0-9a-f]{16}$/),
  /** Of each object, or trend, what it is in good runs of any of the instrument's regions. */
  shapes: z.record(z.string(), shape),
  /** Readings against those shapes, and within a cycle. */
  alone: readings,
  /** Readings against the same detector: a run's first cycles, or good runs, which are longer. */
  compared: z.object({ beginning: readings, runs: readings }),
  /** How it was made: seeds, runs, cycles, version; what is simulated. */
  made: record,
});

export type UsualCard = Readonly<z.infer<typeof usual>>;

/** @throws Fault `card-invalid` with all that is wrong */
export const parseUsualCard = (json: string): UsualCard => checkCard('usual', usual, json).card;
