/**
 * The readiness report of a run: its time frames read once, what was measured as JSON, and as a page. Refuses to change
 * what it looks at.
 */

import { packetOf } from '../../../archive/packet_rows.ts';
import { isChosen } from '../../../archive/readiness/columns.ts';
import { fairOf } from '../../../archive/readiness/fair.ts';
import { openMeasure, type SeenPacket } from '../../../archive/readiness/measure.ts';
import { cautionsOf, type Readiness, readinessHtml } from '../../../archive/readiness/report.ts';
import { type DatasetFacts, isSimulated, sumsOf } from '../../../archive/view/facts.ts';
import { packetSymbols } from '../../../codec/packet.ts';
import { prepareTokenTables, type TokenTables } from '../../../codec/tokens.ts';
import { limits } from '../../../domain/limits.ts';
import { LayerKind } from '../../../domain/packet.ts';
import type { Store } from '../../../ports/store.ts';
import type { OpenRun, StoredPacket } from '../archive.ts';

export interface ReadinessParts {
  /** Where the report goes. */
  readonly store: Store;
  readonly run: OpenRun;
  readonly facts: DatasetFacts;
  /** The described folder. */
  readonly folder: string;
}

const tokensOf = ({ row, payloads }: StoredPacket): Uint8Array | null => {
  const layer = row.layers.findIndex(({ kind }) => kind === LayerKind.tokens);
  return payloads[layer] ?? null;
};

const symbolsOf = (
  stored: StoredPacket,
  { run, facts }: ReadinessParts,
  tables: TokenTables,
): Uint8Array | null => {
  const payload = tokensOf(stored);
  if (payload === null || stored.row.modelHash !== facts.model.hash) return null;
  const layers = stored.row.layers.filter(({ kind }) => kind === LayerKind.tokens);
  const packet = packetOf({ ...stored.row, layers }, [payload], run.identity);
  const tokens = packetSymbols(packet, facts.model, tables);
  return tokens?.symbols.slice(0, tokens.patchCount * facts.model.symbolsPerPatch) ?? null;
};

/** Scores of the run's first packets; what comes later under another name is not looked at. */
const scoresOf = async (run: OpenRun): Promise<string[]> => {
  const names = new Set<string>();
  let seen = 0;
  for await (const { packets } of run.timeFrames()) {
    for (const { row } of packets) for (const { name } of row.scores) names.add(name);
    seen += packets.length;
    if (seen >= limits.readinessScorePacketsMax) break;
  }
  return [...names];
};

export const measureRun = async (parts: ReadinessParts): Promise<Readiness | null> => {
  const { run, facts } = parts;
  const { timeFrames, packets: packetCount } = sumsOf(run.seals);
  if (timeFrames === null) return null;
  const { card, model, version } = facts;
  const measure = openMeasure({ card, model, timeFrames, scoreNames: await scoresOf(run) });
  const tables = prepareTokenTables(model, card);
  const every = Math.max(1, Math.ceil(packetCount / limits.readinessPacketsMax));
  let at = 0;
  for await (const { timeFrame, events, packets } of run.timeFrames({ kinds: ['tokens'] })) {
    const seen = packets.map((stored): SeenPacket => {
      const decode = isChosen(at++, every);
      return {
        row: stored.row,
        tokens: tokensOf(stored),
        symbols: decode ? symbolsOf(stored, parts, tables) : null,
      };
    });
    if (events.length > 0 || packets.length > 0)
      measure.timeFrame({ timeFrame, reason: events.at(-1)?.reason ?? null, packets: seen });
  }
  const measured = measure.close();
  return {
    layout: 1,
    run: run.run,
    instrument: card.id,
    simulated: isSimulated(facts.run),
    version,
    ...measured,
    fair: fairOf(facts),
    cautions: cautionsOf(measured, facts),
  };
};

/** Names of the files made; none for a run that holds nothing. May be called again: the same run gives the same files. */
export const makeReadiness = async (parts: ReadinessParts): Promise<readonly string[]> => {
  const found = await measureRun(parts);
  if (found === null) return [];
  const { folder } = parts;
  const encoder = new TextEncoder();
  await parts.store.put(`${folder}readiness.json`, [encoder.encode(`${JSON.stringify(found, null, 2)}\n`)]);
  await parts.store.put(`${folder}readiness.html`, [encoder.encode(readinessHtml(found, parts.facts))]);
  return [`${folder}readiness.json`, `${folder}readiness.html`];
};
