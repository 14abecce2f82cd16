/**
 * Policy snapshots as JSON, readable by people and other tools on the compacted `<i>_policy` topic. Decoding
 * refuses a snapshot that does not hold together, with every fault in it named.
 */

import { z } from 'zod';
import { Fault } from '../domain/fault.ts';
import type { PolicySnapshot } from '../domain/policy.ts';
import { policyVersion } from '../domain/quantity.ts';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** The tree of levels has four planes at most, and a remainder rests on all there are. */
const rungs = z.object({ planes: z.number().int().min(0).max(4), remainder: z.boolean() });

const snapshot = z.object({
  version: z.number().int().min(0).max(0xffffffff),
  rarePValue: z.number().min(0).max(1),
  prescale: count,
  warmupCount: count,
  refinement: rungs.optional(),
  sketch: z
    .object({
      scoreMin: z.number(),
      scoreStep: z.number().positive(),
      cells: z.number().int().min(1).max(65536),
      // Band b starts at 2^b − 1 hits, so 64 bands hold any count.
      bands: z.array(z.array(count)).min(1).max(64),
    })
    .refine((sketch) => sketch.bands.every((band) => band.length === sketch.cells), {
      message: 'every band must have `cells` counts',
    }),
});

export const encodePolicy = (policy: PolicySnapshot): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(policy));

/** Throws message-malformed when the bytes are not JSON, message-field with all faults otherwise. */
export const decodePolicy = (bytes: Uint8Array): PolicySnapshot => {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Fault('message-malformed', 'a policy snapshot is JSON in UTF-8; these bytes are not', {
      cause,
    });
  }
  const parsed = snapshot.safeParse(json);
  if (!parsed.success)
    throw new Fault(
      'message-field',
      `policy snapshot: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
    );
  return { ...parsed.data, version: policyVersion(parsed.data.version) };
};
