/** The training view and the description of a run, from real packets: what is in it is what the packets say. */

import { beforeAll, describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../../src/adapters/memory/store.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { runFile, runFolder } from '../../../src/archive/names.ts';
import type { Readiness } from '../../../src/archive/readiness/report.ts';
import { encodeRun, type RunFile } from '../../../src/archive/run.ts';
import type { DatasetFacts } from '../../../src/archive/view/facts.ts';
import { parseLabels } from '../../../src/archive/view/labels.ts';
import { coordinatesOf } from '../../../src/archive/view/rows.ts';
import { decodeTokens, prepareTokenTables } from '../../../src/codec/tokens.ts';
import { patchesPerAxis } from '../../../src/domain/instrument.ts';
import { LayerKind } from '../../../src/domain/packet.ts';
import { type OpenRun, openArchive } from '../../../src/services/dataset/archive.ts';
import { closeRun } from '../../../src/services/dataset/close_run.ts';
import { describeRun, exportRun } from '../../../src/services/dataset/description/describe.ts';
import { exportView } from '../../../src/services/dataset/description/view.ts';
import { verifyArchive } from '../../../src/services/dataset/verify.ts';
import { modelCard, ppCard } from '../../stages/wedge.ts';
import { archiveOfWedges, format } from './archive_of_wedges.ts';

const store = createMemoryStore();
const view = { shares: [0.6, 0.2, 0.2], guardFrames: 1 } as const;
const timeFrames = 40;
let run: OpenRun;
let facts: DatasetFacts;

const rowsOf = async (name: string): Promise<Record<string, unknown>[]> => {
  const bytes = await store.read(name);
  const table = await format.open({ byteLength: bytes.length, read: async (a, b) => bytes.slice(a, b) });
  const rows: Record<string, unknown>[] = [];
  for await (const group of table.rows()) rows.push(...group);
  return rows;
};

beforeAll(async () => {
  await archiveOfWedges({
    store,
    run: 7,
    regions: 3,
    timeFrames,
    perSegment: 16,
    metadata: '{"simulated":true,"licence":"CC-BY-4.0"}',
    repeatAfter: 36,
    isAbsent: (timeFrame, region) => region === 2 && timeFrame % 10 === 3,
  });
  run = await (await openArchive({ store, format })).run(7);
  facts = (await describeRun({ store, format, version: '0.1.0', view }, run))!;
});

describe('a training view', () => {
  it('holds the tokens of its packets, each once, in the part of its time frame', async () => {
    const tables = prepareTokenTables(modelCard, ppCard);
    const expected = new Map<string, unknown>();
    for await (const { timeFrame, packets } of run.timeFrames({ kinds: ['tokens'] }))
      for (const { row, payloads } of packets) {
        const layer = row.layers.findIndex(({ kind }) => kind === LayerKind.tokens);
        const { patches, patchCount, symbols } = decodeTokens(payloads[layer]!, tables);
        const sizes = patchesPerAxis(ppCard);
        expected.set(`${timeFrame}/${row.region}`, {
          tokens: [...symbols.subarray(0, patchCount * modelCard.symbolsPerPatch)],
          patch_time: [...coordinatesOf(patches.subarray(0, patchCount), sizes, 2)],
          hit_count: row.hitCount,
          event_tokens: [timeFrame % 81, 80],
        });
      }
    const seen = new Map<string, string>();
    for (const { name, rowCount } of facts.view!.files) {
      const rows = await rowsOf(runFolder(7) + name);
      expect(rows.length).toBe(rowCount);
      const split = /^view\/([a-z]+)-/.exec(name)![1] as 'train';
      const [from, to] = facts.view!.timeFrames[split];
      for (const row of rows) {
        const key = `${row.time_frame}/${row.region}`;
        expect(seen.has(key)).toBe(false);
        seen.set(key, split);
        expect(Number(row.time_frame)).toBeGreaterThanOrEqual(from);
        expect(Number(row.time_frame)).toBeLessThan(to);
        expect(row).toMatchObject(expected.get(key)!);
      }
    }
    const { guarded, repeats, withoutTokens } = facts.view!;
    expect(withoutTokens).toBe(0);
    expect(seen.size + guarded + repeats).toBe(expected.size);
    // The last four time frames repeat the first four, which train has; one region was absent.
    expect(repeats).toBe(4 * 3 - 1);
  });

  it('is the same however often it is made, in as many shards as it takes', async () => {
    const before = await Promise.all(facts.view!.files.map(({ name }) => store.read(runFolder(7) + name)));
    const again = await describeRun({ store, format, version: '0.1.0', view }, run);
    const after = await Promise.all(again!.view!.files.map(({ name }) => store.read(runFolder(7) + name)));
    expect(after).toEqual(before);
    const parts = { store: createMemoryStore(), format, run, card: ppCard, model: modelCard };
    const labels = parseLabels('time_frame,kind\n3,odd\n', 'l.csv', ppCard.regions);
    const small = (await exportView(parts, { rule: view, labels, folder: '', shardBytesMax: 20_000 }))!;
    expect(small.files.length).toBeGreaterThan(facts.view!.files.length);
    expect(small.rows).toEqual(facts.view!.rows);
    expect(small.fields.at(-1)!.name).toBe('kind');
  });

  it('goes into a folder of its own and leaves the archive as it was', async () => {
    const names = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { name } of store.list('')) found.push(name);
      return found;
    };
    const before = await names();
    const out = createMemoryStore();
    const exported = await exportRun({ store, format, version: '0.1.0', view }, run, out);
    expect(exported!.view!.files.map(({ name }) => name)).toEqual(facts.view!.files.map(({ name }) => name));
    expect(await names()).toEqual(before);
    const sheet = new TextDecoder().decode(await out.read('README.md'));
    expect(sheet).toContain('path: view/train-*.parquet');
    expect(sheet).not.toContain('data/*');
    expect((await out.folder('cards/')).length).toBe(5);
  });
});

describe('the description of a run', () => {
  it('measures what was made', async () => {
    const found = JSON.parse(
      new TextDecoder().decode(await store.read(`${runFolder(7)}readiness.json`)),
    ) as Readiness;
    const absent = 4;
    expect(found.completeness).toMatchObject({
      timeFrames,
      completeShare: 1 - absent / timeFrames,
      absentTimeFrames: 0,
      packets: timeFrames * 3 - absent,
      reasons: { complete: timeFrames - absent, deadline: absent },
    });
    expect(found.completeness.silentRegions.length).toBe(ppCard.regions.length - 3);
    expect(found.duplicates).toMatchObject({ places: 0, contents: 11 });
    expect(found.simulated).toBe(true);
    expect(found.tokens.use.length).toBe(modelCard.symbolsPerPatch);
    expect(found.columns.map(({ name }) => name)).toContain('token_bytes');
    expect(found.cautions.join(' ')).toMatch(/21 regions sent nothing.*90 %.*11 of/);
    const html = new TextDecoder().decode(await store.read(`${runFolder(7)}readiness.html`));
    expect(html.match(/<svg/g)!.length).toBe(6);
    expect(html).not.toMatch(/<script|NaN|undefined/);
  });

  it('says what was recorded, and what was not', async () => {
    const sheet = new TextDecoder().decode(await store.read(`${runFolder(7)}README.md`));
    expect(sheet).toContain('**Simulated frames.**');
    expect(sheet).toContain('CC-BY-4.0');
    expect(sheet).toContain(modelCard.hash);
    expect(sheet).not.toMatch(/undefined|NaN|\[object/);
    const silent = createMemoryStore();
    await archiveOfWedges({ store: silent, run: 8, regions: 1, timeFrames: 2, perSegment: 2 });
    const other = await (await openArchive({ store: silent, format })).run(8);
    await describeRun({ store: silent, format, version: '0.1.0', view: null }, other);
    const bare = new TextDecoder().decode(await silent.read(`${runFolder(8)}README.md`));
    expect(bare).toContain('not recorded');
    expect(bare).toContain('No licence is recorded');
    expect(bare).toContain('has not made one yet');
  });

  it('is proven by the manifest of the closed run, which names a bit that flips in the view', async () => {
    const closing = createMemoryStore();
    await archiveOfWedges({ store: closing, run: 9, regions: 2, timeFrames: 12, perSegment: 6 });
    const parts = { store: closing, format, version: '0.1.0' };
    const describe = [(closed: OpenRun) => describeRun({ ...parts, view }, closed)];
    const open = await (await openArchive(parts)).run(9);
    const closed: RunFile = { ...open.file!, state: 'closed', closedMs: 1_767_225_700_000 };
    await closing.put(runFile(9), [encodeRun(closed)]);
    const manifest = await closeRun({ ...parts, signer: null, log: quietLog, describe }, closed, open.seals);
    const names = manifest.files.map(({ name }) => name);
    for (const name of ['README.md', 'croissant.json', 'readiness.html', 'readiness.json'])
      expect(names).toContain(runFolder(9) + name);
    const verify = () => verifyArchive({ store: closing, format, trusted: null });
    expect((await verify()).findings).toEqual([]);
    const train = names.find((name) => name.includes('/view/train-'))!;
    const bytes = await closing.read(train);
    bytes[200]! ^= 4;
    await closing.put(train, [bytes]);
    const { findings } = await verify();
    expect(findings).toEqual([expect.objectContaining({ file: train, groups: [0], timeFrames: [0, 6] })]);
  });
});
