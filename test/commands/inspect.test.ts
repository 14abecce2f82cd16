/** inspect on the memory bus and on dump files: what a person reads of each message, and fidelity with the real models. */

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModel } from '../../src/adapters/onnx/model.ts';
import { alarmRules } from '../../src/anomaly/alarm_conditions.ts';
import { observe, openAlarmBook } from '../../src/anomaly/alarms.ts';
import { eventTokenizer } from '../../src/codec/event_tokens.ts';
import { openObjectFinder } from '../../src/codec/objects/finder.ts';
import { type InspectOptions, inspect } from '../../src/commands/inspect.ts';
import { openJudge } from '../../src/commands/inspection/judge.ts';
import { patchInWords, tell } from '../../src/commands/inspection/words.ts';
import { nameOfEventModel } from '../../src/domain/archive/event_model.ts';
import { type PartialEvent, PartialEventReason } from '../../src/domain/archive/partial_event.ts';
import type { Layer } from '../../src/domain/packet.ts';
import { cardHash, epochNanos } from '../../src/domain/quantity.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { encodeAlarm } from '../../src/wire/alarms/alarm.ts';
import { encodeAnswer, encodeCommand } from '../../src/wire/alarms/command.ts';
import { encodeAlarmState } from '../../src/wire/alarms/state.ts';
import { encodePartialEvent } from '../../src/wire/events/partial_event.ts';
import { dumpEntry, readDump } from '../../src/wire/files/dump.ts';
import { encodeFrame } from '../../src/wire/frame.ts';
import { digitsOfRecords, recordLayout } from '../../src/wire/frames/records.ts';
import { encodeLogData } from '../../src/wire/log_data.ts';
import { encodePacket } from '../../src/wire/packet.ts';
import { encodePolicy } from '../../src/wire/policy.ts';
import { encodeStatus } from '../../src/wire/status.ts';
import { digitsOf, identityOf, randomOf } from '../frames.ts';
import { eventCardOf } from '../models/event_cards.ts';
import { triggerCard } from '../objects.ts';
import * as world from '../services/gateway_world.ts';
import { captureOutput } from './captured_output.ts';

const { card, model, topics } = world;
const folder = mkdtempSync(join(tmpdir(), 'tessera-inspect-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const atNanos = epochNanos(1_750_000_000_123_456_789n);

describe('messages in words', () => {
  it('tells the clusters of a packet, the largest first, and a damaged layer as its fault', () => {
    const digits = digitsOf(card, 30, randomOf(4));
    const packet = { ...world.packet(5), hitCount: digits.count };
    const objects = openObjectFinder(card)!(digits);
    const told = (layers: readonly Layer[]) => tell(encodePacket({ ...packet, layers }), card);
    const full = told([objects]).full.map(([label, text]) => `${label}: ${text}`);
    expect(full.find((line) => line.startsWith('objects: '))).toMatch(
      /^objects: \d+ clusters in \d+ patches, the largest:$/,
    );
    expect(full.filter((line) => line.startsWith('object: '))).toHaveLength(4);
    expect(full.find((line) => line.startsWith('object: '))).toMatch(
      /^object: layer \d+, azimuth [\d.]+, time [\d.]+: charge [\d,]+ ADC, [\d.]+ × [\d.]+ cells wide$/,
    );
    const cut = { ...objects, payload: objects.payload.slice(0, -2) };
    expect(told([cut]).full.find(([label]) => label === 'objects')?.[1]).toContain('packet-layer: ');
  });

  it('tells partial events: regions, losses, and what the event tokens say of them', () => {
    const regions = [0, 1, 5];
    const packets = regions.map((region) => ({
      region,
      packet: encodePacket(world.packet(5, { region })),
      instants: new Uint8Array(0),
    }));
    const { messageId, sourceName, ...identity } = world.packet(5).identity;
    const model = eventCardOf('event-fsq-pp');
    const event: PartialEvent = {
      ...{ ...identity, sourceName: `${card.id}.assembler/0`, messageId, revision: 0, part: 0, partCount: 1 },
      ...{ reason: PartialEventReason.deadline, regionCount: 24, present: Uint8Array.of(0b100011, 0, 0) },
      ...{ gaps: [{ region: 2, fromId: 3, count: 2 }], packets, eventTokens: eventTokenizer(model)(packets) },
      eventModel: nameOfEventModel(model),
    };
    const told = tell(encodePartialEvent(event), card, {}, model);
    expect(told.kind).toBe('pe00');
    expect(told.row.slice(0, 5)).toEqual(['7', '5', '0', '3 of 24', '3']);
    const full = told.full.map(([label, text]) => `${label}: ${text}`);
    expect(full).toContain(`lost: ${card.regions[2]}: 2 messages from 3 on`);
    expect(full.find((line) => line.startsWith('event tokens: '))).toContain('(by event-fsq-pp/1)');
    const said = full.filter((line) => line.startsWith('they say: '));
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/hits \(its packet: 15\), tokens .*, surprise .* bits$/);
    const unknown = tell(encodePartialEvent(event), card).full.map(([, text]) => text);
    expect(unknown).toContain(`nothing to this build: they are of event-fsq-pp/1, card ${model.hash}`);
    const unsaid = tell(encodePartialEvent({ ...event, eventModel: null }), card).full.map(
      ([, text]) => text,
    );
    expect(unsaid.find((text) => text.includes('another model'))).toBeDefined();
    const other = { id: 'event-fsq-pp/2', hash: cardHash('00000000000000ff') };
    const misread = tell(encodePartialEvent({ ...event, eventModel: other }), card, {}, model).full;
    expect(misread.find(([label]) => label === 'they say')?.[1]).toContain('they are of event-fsq-pp/2');
    const none = tell(encodePartialEvent({ ...event, eventTokens: [] }), card, {}, model);
    expect(none.full.find(([label]) => label === 'event tokens')?.[1]).toBe('none');
  });

  it('tells packets with ratio, reason and layers', () => {
    const bytes = encodePacket(world.packet(5, { region: 2, rare: true, bytes: 40 }));
    const told = tell(bytes, card);
    expect(told.row.slice(0, 5)).toEqual(['7', '5', card.regions[2], '15', '1.0 kB']);
    expect(told.row.slice(-3)).toEqual(['0.001000', 'rare', 'tokens 40 B']);
    const full = told.full.map(([label, text]) => `${label}: ${text}`);
    expect(full).toContain('layer: tokens by tokenRans1: 4 symbols in 40 bytes, 80.00 bits each');
    expect(full).toContain('starts: 2025-06-15T15:06:40.000065985Z, lasts 13,197 ns');
  });

  it('tells frames, anomalies, heartbeats, trends and alarms', () => {
    expect(tell(world.frame(1, 500), card).row).toEqual(
      expect.arrayContaining(['7', '1', card.regions[1], '500', 'gap16']),
    );
    expect(
      tell(encodeStatus({ ...heartbeat, statusJson: '{"status":200,"message":{"rate":3}}' }), card).row,
    ).toEqual(['tessera 0.1.0, processor-1', '200', 'host', '42', '1000 ms']);
    expect(tell(encodeStatus({ ...heartbeat, statusJson: 'fine' }), card).row[1]).toBe('–');
    const trend = encodeLogData({ sourceName: 'rate', timestampNanos: atNanos, value: 2.5 });
    expect(tell(trend, card).row).toEqual(['rate', '2025-06-15T15:06:40.123456789Z', '2.5']);
    const alarm = encodeAlarm({
      sourceName: 'tpc',
      timestampNanos: atNanos,
      severity: 'minor',
      message: 'look',
    });
    expect(tell(alarm, card).row.slice(2)).toEqual(['minor', 'look']);
  });

  it('tells commands, answers and the state of alarms, and other JSON as it is', () => {
    const ask = {
      command: 'shelve',
      cause: 'lag',
      who: 'ana',
      why: 'disk',
      untilMs: 1_777_863_721_000,
    } as const;
    expect(tell(encodeCommand('m1', ask), card).row).toEqual([
      'shelve',
      'lag',
      'ana',
      'disk',
      '2026-05-04T03:02:01.000Z',
      'm1',
    ]);
    expect(tell(Buffer.from('{"command":"open"}'), card).row[3]).toContain('no command "open"');
    const answer = encodeAnswer({ messageId: 'm1', fault: 'lag is not shelved' });
    expect(tell(answer, card).row).toEqual(['m1', 'ERR', 'lag is not shelved']);
    const book = openAlarmBook(alarmRules, null);
    const seen = [{ cause: 'lag', severity: 'major', count: 1, message: 'far behind' } as const];
    const later = [0, 5000, 10_000].reduce(
      (before, ms) => observe(before, alarmRules, seen, 1_777_863_721_000 + ms).book,
      book,
    );
    const state = tell(encodeAlarmState({ judgedMs: 0, book: later }), card);
    expect(state.row).toEqual(['2026-05-04T03:02:11.000Z', '1', '0', 'MAJOR lag']);
    expect(state.full.at(-1)).toEqual(['MAJOR', 'lag, far behind (3 seconds)']);
    expect(tell(Buffer.from('{"hello":1}'), card)).toMatchObject({ kind: 'json', row: ['{"hello":1}'] });
    expect(tell(Buffer.from('{broken'), card)).toMatchObject({ kind: 'json', row: ['{broken'] });
  });

  it('tells policy snapshots, and refused frames by their headers', () => {
    const policy = encodePolicy({ ...world.plainPolicy, prescale: 256 });
    expect(tell(policy, card)).toMatchObject({
      kind: 'policy',
      row: ['0', '0.01', '256 time frames', '0', '1,000'],
    });
    const headers = { code: 'frame-oversize', detail: 'too large', bytes: '9000000' };
    expect(tell(world.frame(1, 5), card, headers)).toMatchObject({
      kind: 'refused',
      row: ['frame-oversize', '9.0 MB', 'too large', 'tf00'],
    });
  });

  it('tells what it cannot read, with the fault', () => {
    const cut = world.frame(1, 500).subarray(0, 300);
    expect(tell(cut, card)).toMatchObject({
      kind: 'other',
      row: ['tf00', '300', expect.stringContaining('frame-malformed')],
    });
    expect(tell(Buffer.from('xxxxab12yyyy'), card).row).toEqual(['ab12', '12', 'no reader for it here']);
    expect(tell(new Uint8Array(0), card).row).toEqual(['–', '0', 'empty']);
  });

  it('tells objects with their numbers in their units', () => {
    const records = [
      { group: 3, values: [91, 100, 12] },
      { group: 0, values: [70, 0, 143] },
      { group: 3, values: [400, 128, 0] },
    ];
    const digits = digitsOfRecords(records, recordLayout(triggerCard));
    const told = tell(encodeFrame(identityOf(triggerCard, 0, 4), digits, triggerCard), triggerCard);
    expect(told.row.slice(2, 7)).toEqual(['l1_global', '4', '3 objects', '176 B', 'records16']);
    expect(told.full.slice(-3)).toEqual([
      ['met', 'pt 35.0 GeV, phi 6.24 rad'],
      ['jet 1', 'pt 200.0 GeV, eta 0.00, phi 0.00 rad'],
      ['jet 2', 'pt 45.5 GeV, eta -1.22, phi 0.52 rad'],
    ]);
    expect(told.data.objects).toEqual([
      { group: 'met', pt: 35, phi: 6.2396 },
      { group: 'jet', pt: 200, eta: 0, phi: 0 },
      { group: 'jet', pt: 45.5, eta: -1.218, phi: 0.5236 },
    ]);
    expect([0, 1, 8, 18].map((slot) => patchInWords(slot, triggerCard))).toEqual([
      'met',
      'egamma 1',
      'muon 4',
      'jet 10',
    ]);
  });

  it('names a patch by the cells it covers', () => {
    expect(patchInWords(0, card)).toBe('layer 0, azimuth 0–7, time 0–7');
    expect(patchInWords(12_287, card)).toBe('layer 15, azimuth 184–191, time 248');
  });
});

const heartbeat = {
  softwareName: 'tessera',
  softwareVersion: '0.1.0',
  serviceId: 'processor-1',
  hostName: 'host',
  processId: 42,
  updateIntervalMs: 1000,
};

describe('tessera inspect', () => {
  let bus: Bus;
  let output: ReturnType<typeof captureOutput>;
  beforeEach(async () => {
    ({ bus } = await world.openBus());
    output = captureOutput();
  });
  afterEach(() => bus.close());

  const parts = () => ({
    card,
    output,
    openBus: () => bus,
    framesTopic: topics.frames,
    openJudge: async () =>
      openJudge({
        card,
        model,
        decoder: await openModel({
          path: join(world.modelFolder, model.decoder.file),
          file: model.decoder,
          provider: 'cpu',
        }),
        tables: world.ladderTables(),
      }),
  });
  const run = (options: Partial<InspectOptions>) =>
    inspect(parts(), { source: topics.tokens, count: 20, ...options });

  it('shows the newest of a topic in one aligned table', async () => {
    for (let i = 0; i < 30; i++) await bus.send([world.packetRecord(world.packet(i), i % world.partitions)]);
    expect(await run({ count: 3 })).toBe(0);
    expect(output.lines[0]).toMatch(/^ *at {2}run {2}time frame {2}source {2,}hits/);
    expect(output.lines).toHaveLength(5);
    expect(output.lines[4]).toMatch(/^3 messages; 3 packets: 3\.1 kB → /);
    const columns = output.lines
      .slice(0, 4)
      .map((line) => line.indexOf('tpc_outer') + line.indexOf('source'));
    expect(new Set(columns).size).toBe(1);
  });

  it('shows a block for each with --full, and one object a line with --json', async () => {
    await bus.send([world.anomalyRecord(world.anomaly(9))]);
    await run({ source: topics.anomalies, full: true });
    expect(output.lines[0]).toBe('an00 at p0@0');
    expect(output.lines.find((line) => line.includes('driven by'))).toContain(
      'azimuth 0–7, time 136–143: 12.0 bits',
    );
    output.lines.length = 0;
    await run({ source: topics.anomalies, json: true });
    expect(JSON.parse(output.lines[0]!)).toMatchObject({
      at: 'p0@0',
      kind: 'an00',
      verdict: 'rare',
      identity: { timeFrame: 9 },
    });
    expect(JSON.parse(output.lines[1]!)).toEqual({
      kind: 'total',
      messages: 1,
      packets: 0,
      frameBytes: 0,
      packetBytes: 0,
    });
  });

  it('saves what it shows, and reads it back', async () => {
    for (let i = 0; i < 5; i++) await bus.send([world.packetRecord(world.packet(i))]);
    const save = join(folder, 'saved.dump');
    await run({ save });
    const saved = [];
    for await (const message of readDump(createReadStream(save))) saved.push(message);
    expect(saved).toEqual(Array.from({ length: 5 }, (_, i) => encodePacket(world.packet(i))));
    const table = output.lines.splice(0);
    await run({ source: save });
    expect(output.lines.map((line) => line.replace(/^ *\S+ /, ''))).toHaveLength(table.length);
    await expect(run({ source: join(folder, 'absent.dump') })).rejects.toMatchObject({
      code: 'file-invalid',
    });
    await expect(run({ source: save, save: join(folder, 'no', 'such', 'place') })).rejects.toMatchObject({
      code: 'file-invalid',
    });
  });

  /** Three frames through the real lane, everything kept losslessly. */
  const tokenized = async () => {
    const lane = await world.openInlineLane();
    const frames = [0, 1, 2].map((i) =>
      encodeFrame(identityOf(card, i, i), digitsOf(card, 5 + 20 * i, randomOf(i)), card),
    );
    const policy = { ...world.plainPolicy, prescale: 1 };
    const { results } = await lane.process({ frames, policy, pressure: 'none' });
    await lane.close();
    return {
      frames,
      packets: results.map((result) => (result.end === 'refused' ? new Uint8Array(0) : result.packet)),
    };
  };

  it('compares packets with their frames: exact by the lossless rung, honest by the tokens', async () => {
    const { frames, packets } = await tokenized();
    await bus.send(frames.map((value, partition) => ({ topic: topics.frames, partition, key: null, value })));
    await bus.send(
      packets.map((value, partition) => ({ topic: topics.tokens, partition, key: null, value })),
    );
    expect(await run({ decode: true })).toBe(0);
    const text = output.lines.join('\n');
    expect(text).toContain(
      'lossless: 3 exact, 0 differ; 0 end before the remainder; 0 cannot be decoded, 0 without their raw frame',
    );
    const errors = [...text.matchAll(/(?:occupancy alone|planes up to \d) of 3 packets: log-MAE ([\d.]+)/g)];
    expect(errors.length).toBe(5);
    errors.forEach(([, error], i) => {
      if (i > 0) expect(Number(error)).toBeLessThan(Number(errors[i - 1]![1]));
    });
    const [, mae, precision, recall] =
      /tokens of.*log-MAE ([\d.]+) over.*precision ([\d.]+) %, recall ([\d.]+) %/.exec(text)!;
    expect(Number(mae)).toBeLessThan(0.1);
    expect(Number(precision)).toBeGreaterThan(50);
    expect(Number(recall)).toBeGreaterThan(50);
  });

  it('fails its judgement when a packet is not of its frame, and says when there is no frame', async () => {
    const { frames, packets } = await tokenized();
    // The second frame is replaced by another with its identity: its packet is then a lie.
    const other = encodeFrame(identityOf(card, 1, 1), digitsOf(card, 3, randomOf(99)), card);
    const file = join(folder, 'mixed.dump');
    writeFileSync(file, Buffer.concat([...packets, frames[0]!, other].map(dumpEntry)));
    expect(await run({ source: file, decode: true, count: 0, json: true })).toBe(1);
    const total = JSON.parse(output.lines.at(-1)!);
    expect(total).toMatchObject({
      kind: 'fidelity-total',
      judged: 2,
      exact: 1,
      differing: 1,
      faults: 0,
      withoutFrame: 1,
    });
  });
});
