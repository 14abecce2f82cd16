/** An archive used: its tokens judged by its raw frames, its hits written for others, its packets sent again. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFileStore } from '../../../src/adapters/files/store.ts';
import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import type { EventRow } from '../../../src/archive/event_rows.ts';
import { decodeRun } from '../../../src/commands/archive/decode.ts';
import { replayArchive } from '../../../src/commands/archive/replay.ts';
import { tellVerdict } from '../../../src/commands/archive/verify.ts';
import { cardHash } from '../../../src/domain/quantity.ts';
import { openArchive } from '../../../src/index.ts';
import { judgeAgainstRaw } from '../../../src/services/dataset/against_raw.ts';
import type { OpenRun } from '../../../src/services/dataset/archive.ts';
import type { PacketDecoder } from '../../../src/services/dataset/decoder.ts';
import { openNpz } from '../../../src/wire/files/npz.ts';
import { openFrame } from '../../../src/wire/frame.ts';
import { decodePacket } from '../../../src/wire/packet.ts';
import { cards, format, type MadeFrame, makeArchive, makeFrames } from '../../services/dataset/an_archive.ts';
import { captureOutput } from '../captured_output.ts';

let frames: MadeFrame[];
let run: OpenRun;
let decoder: PacketDecoder;
const folder = mkdtempSync(join(tmpdir(), 'tessera-archive-'));
beforeAll(async () => {
  frames = await makeFrames(12);
  const { store } = await makeArchive(frames);
  const archive = await openArchive(store);
  run = await archive.run(7);
  decoder = await archive.decoder(run);
});
afterAll(async () => {
  await decoder.close();
  rmSync(folder, { recursive: true });
});

const isLossless = ({ packet }: MadeFrame): boolean => decodePacket(packet).layers.length > 2;
const hitsOf = (list: readonly MadeFrame[]): number =>
  list.reduce((sum, { frame }) => sum + openFrame(frame, cards.card).hitCount, 0);

describe('an archive against its raw frames', () => {
  it('is exact where it says so, and tells the tokens’ cost with an interval', async () => {
    const verdict = await judgeAgainstRaw(run, decoder);
    const raw = frames.filter(({ timeFrame }) => timeFrame % 3 === 0);
    expect(verdict).toMatchObject({ rawFrames: raw.length, joined: raw.length, differing: 0 });
    expect(verdict.exact).toBe(raw.filter(isLossless).length);
    const { tokens, lossless } = verdict.layers;
    expect(tokens!.frames).toBe(raw.length);
    expect(tokens!.logMae.low!).toBeLessThan(tokens!.logMae.value);
    expect(tokens!.logMae.high!).toBeGreaterThan(tokens!.logMae.value);
    if (verdict.exact > 0) expect(lossless!.recall.value).toBe(1);
    const told = captureOutput();
    const good = { place: 'here', runs: [], findings: [] };
    expect(tellVerdict(good, [verdict], told, false)).toBe(true);
    expect(told.lines.join('\n')).toMatch(/tokens .*\[0\./);
  });
});

describe('decoding', () => {
  it('writes the hits of the lossless rung, as Parquet and as npz', async () => {
    const lossless = frames.filter(isLossless);
    const parquet = join(folder, 'hits.parquet');
    const summary = await decodeRun(run, decoder, format, { layer: 'lossless', out: parquet });
    expect(summary).toEqual({
      packets: lossless.length,
      without: frames.length - lossless.length,
      hits: hitsOf(lossless),
    });
    const bytes = new Uint8Array(readFileSync(parquet));
    const table = await format.open({ byteLength: bytes.length, read: async (a, b) => bytes.slice(a, b) });
    expect(table.columns).toEqual(['time_frame', 'region', 'layer', 'azimuth', 'time', 'adc']);
    expect(table.rowCount).toBe(hitsOf(lossless));
    const npz = join(folder, 'hits.npz');
    await decodeRun(run, decoder, format, { layer: 'lossless', out: npz });
    const arrays = openNpz(new Uint8Array(readFileSync(npz)));
    expect(arrays.read('adc').shape).toEqual([hitsOf(lossless)]);
  });

  it('takes a part of the time frames, and refuses names it does not know', async () => {
    const out = join(folder, 'part.parquet');
    const { packets } = await decodeRun(run, decoder, format, { layer: 'tokens', out, from: 2, to: 4 });
    expect(packets).toBe(9);
    const other = { layer: 'tokens', out: join(folder, 'hits.root') } as const;
    await expect(decodeRun(run, decoder, format, other)).rejects.toThrow(/\.parquet or \.npz/);
  });
});

describe('objects and events', () => {
  it('are read with nothing but the archive: clusters of refined packets, summaries of regions', async () => {
    let refined = 0;
    let event: EventRow | null = null;
    for await (const { events, packets } of run.timeFrames({ kinds: ['tokens', 'near', 'lossless'] })) {
      event = events[0]!;
      const told = decoder.summaries(event)!;
      expect(told).toHaveLength(cards.card.regions.length);
      for (const packet of packets) {
        const objects = decoder.objects(packet);
        const digits = await decoder.hits(packet, 'lossless');
        expect(objects === null).toBe(digits === null);
        if (digits === null) continue;
        refined++;
        // A cluster's place is one of the wedge's hits, or beside one.
        const cells = new Set(Array.from(digits.voxel.subarray(0, digits.count)));
        for (const { layer, pad, bin } of objects!) {
          const at = (layer * 192 + Math.round(pad)) * 249 + Math.round(bin);
          expect([0, 1, -1, 249, -249, 250, -250, 248, -248].some((step) => cells.has(at + step))).toBe(true);
        }
      }
    }
    expect(refined).toBe(frames.filter(isLossless).length);
    expect(decoder.summaries({ eventTokens: [1, 2], eventModel: null })).toBe(null);
    // Tokens of another model are not told by this one's.
    const of = { eventTokens: event!.eventTokens, eventModel: event!.eventModel };
    expect(decoder.summaries({ ...of, eventModel: null })).toEqual(decoder.summaries(of));
    expect(decoder.summaries({ ...of, eventModel: { id: 'other/1', hash: cardHash('0'.repeat(16)) } })).toBe(
      null,
    );
  });
});

describe('the package’s reader', () => {
  it('does what the README shows', async () => {
    await makeArchive(frames, createFileStore(join(folder, 'archive')));
    const readme = readFileSync('README.md', 'utf8');
    const code = /<!-- reader -->\n```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    const file = join(folder, 'reader.ts');
    writeFileSync(file, code.replace("'./src/index.ts'", JSON.stringify(resolve('src/index.ts'))));
    const ran = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
    expect(ran.status === 0 ? '' : ran.stderr).toBe('');
    const lines = ran.stdout.trim().split('\n');
    expect(lines).toHaveLength(frames.length);
    expect(lines[0]).toMatch(new RegExp(`^0 ${cards.card.regions[0]} [1-9]\\d* `));
  });
});

describe('replaying an archive', () => {
  it('sends every packet byte for byte, in time, in its partition', async () => {
    const clock = createVirtualClock();
    const bus = createMemoryBroker({ clock }).connect();
    const topic = 'again';
    await bus.ensureTopics([{ name: topic, partitions: 2, messageBytesMax: 1e7 }]);
    const signal = new AbortController().signal;
    const progress = (): void => {};
    const summary = await replayArchive({ bus, clock, topic, signal, progress }, [run], 'max');
    expect(summary).toMatchObject({ timeFrames: 12, packets: frames.length, incomplete: 0 });
    const found = new Map<string, number>();
    const ids = new Map<string, number>();
    for await (const { value, partition, key } of bus.read({
      topic,
      from: { at: 'beginning' },
      untilEnd: true,
      bufferBytesMax: 1e7,
    })) {
      found.set(Buffer.from(value).toString('base64'), partition);
      const { identity } = decodePacket(value);
      expect(Buffer.from(key!).toString()).toBe(String(identity.timeFrame));
      const stream = `${identity.sourceName}/${partition}`;
      expect(identity.messageId).toBe((ids.get(stream) ?? -1) + 1);
      ids.set(stream, identity.messageId);
    }
    for (const { packet, timeFrame } of frames)
      expect(found.get(Buffer.from(packet).toString('base64'))).toBe(timeFrame % 2);
    await bus.close();
  });
});
