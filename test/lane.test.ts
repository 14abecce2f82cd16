/** The whole lane: what comes out is a function of frame, cards and policy, whoever computes it and however split. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../src/adapters/memory/lane.ts';
import { openModel } from '../src/adapters/onnx/model.ts';
import { openLanePool } from '../src/adapters/threads/lane_pool.ts';
import { emptySketch, sketchBuilder } from '../src/anomaly/calibration/sketch.ts';
import { firstPolicy, prescaled, rungsOf } from '../src/anomaly/fidelity.ts';
import { lateScoreNames } from '../src/anomaly/scores/late_scores.ts';
import { builtInTables } from '../src/codec/ladder/tables.ts';
import { parseTables } from '../src/codec/ladder/tables_file.ts';
import { openObjectFinder } from '../src/codec/objects/finder.ts';
import { packetLadder, packetObjects } from '../src/codec/packet.ts';
import { decodeTokens, prepareTokenTables } from '../src/codec/tokens.ts';
import { Fault } from '../src/domain/fault.ts';
import { frameBytesMax, limits } from '../src/domain/limits.ts';
import { FidelityReason, LayerKind } from '../src/domain/packet.ts';
import type { PolicySnapshot, Pressure } from '../src/domain/policy.ts';
import { patchGrid } from '../src/kernels/patches/patch.ts';
import { type LaneSetup, type LaneWorkerData, openLane } from '../src/lane.ts';
import type { Lane, LanePacket, LaneResult } from '../src/ports/lane.ts';
import { decodeAnomaly } from '../src/wire/anomaly.ts';
import { decodePacket } from '../src/wire/packet.ts';
import { goodFrame, hostilePayloads } from './hostile/corpus.ts';
import { mutate } from './hostile/mutate.ts';
import { gatherPatches } from './kernels/patches/gathered.ts';
import {
  blobDigits,
  combDigits,
  decoderPath,
  encoderPath,
  ladderTables,
  modelCard,
  ppCard,
  wedge,
  wedges,
} from './stages/wedge.ts';

const setup: LaneSetup = {
  instrument: ppCard,
  model: modelCard,
  encoderPath,
  decoderPath,
  provider: 'cpu',
  ladderTables,
};
const bytesMax = frameBytesMax(ppCard);
const tables = ladderTables === null ? builtInTables(ppCard) : parseTables(ladderTables, ppCard);
const grid = patchGrid(ppCard);

const openPool = (workers: number): Promise<Lane> =>
  openLanePool({
    workerUrl: new URL('../src/lane.ts', import.meta.url),
    workerData: { lane: setup } satisfies LaneWorkerData,
    workers,
    frameBytesMax: bytesMax,
  });

/** Every third time frame is prescaled; whatever scores like the upper half of ordinary frames is rare. */
const busyPolicy = (results: readonly LaneResult[], scoreNames: readonly string[]): PolicySnapshot => {
  const warmupCount = 5;
  const builder = sketchBuilder(emptySketch(scoreNames), warmupCount);
  // The second time the combined scores are told by what the first has shown.
  for (let time = 0; time < 2; time++) {
    for (const result of results) if (result.end === 'kept') builder.add(result);
    builder.snapshot();
  }
  return { ...firstPolicy(), rarePValue: 0.3, prescale: 3, warmupCount, sketch: builder.snapshot() };
};

const packetsOf = (results: readonly LaneResult[]): LanePacket[] =>
  results.filter((result) => result.end !== 'refused');

let lane: Lane;
let frames: Uint8Array[];
let policy: PolicySnapshot;
let results: readonly LaneResult[];
beforeAll(async () => {
  lane = createMemoryLane(await openLane(setup, createVirtualClock()));
  frames = wedges(90);
  const first = await lane.process({ frames, policy: firstPolicy(), pressure: 'none' });
  policy = busyPolicy(first.results, lane.scoreNames);
  results = (await lane.process({ frames, policy, pressure: 'none' })).results;
});
afterAll(() => lane.close());

describe('what the lane makes', () => {
  it('keeps every good frame with what names it', () => {
    expect(results.map(({ end }) => end)).toEqual(frames.map(() => 'kept'));
    packetsOf(results).forEach((result, n) => {
      const packet = decodePacket(result.packet);
      expect(packet.identity).toMatchObject({ messageId: n, sourceName: ppCard.regions[n % 24], run: 12 });
      expect(packet).toMatchObject({
        modelId: `${modelCard.name}/${modelCard.version}`,
        modelHash: modelCard.hash,
        rawByteCount: frames[n]!.byteLength,
        policyVersion: policy.version,
        hitCount: result.hitCount,
        pValue: result.pValue,
        reason: result.reason,
      });
      expect(result).toMatchObject({ region: n % 24, run: 12, messageId: n, timeFrame: Math.floor(n / 4) });
      expect(result.timestampNanos).toBe(packet.identity.timestampNanos);
      // Token surprise always, and the rarest score where it is another; all of them where the frame is refined.
      expect(packet.scores[0]).toEqual({ name: lane.scoreNames[0], value: result.scores[0] });
      const names = [...lane.scoreNames, ...lateScoreNames];
      for (const { name, value } of packet.scores) expect(value).toBe(result.scores[names.indexOf(name)]);
      if (packet.layers.length < 2) expect(packet.scores.length).toBeLessThanOrEqual(2);
      else expect(packet.scores.map(({ name }) => name)).toEqual(names.slice(0, result.scores.length));
    });
  });

  it('codes the very symbols the model gives for the active patches', async () => {
    const tokens = prepareTokenTables(modelCard, ppCard);
    const model = await openModel({ path: encoderPath, file: modelCard.encoder, provider: 'cpu' });
    const rows = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
    const inputTable = Uint8Array.from(modelCard.inputTable);
    for (const [seed, blobs] of [
      [5, 0],
      [6, 50],
      [7, 3000],
    ] as const) {
      const digits = blobDigits(seed, blobs);
      const { results } = await lane.process({ frames: [wedge(1, digits)], policy, pressure: 'none' });
      const layer = decodePacket((results[0] as LanePacket).packet).layers[0]!;
      const count = gatherPatches(digits, grid, inputTable, rows);
      const symbols = new Uint8Array(count * modelCard.symbolsPerPatch);
      if (count > 0) await model.run(rows.cells, count, symbols);
      expect(layer.kind).toBe(LayerKind.tokens);
      expect(layer.symbolCount).toBe(symbols.length);
      expect(decodeTokens(layer.payload, tokens)).toEqual({
        patchCount: count,
        patches: rows.patches.slice(0, count),
        symbols,
      });
    }
    await model.close();
  });

  it('refines rare and prescaled frames to the last bit, and only those', () => {
    const seen = new Map<number, number>();
    packetsOf(results).forEach((result, n) => {
      seen.set(result.reason, (seen.get(result.reason) ?? 0) + 1);
      const ladder = packetLadder(decodePacket(result.packet), ppCard, tables);
      const chosen = result.reason === FidelityReason.rare || result.reason === FidelityReason.prescale;
      expect(ladder !== null).toBe(chosen);
      if (ladder === null) return;
      expect(ladder.exact).toBe(true);
      const copy = wedge(n, ladder.digits);
      expect(Buffer.compare(copy, frames[n]!)).toBe(0);
    });
    for (const reason of [FidelityReason.ordinary, FidelityReason.rare, FidelityReason.prescale]) {
      expect(seen.get(reason), `reason ${reason}`).toBeGreaterThan(3);
    }
  });

  it('refines as far up as the policy says', async () => {
    const kindsWith = async (refinement: PolicySnapshot['refinement']): Promise<number[]> => {
      const job = {
        frames: [frames[0]!],
        policy: { ...policy, prescale: 1, refinement },
        pressure: 'none',
      } as const;
      const { results: one } = await lane.process(job);
      return decodePacket(packetsOf(one)[0]!.packet).layers.map(({ kind }) => kind);
    };
    const { tokens, occupancy, plane, remainder } = LayerKind;
    expect(await kindsWith({ planes: 0, remainder: false })).toEqual([tokens, occupancy]);
    expect(await kindsWith({ planes: 2, remainder: false })).toEqual([tokens, occupancy, plane, plane]);
    const planes = [tokens, occupancy, plane, plane, plane, plane];
    expect(await kindsWith({ planes: 4, remainder: false })).toEqual(planes);
    expect(await kindsWith(undefined)).toEqual([...planes, remainder]);
  });

  it('adds the objects of frames as the policy says, of the reason alone', async () => {
    const under = async (objectTokens: PolicySnapshot['objectTokens'], pressure: Pressure) =>
      packetsOf((await lane.process({ frames, policy: { ...policy, objectTokens }, pressure })).results);
    const refined = await under('refined', 'none');
    const all = await under('all', 'none');
    const shed = await under('all', 'shed-refinement');
    expect((await under('none', 'none')).map(({ packet }) => packet)).toEqual(
      packetsOf(results).map(({ packet }) => packet),
    );
    refined.forEach((result, n) => {
      const packet = decodePacket(result.packet);
      const objects = packetObjects(packet, ppCard);
      expect(objects !== null).toBe(result.reason !== FidelityReason.ordinary);
      if (objects !== null) {
        const ladder = packetLadder(packet, ppCard, tables)!;
        // What the hits of its own ladder give.
        const again = openObjectFinder(ppCard)!(ladder.digits);
        expect(packet.layers.find(({ kind }) => kind === LayerKind.objects)).toEqual(again);
        expect(all[n]!.packet).toEqual(result.packet);
      }
      expect(packetObjects(decodePacket(all[n]!.packet), ppCard)).not.toBe(null);
      const told = packetObjects(decodePacket(shed[n]!.packet), ppCard);
      expect(told !== null).toBe(shed[n]!.reason === FidelityReason.ordinary);
      if (told !== null) expect(shed[n]!.packet).toEqual(all[n]!.packet);
    });
  });

  it('refines each rare frame as far as its grade says, and tells the bytes of its rungs', async () => {
    const grades = [
      { pValue: 0.05, rungs: { planes: 4, remainder: true } },
      { pValue: 0.15, rungs: { planes: 4, remainder: false } },
      { pValue: 0.25, rungs: { planes: 1, remainder: false } },
    ];
    const spare = { pValue: 0.6, rungs: { planes: 2, remainder: false } };
    const under = { ...policy, grades, spare };
    const { results: graded } = await lane.process({ frames, policy: under, pressure: 'none' });
    const seen = new Set<number>();
    for (const { packet, pValue, reason, rungBytes } of packetsOf(graded)) {
      const { layers } = decodePacket(packet);
      const rungs = rungsOf(reason, pValue, under);
      const planes = Math.min(4, rungs?.planes ?? 0);
      const count = rungs === null ? 0 : 1 + planes + (rungs.remainder ? 1 : 0);
      expect(layers).toHaveLength(1 + count);
      const bytesOf = (kind: number) =>
        layers.filter((layer) => layer.kind === kind).map(({ payload }) => payload.byteLength);
      const { occupancy, plane, remainder } = LayerKind;
      const told =
        rungs === null ? [] : [...bytesOf(occupancy), bytesOf(remainder)[0] ?? 0, ...bytesOf(plane)];
      expect(Array.from(rungBytes)).toEqual(told);
      seen.add(10 * reason + count);
    }
    const { ordinary, rare, prescale, budget, spare: roomy } = FidelityReason;
    const all = [
      10 * ordinary,
      10 * rare + 6,
      10 * prescale + 6,
      10 * budget + 5,
      10 * budget + 2,
      10 * roomy + 3,
    ];
    for (const one of all) expect([...seen]).toContain(one);
  });

  it('says of rare frames which patches made them so', () => {
    for (const result of packetsOf(results)) {
      expect(result.anomaly !== null).toBe(result.pValue < policy.rarePValue);
      if (result.anomaly === null) continue;
      const anomaly = decodeAnomaly(result.anomaly);
      expect(anomaly).toMatchObject({
        score: result.scores[lane.scoreNames.indexOf(anomaly.scoreName)],
        pValue: result.pValue,
        verdict: 'rare',
        threshold: 0.3,
      });
      const said = anomaly.scores.map(({ value }) => value);
      expect(said).toEqual([...result.scores]);
      const bits = anomaly.patches.map(({ surpriseBits }) => surpriseBits);
      expect(bits).toEqual(bits.toSorted((a, b) => b - a));
      expect(bits.length).toBeLessThanOrEqual(limits.anomalyPatchesMax);
    }
  });

  it('agrees over regions on what is prescaled', () => {
    for (const { timeFrame, reason, run } of packetsOf(results)) {
      expect(reason === FidelityReason.prescale).toBe(prescaled(run, timeFrame, 3));
    }
  });
});

describe('pressure', () => {
  it('takes refinement first: tokens, scores and anomalies stay', async () => {
    const shed = await lane.process({ frames, policy, pressure: 'shed-refinement' });
    packetsOf(shed.results).forEach((result, n) => {
      const before = results[n] as LanePacket;
      const wanted = before.reason !== FidelityReason.ordinary;
      expect(result.end).toBe('kept');
      expect(result.anomaly === null).toBe(before.anomaly === null);
      // Of a control sample this dense one in 86 stays: one time frame in 258.
      if (prescaled(result.run, result.timeFrame, 258)) {
        expect(result.packet).toEqual(before.packet);
        return;
      }
      expect(result.reason).toBe(wanted ? FidelityReason.shedRefinement : FidelityReason.ordinary);
      if (result.anomaly !== null && before.anomaly !== null) {
        const whole = decodeAnomaly(before.anomaly);
        const scores = whole.scores.filter(({ name }) => !lateScoreNames.includes(name));
        expect(decodeAnomaly(result.anomaly)).toEqual({ ...whole, scores });
      }
      const { layers } = decodePacket(result.packet);
      expect(layers).toEqual([decodePacket(before.packet).layers[0]]);
    });
  });

  it('takes frames last: a packet without layers still says which frame it was', async () => {
    const cut = frames[3]!.slice(0, 50);
    const shed = await lane.process({ frames: [...frames, cut], policy, pressure: 'shed-frames' });
    expect(shed.results.at(-1)).toMatchObject({ end: 'refused', code: 'frame-malformed' });
    shed.results.slice(0, -1).forEach((result, n) => {
      expect(result).toMatchObject({
        end: 'shed',
        reason: FidelityReason.shedFrame,
        totalCharge: 0,
        pValue: 1,
      });
      const packet = decodePacket((result as LanePacket).packet);
      expect(packet).toMatchObject({ layers: [], scores: [], reason: FidelityReason.shedFrame });
      expect(packet.identity.messageId).toBe(n);
      expect(packet.hitCount).toBe((results[n] as LanePacket).hitCount);
    });
  });
});

describe('determinism', () => {
  it('gives the same bytes however a batch is cut, and frame by frame', async () => {
    for (const size of [1, 7, 89]) {
      const cut: LaneResult[] = [];
      for (let at = 0; at < frames.length; at += size) {
        const part = { frames: frames.slice(at, at + size), policy, pressure: 'none' as const };
        cut.push(...(await lane.process(part)).results);
      }
      expect(cut).toEqual(results);
    }
  });

  it('gives the same bytes from worker threads, one or three', async () => {
    const more = [...frames, ...frames];
    for (const workers of [1, 3]) {
      const pool = await openPool(workers);
      const batch = await pool.process({ frames: more, policy, pressure: 'none' });
      expect(batch.results).toEqual([...results, ...results]);
      expect(batch.parts.reduce((sum, { frameCount }) => sum + frameCount, 0)).toBe(more.length);
      for (const { instants } of batch.parts) {
        const { decodeNanos, tokenizeNanos, scoreNanos, refineNanos, emitNanos } = instants;
        const order = [decodeNanos, tokenizeNanos, scoreNanos, refineNanos, emitNanos];
        expect(order).toEqual(order.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      }
      await pool.close();
    }
  });

  it('works a job in several bites when its patches fill the buffers', async () => {
    const full = wedge(0, combDigits(5));
    const bites = new Array<Uint8Array>(2 + Math.ceil(limits.laneRowsMax / grid.patchCount)).fill(full);
    const mixed = [...bites, frames[4]!, full, frames[5]!];
    const batch = await lane.process({ frames: mixed, policy, pressure: 'none' });
    const alone = await lane.process({ frames: [full], policy, pressure: 'none' });
    expect(decodePacket((alone.results[0] as LanePacket).packet).layers[0]!.symbolCount).toBe(
      grid.patchCount * modelCard.symbolsPerPatch,
    );
    expect(batch.results).toEqual([
      ...bites.map(() => alone.results[0]),
      results[4],
      alone.results[0],
      results[5],
    ]);
  });

  it('answers a job without frames, and one with nothing good in it', async () => {
    expect(await lane.process({ frames: [], policy, pressure: 'none' })).toEqual({ results: [], parts: [] });
    const none = await lane.process({ frames: [new Uint8Array(0)], policy, pressure: 'none' });
    expect(none.results).toMatchObject([{ end: 'refused', code: 'frame-empty' }]);
  });
});

describe('hostile bytes', () => {
  const good = goodFrame(ppCard, 1);

  it('are refused each with its code, inline and through threads, and the next good frame comes out', async () => {
    const payloads = hostilePayloads(ppCard).filter(({ judge }) => judge === 'wire');
    const stream = payloads.flatMap(({ bytes }) => [bytes, good]);
    const expected = (await lane.process({ frames: [good], policy, pressure: 'none' })).results[0];
    expect(expected).toMatchObject({ end: 'kept', messageId: 1001 });
    const pool = await openPool(2);
    for (const tried of [lane, pool]) {
      const batch = await tried.process({ frames: stream, policy, pressure: 'none' });
      payloads.forEach(({ name, code }, n) => {
        const refused = batch.results[2 * n]!;
        expect(refused, name).toMatchObject({ end: 'refused', code });
        expect((refused as { detail: string }).detail.length, name).toBeGreaterThan(20);
        expect(batch.results[2 * n + 1], name).toEqual(expected);
      });
    }
    await pool.close();
  });

  it('end in a packet or a refusal 10,000 times, seeded, with good frames among them', async () => {
    const sources = [good, ...wedges(6, 9)];
    const goods = (await lane.process({ frames: sources, policy, pressure: 'none' })).results;
    const pool = await openPool(2);
    let refused = 0;
    for (let at = 0; at < 10_000; at += 500) {
      const damaged = Array.from({ length: 500 }, (_, i) =>
        mutate(sources[(at + i) % sources.length]!, at + i),
      );
      const batch = await pool.process({ frames: [...damaged, ...sources], policy, pressure: 'none' });
      refused += batch.results.filter(({ end }) => end === 'refused').length;
      expect(batch.results.slice(500), `seeds ${at} to ${at + 499}`).toEqual(goods);
    }
    expect(refused).toBeGreaterThan(5000);
    await pool.close();
  });
});

describe('a lane over its life', () => {
  it('does not open with cards that do not fit, changed tables or a changed model', async () => {
    const clock = createVirtualClock();
    const opened = (over: Partial<LaneSetup>) => openLane({ ...setup, ...over }, clock);
    const wider = { ...ppCard, patch: [1, 16, 16] };
    await expect(opened({ instrument: wider })).rejects.toThrow('patches differ');
    const deeper = { ...ppCard, adcBits: 12 };
    await expect(opened({ instrument: deeper })).rejects.toMatchObject({ code: 'card-invalid' });
    const named = { ...ppCard, tables: { file: 'x.json', sha256: '0'.repeat(64) } };
    await expect(opened({ instrument: named, ladderTables: '{}' })).rejects.toMatchObject({
      code: 'file-invalid',
    });
    await expect(opened({ instrument: named, ladderTables: null })).rejects.toThrow('missing');
    await expect(opened({ encoderPath: `${encoderPath}.gone` })).rejects.toThrow(Fault);
  });

  it('holds no more memory after 48 full jobs than after 12', async () => {
    const pool = await openPool(1);
    const large = Array.from({ length: 11 }, (_, n) => wedge(n, blobDigits(n, 4500)));
    const rssAfter = async (jobs: number): Promise<number> => {
      for (let n = 0; n < jobs; n++) {
        await pool.process({ frames: large, policy: firstPolicy(), pressure: 'none' });
        await pool.process({ frames, policy, pressure: 'none' });
      }
      return process.memoryUsage().rss;
    };
    const settled = await rssAfter(12);
    // The 36 jobs between carry 130 MB in: what they left behind would show over the heap's own breathing.
    expect((await rssAfter(36)) - settled).toBeLessThan(80 * 1024 * 1024);
    await pool.close();
  });
});
