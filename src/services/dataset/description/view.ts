/**
 * The training view of a run: its packets' tokens as plain integers in shards that loaders know, in parts by time. A run is
 * read twice: once to plan, once to write, so that no more than a shard is held. Refuses to let a part repeat what an
 * earlier one holds.
 */

import { type FileIdentity, packetOf } from '../../../archive/packet_rows.ts';
import type { ViewFacts } from '../../../archive/view/facts.ts';
import type { Labels } from '../../../archive/view/labels.ts';
import { type ViewRow, type ViewTable, viewFields, viewTable } from '../../../archive/view/rows.ts';
import {
  type FrameWeight,
  planShards,
  planSplit,
  type Shard,
  type Split,
  type SplitPlan,
  type SplitRule,
  shardName,
  splitOf,
} from '../../../archive/view/split.ts';
import { packetObjects, packetSymbols } from '../../../codec/packet.ts';
import { prepareTokenTables, type TokenTables } from '../../../codec/tokens.ts';
import type { ColumnValue } from '../../../domain/archive/column.ts';
import { Fault } from '../../../domain/fault.ts';
import type { InstrumentCard } from '../../../domain/instrument.ts';
import { limits } from '../../../domain/limits.ts';
import type { ModelCard } from '../../../domain/model.ts';
import { LayerKind } from '../../../domain/packet.ts';
import type { Store } from '../../../ports/store.ts';
import type { ColumnLists, TableFormat } from '../../../ports/table.ts';
import { sha256Of } from '../../../wire/files/sha256.ts';
import type { OpenRun, StoredPacket } from '../archive.ts';

export interface ViewParts {
  /** Where the view goes; the archive's own store, or another folder. */
  readonly store: Store;
  readonly format: TableFormat;
  readonly run: OpenRun;
  readonly card: InstrumentCard;
  readonly model: ModelCard;
}

export interface ViewSettings {
  readonly rule: SplitRule;
  readonly labels: Labels;
  /** The described folder, in whose `view/` the files go: the run's own, or '' of a place outside the archive. */
  readonly folder: string;
  readonly shardBytesMax?: number;
}

const tokenLayer = (packet: StoredPacket): number =>
  packet.row.layers.findIndex(({ kind }) => kind === LayerKind.tokens);

/** Lists of a row before compression: symbols of two bytes, a coordinate for each axis of each patch. */
const bytesOfPacket = (packet: StoredPacket, model: ModelCard, axes: number): number => {
  const symbols = packet.row.layers[tokenLayer(packet)]?.symbolCount ?? 0;
  const objects = packet.row.layers.find(({ kind }) => kind === LayerKind.objects)?.symbolCount ?? 0;
  return 64 + 2 * symbols + (2 * axes * symbols) / model.symbolsPerPatch + 8 * objects;
};

interface Plan {
  readonly split: SplitPlan;
  readonly shards: readonly Shard[];
  readonly guarded: number;
  readonly withoutTokens: number;
}

const planOf = async (parts: ViewParts, { rule, shardBytesMax }: ViewSettings): Promise<Plan | null> => {
  const { run, model, card } = parts;
  const ranges = run.seals.map(({ timeFrames }) => timeFrames).filter((range) => range !== null);
  if (ranges.length === 0) return null;
  const least = Math.min(...ranges.map(([from]) => from));
  const greatest = Math.max(...ranges.map(([, to]) => to));
  const split = planSplit(least, greatest, rule);
  const weights: FrameWeight[] = [];
  const shardBytes = shardBytesMax ?? limits.viewShardBytesMax;
  let [guarded, withoutTokens] = [0, 0];
  for await (const { timeFrame, packets } of run.timeFrames()) {
    const withTokens = packets.filter((packet) => tokenLayer(packet) >= 0);
    withoutTokens += packets.length - withTokens.length;
    if (withTokens.length === 0) continue;
    if (splitOf(timeFrame, split) === null) {
      guarded += withTokens.length;
      continue;
    }
    const bytes = withTokens.reduce((sum, one) => sum + bytesOfPacket(one, model, card.axes.length), 0);
    // Shards end between time frames; neighbours are told as one, so that a million of them is a thousand numbers.
    const last = weights.at(-1);
    const joins =
      last !== undefined &&
      splitOf(last.timeFrame, split) === splitOf(timeFrame, split) &&
      last.bytes + bytes < Math.min(limits.viewStepBytes, shardBytes / 16);
    if (joins)
      weights[weights.length - 1] = {
        timeFrame: last.timeFrame,
        rows: last.rows + withTokens.length,
        bytes: last.bytes + bytes,
      };
    else weights.push({ timeFrame, rows: withTokens.length, bytes });
  }
  const shards = planShards(weights, split, shardBytes);
  return { split, shards, guarded, withoutTokens };
};

interface RowMaker {
  readonly parts: ViewParts;
  readonly tables: TokenTables;
  readonly identity: FileIdentity;
  readonly labels: Labels;
}

const rowOf = (
  { parts, tables, identity, labels }: RowMaker,
  { row, payloads }: StoredPacket,
  eventTokens: readonly number[],
): ViewRow => {
  // Layers of higher rungs are not read here, and not asked for.
  const read = row.layers.map((head, i) => ({ head, payload: payloads[i] }));
  const kept = read.filter(({ head }) => head.kind === LayerKind.tokens || head.kind === LayerKind.objects);
  const packet = packetOf(
    { ...row, layers: kept.map(({ head }) => head) },
    kept.map(({ payload }) => payload),
    identity,
  );
  const tokens = packetSymbols(packet, parts.model, tables)!;
  return {
    timeFrame: row.timeFrame,
    region: row.region,
    startNanos: row.startNanos,
    hitCount: row.hitCount,
    pValue: row.pValue,
    reason: row.reason,
    patches: tokens.patches.slice(0, tokens.patchCount),
    symbols: tokens.symbols.slice(0, tokens.patchCount * parts.model.symbolsPerPatch),
    objects: packetObjects(packet, parts.card),
    eventTokens,
    labels: labels.of(row.timeFrame, row.region),
  };
};

const notesOf = ({ card, model, run }: ViewParts, split: Split): Record<string, string> => ({
  run: String(run.run),
  split,
  instrument: card.id,
  instrument_hash: card.hash,
  model: `${model.name}/${model.version}`,
  model_hash: model.hash,
  symbols_per_patch: String(model.symbolsPerPatch),
  alphabet: String(model.alphabet),
  patch: card.patch.join(),
  axes: card.axes.map(({ name }) => name).join(),
});

/** A shard as chunks: groups of rows as they fill. */
const openShard = (parts: ViewParts, table: ViewTable, split: Split) => {
  const writer = parts.format.write(table.columns, notesOf(parts, split));
  const chunks: Uint8Array[] = [];
  let [rows, weight, total]: [ViewRow[], number, number] = [[], 0, 0];
  const flush = (): void => {
    if (rows.length === 0) return;
    const lists: Record<string, ColumnValue[]> = {};
    for (const { name, of } of table.columns) lists[name] = rows.map(of);
    chunks.push(writer.group(lists as ColumnLists));
    total += rows.length;
    [rows, weight] = [[], 0];
  };
  return {
    add(row: ViewRow): void {
      rows.push(row);
      weight += row.symbols.length + row.patches.length;
      if (rows.length >= limits.viewGroupRowsMax || weight >= limits.viewGroupSymbolsMax) flush();
    },
    end(): { readonly chunks: readonly Uint8Array[]; readonly rowCount: number } {
      flush();
      chunks.push(writer.end());
      return { chunks, rowCount: total };
    },
  };
};

/** Tokens seen, by what they are; two frames of this many symbols are not equal by chance. */
const openRepeats = () => {
  const seen = new Map<string, Split>();
  return (payload: Uint8Array, symbolCount: number, split: Split): boolean => {
    if (symbolCount < limits.viewRepeatSymbolsMin) return false;
    const key = sha256Of([payload]).slice(0, 16);
    const first = seen.get(key);
    if (first === undefined && seen.size < limits.viewRepeatsMax) seen.set(key, split);
    return first !== undefined && first !== split;
  };
};

/** Removes what an earlier view of the run left under other names. */
const sweepView = async (store: Store, folder: string, named: ReadonlySet<string>): Promise<void> => {
  for (const name of await store.folder(folder))
    if (/^(train|validation|test)-\d{5}-of-\d{5}\.parquet$/.test(name) && !named.has(folder + name))
      await store.remove(folder + name);
};

/** Makes the view anew; null for a run that holds nothing. May be called twice: the same run gives the same files. */
export const exportView = async (parts: ViewParts, settings: ViewSettings): Promise<ViewFacts | null> => {
  const { store, run, card, model } = parts;
  const { labels, rule } = settings;
  const plan = await planOf(parts, settings);
  if (plan === null) return null;
  if (run.identity.instrumentHash !== card.hash)
    throw new Fault(
      'packet-model',
      `run ${run.run} is of card ${run.identity.instrumentHash}, the card given is ${card.hash}`,
    );
  const folder = `${settings.folder}view/`;
  const table = viewTable(card, labels.names);
  const maker: RowMaker = {
    parts,
    tables: prepareTokenTables(model, card),
    identity: run.identity,
    labels,
  };
  const isRepeat = openRepeats();
  const rows: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  const files: { name: string; byteCount: number; rowCount: number }[] = [];
  let repeats = 0;
  for (const shard of plan.shards) {
    const open = openShard(parts, table, shard.split);
    for await (const { events, packets } of run.timeFrames({
      from: shard.from,
      to: shard.to - 1,
      kinds: ['tokens'],
    })) {
      const eventTokens = events.findLast((event) => event.eventTokens.length > 0)?.eventTokens ?? [];
      for (const packet of packets) {
        const layer = tokenLayer(packet);
        const payload = packet.payloads[layer];
        if (payload === undefined) continue;
        if (isRepeat(payload, packet.row.layers[layer]!.symbolCount, shard.split)) repeats += 1;
        else open.add(rowOf(maker, packet, eventTokens));
      }
    }
    const { chunks, rowCount } = open.end();
    const name = folder + shardName(shard);
    await store.put(name, chunks);
    rows[shard.split] += rowCount;
    files.push({ name, byteCount: chunks.reduce((sum, { length }) => sum + length, 0), rowCount });
  }
  await sweepView(store, folder, new Set(files.map(({ name }) => name)));
  const frames = (split: Split): [number, number] => [plan.split[split].from, plan.split[split].to];
  return {
    files: files.map((file) => ({ ...file, name: file.name.slice(settings.folder.length) })),
    rows,
    timeFrames: { train: frames('train'), validation: frames('validation'), test: frames('test') },
    rule,
    byteCount: files.reduce((sum, { byteCount }) => sum + byteCount, 0),
    guarded: plan.guarded,
    withoutTokens: plan.withoutTokens,
    repeats,
    fields: viewFields(card, { perPatch: model.symbolsPerPatch, alphabet: model.alphabet }, labels.names),
  };
};
