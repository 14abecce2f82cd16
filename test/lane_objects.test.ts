/** Objects through the whole lane: the same packets for the same objects in any order, and every number comes back. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVirtualClock } from '../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../src/adapters/memory/lane.ts';
import { openLanePool } from '../src/adapters/threads/lane_pool.ts';
import { firstPolicy } from '../src/anomaly/fidelity.ts';
import { builtInTables } from '../src/codec/ladder/tables.ts';
import { packetLadder } from '../src/codec/packet.ts';
import { decodeTokens, prepareTokenTables } from '../src/codec/tokens.ts';
import type { Digits } from '../src/domain/frame.ts';
import { FrameEncoding, FrameKind } from '../src/domain/frame.ts';
import type { ObjectsCard } from '../src/domain/instrument.ts';
import { frameBytesMax } from '../src/domain/limits.ts';
import { type LaneSetup, openLane } from '../src/lane.ts';
import type { Lane, LanePacket } from '../src/ports/lane.ts';
import { digitsOfRecords, recordLayout } from '../src/wire/frames/records.ts';
import { decodePacket } from '../src/wire/packet.ts';
import { tinySymbols } from './adapters/onnx/tiny_model.ts';
import { identityOf, randomOf } from './frames.ts';
import { goodFrame, hostilePayloads } from './hostile/corpus.ts';
import { mutate } from './hostile/mutate.ts';
import { objectsFrame, randomObjects, randomRecords, tinyObjectsModel, triggerCard } from './objects.ts';
import { buildFrame } from './wire/builder.slow.ts';
import { recordsPayload } from './wire/frames/records.slow.ts';
import { objectsCard } from './wire/small_card.ts';

const policy = { ...firstPolicy(), prescale: 1 };
const pressure = 'none';
const hitsOf = ({ count, voxel, adc }: Digits): [number, number][] =>
  Array.from({ length: count }, (_, i) => [voxel[i]!, adc[i]!]);

describe.each([triggerCard, objectsCard])('objects of $id', (card: ObjectsCard) => {
  const { model, encoderPath } = tinyObjectsModel(card);
  const setup: LaneSetup = { instrument: card, model, encoderPath, provider: 'cpu', ladderTables: null };
  const tables = builtInTables(card);
  const tokens = prepareTokenTables(model, card);
  const layout = recordLayout(card);
  const frames = Array.from({ length: 300 }, (_, n) => objectsFrame(card, n));
  let lane: Lane;
  beforeAll(async () => {
    lane = createMemoryLane(await openLane(setup, createVirtualClock()));
  });
  afterAll(() => lane.close());

  it('come back to the last bit from every packet, and as the symbols of each object', async () => {
    const { results } = await lane.process({ frames, policy, pressure });
    results.forEach((result, n) => {
      expect(result.end).toBe('kept');
      const packet = decodePacket((result as LanePacket).packet);
      const digits = randomObjects(card, n);
      expect(packet.hitCount).toBe(digits.count);
      expect(packet.rawByteCount).toBe(frames[n]!.byteLength);
      const ladder = packetLadder(packet, card, tables)!;
      expect(ladder.exact).toBe(true);
      expect(hitsOf(ladder.digits)).toEqual(hitsOf(digits));
      const cells = new Uint8Array(layout.slotCount * layout.fieldCount);
      for (const [voxel, adc] of hitsOf(digits)) cells[voxel] = model.inputTable[adc]!;
      const active = Array.from({ length: layout.slotCount }, (_, slot) =>
        cells.subarray(slot * layout.fieldCount, (slot + 1) * layout.fieldCount),
      );
      const rows = active.filter((row) => row.some((code) => code > 0)).flatMap((row) => [...row]);
      const { patches, symbols } = decodeTokens(packet.layers[0]!.payload, tokens);
      expect([...patches]).toEqual(
        active.flatMap((row, slot) => (row.some((code) => code > 0) ? [slot] : [])),
      );
      expect(symbols).toEqual(tinySymbols(Uint8Array.from(rows), layout.fieldCount, 2, 25));
    });
  });

  it('make the same packet in whatever order they are sent', async () => {
    const random = randomOf(5);
    for (let n = 0; n < 100; n += 1) {
      const records = randomRecords(card, randomOf(n));
      const orders = [records, records.toReversed(), records.toSorted(() => random() - 0.5)];
      const sent = orders.map((order) =>
        buildFrame({
          identity: identityOf(card, 0, n),
          kind: FrameKind.objects,
          encoding: FrameEncoding.records16,
          hitCount: order.length,
          payload: recordsPayload(order),
        }),
      );
      const { results } = await lane.process({ frames: sent, policy, pressure });
      const [first, ...others] = results.map((result) => (result as LanePacket).packet);
      for (const other of others) expect(other).toEqual(first);
      const { digits } = packetLadder(decodePacket(first!), card, tables)!;
      expect(hitsOf(digits)).toEqual(hitsOf(digitsOfRecords(records, layout)));
    }
  });

  it('that are wrong are refused each with its code, and the next good frame comes out', async () => {
    const payloads = hostilePayloads(card).filter(({ judge }) => judge === 'wire');
    const good = goodFrame(card, 1);
    const expected = (await lane.process({ frames: [good], policy, pressure })).results[0];
    expect(expected).toMatchObject({ end: 'kept', messageId: 1001 });
    const stream = payloads.flatMap(({ bytes }) => [bytes, good]);
    const { results } = await lane.process({ frames: stream, policy, pressure });
    payloads.forEach(({ name, code }, n) => {
      expect(results[2 * n], name).toMatchObject({ end: 'refused', code });
      expect(results[2 * n + 1], name).toEqual(expected);
    });
    const damaged = Array.from({ length: 2000 }, (_, i) => mutate(frames[i % frames.length]!, i));
    const ends = (await lane.process({ frames: [...damaged, good], policy, pressure })).results;
    expect(ends.at(-1)).toEqual(expected);
    expect(ends.filter(({ end }) => end === 'refused').length).toBeGreaterThan(1000);
  });

  it('give the same bytes however a batch is cut, and from threads', async () => {
    const whole = (await lane.process({ frames, policy, pressure })).results;
    const alone = [];
    for (const frame of frames.slice(0, 40))
      alone.push(...(await lane.process({ frames: [frame], policy, pressure })).results);
    expect(alone).toEqual(whole.slice(0, 40));
    const workerUrl = new URL('../src/lane.ts', import.meta.url);
    const pool = await openLanePool({
      workerUrl,
      workerData: { lane: setup },
      workers: 2,
      frameBytesMax: frameBytesMax(card),
    });
    expect((await pool.process({ frames, policy, pressure })).results).toEqual(whole);
    await pool.close();
  });
});

describe('objects of a card that names score tables', () => {
  it('are scored by them beside token surprise, with summed pT as charge', async () => {
    const { model, encoderPath } = tinyObjectsModel(triggerCard);
    const scoreTables = readFileSync(
      new URL('../instruments/scores/l1-objects.json', import.meta.url),
      'utf8',
    );
    const setup: LaneSetup = {
      instrument: triggerCard,
      model,
      encoderPath,
      provider: 'cpu',
      ladderTables: null,
      scoreTables,
    };
    const runner = await openLane(setup, createVirtualClock());
    expect(runner.scoreNames).toEqual(['token-surprise', 'latent', 'feature']);
    const lane = createMemoryLane(runner);
    const digits = randomObjects(triggerCard, 3);
    const { results } = await lane.process({ frames: [objectsFrame(triggerCard, 3)], policy, pressure });
    const { scores, totalCharge } = results[0] as LanePacket;
    expect([...scores].slice(1).every((score) => score > 0)).toBe(true);
    const steps = hitsOf(digits).filter(([voxel]) => voxel % 3 === 0);
    expect(totalCharge).toBe(steps.reduce((sum, [, adc]) => sum + adc - 1, 0));
    await lane.close();
  });

  it('are refused tables of another hash', async () => {
    const { model, encoderPath } = tinyObjectsModel(triggerCard);
    const setup: LaneSetup = {
      instrument: triggerCard,
      model,
      encoderPath,
      provider: 'cpu',
      ladderTables: null,
      scoreTables: '{}',
    };
    await expect(openLane(setup, createVirtualClock())).rejects.toThrow(/scores/);
  });
});
