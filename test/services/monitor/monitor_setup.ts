/**
 * A monitor on a memory bus and a virtual clock, before a simulated detector of six crowded regions whose packets say nothing but
 * that they are there. Refuses to run a model: what tokens tell is tested where they are made.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { openModel } from '../../../src/adapters/onnx/model.ts';
import { openHistory } from '../../../src/adapters/sqlite/history.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { loadCards } from '../../../src/assemble.ts';
import { builtInTables } from '../../../src/codec/ladder/tables.ts';
import { encodeTokens, prepareTokenTables } from '../../../src/codec/tokens.ts';
import type { FrameIdentity } from '../../../src/domain/frame.ts';
import { voxelCount } from '../../../src/domain/instrument.ts';
import { FidelityReason, type Layer, LayerCodec, LayerKind } from '../../../src/domain/packet.ts';
import { cardHash, messageId, policyVersion } from '../../../src/domain/quantity.ts';
import { watchHits } from '../../../src/dqm/cycles/hits.ts';
import { packetLayout } from '../../../src/dqm/cycles/packets.ts';
import { placesOf } from '../../../src/dqm/cycles/places.ts';
import { objectLayout } from '../../../src/dqm/layout.ts';
import type { History } from '../../../src/ports/history.ts';
import { type Monitor, startMonitor } from '../../../src/services/monitor/monitor.ts';
import { topicSpecs, topicsOf } from '../../../src/services/topics.ts';
import { readMishaps, withMishaps } from '../../../src/sim/mishaps/planned.ts';
import { createReplayWorld, poolOf } from '../../../src/sim/replay.ts';
import { createWorld } from '../../../src/sim/world.ts';
import { encodeAnomaly } from '../../../src/wire/anomaly.ts';
import { parseInstrumentCard } from '../../../src/wire/card.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';
import { encodeInstants, instantsHeader } from '../../../src/wire/instants.ts';
import { encodePacket } from '../../../src/wire/packet.ts';
import { cardOf, storeOf } from '../../sim/example.ts';

const six = JSON.parse(
  readFileSync(new URL('../../../instruments/sphenix-tpc-auau.json', import.meta.url), 'utf8'),
);
six.regions = six.regions.slice(0, 6);
// Less crowded: a frame is less work, and a cycle still has hits enough.
six.conditions.collisionRateHz = 150_000;
export const card = parseInstrumentCard(JSON.stringify(six));
const { model, modelFolder } = loadCards(cardOf('auau').id);
export const topics = topicsOf(card.id);
const cycleMs = 1000;
const pool = poolOf(createWorld(card, storeOf('auau'), { seed: 5, run: 3, startNanos: 0n, split: 'all' }), 8);

export interface MonitoredWorld {
  readonly history: History;
  monitor: Monitor;
  /** Two time frames come and a cycle ends; `lacking` regions send nothing. */
  cycle(lacking?: readonly number[]): Promise<void>;
  cycles(count: number): Promise<void>;
  /** So many cycles end without a frame. */
  silence(cycles: number): Promise<void>;
  /** From now on a front-end card of a region is dead. */
  kill(region: number, onCard: number): void;
  /** A frame that was just sent is rare. */
  rare(region: number, pValue: number, count?: number): Promise<void>;
  newRun(): void;
  /** The monitor ends and another one begins with the same history. */
  restart(): Promise<void>;
  readonly nowMs: () => number;
  end(): Promise<void>;
}

/** What a packet's tokens would be of a frame with these patches: any symbols are. */
const tokensOf = (): Layer => {
  const patches = Uint32Array.of(3, 40, 41);
  const symbols = Uint8Array.from({ length: 3 * model.symbolsPerPatch }, (_, i) => i % model.alphabet);
  const payload = encodeTokens(patches, 3, symbols, prepareTokenTables(model, card));
  return { kind: LayerKind.tokens, codec: LayerCodec.tokenRans1, symbolCount: symbols.length, payload };
};

/** @param tokens whether packets have some, and the monitor the model's decoder */
export const openMonitoredWorld = async (tokens = false): Promise<MonitoredWorld> => {
  const clock = createVirtualClock();
  const bus = createMemoryBroker({ clock }).connect();
  await bus.ensureTopics(topicSpecs(card, 2, 1 << 30));
  const history = openHistory(':memory:');
  const start = (): Promise<Monitor> => {
    const layout = objectLayout(card, { cardLayers: 4, cardLanes: 64, chipLanes: 32 }, model);
    return startMonitor({
      ...{ bus, clock, log: quietLog, history, card, model, topics },
      busyMs: () => 0,
      looked: () => {},
      instrument: { id: card.id, title: card.title, regions: card.regions, simulated: 'simulated' },
      setup: {
        ...{ watched: watchHits(layout, placesOf(layout, card)), packets: packetLayout(voxelCount(card)) },
        ...{ regions: card.regions.length, cycleMs, usual: null },
      },
      tables: builtInTables(card),
      decoder: tokens
        ? () =>
            openModel({ path: join(modelFolder, model.decoder.file), file: model.decoder, provider: 'cpu' })
        : null,
    });
  };
  let monitor = await start();
  let [number, run, plan] = [0, 42, ''];
  let last: FrameIdentity[] = [];
  const replay = () => createReplayWorld(pool, { run, startNanos: clock.nowNanos() });
  let source = withMishaps(replay(), [], { card, rate: 1, seed: 5 });

  const sendTimeFrame = async (lacking: readonly number[]): Promise<void> => {
    const partition = number % 2;
    const intended = clock.nowNanos();
    const frames = source
      .timeFrame(number)
      .filter((_, region) => !lacking.includes(region))
      .map(({ identity, digits }) => ({
        identity: { ...identity, messageId: messageId(Math.floor(number / 2)) },
        digits,
      }));
    number += 1;
    last = frames.map(({ identity }) => identity);
    const headers = {
      [instantsHeader]: encodeInstants({ intended, received: intended, commit: intended + 5_000_000n }),
    };
    const key = Buffer.from(String(number));
    await bus.send(
      frames.map(({ identity, digits }) => ({
        ...{ topic: topics.frames, partition, key, headers },
        value: encodeFrame(identity, digits, card),
      })),
    );
    await bus.send(
      frames.map(({ identity, digits }) => ({
        ...{ topic: topics.tokens, partition, key, headers },
        value: encodePacket({
          ...{
            identity,
            modelId: model.name,
            modelHash: cardHash(model.hash),
            layers: tokens ? [tokensOf()] : [],
          },
          ...{
            hitCount: digits.count,
            rawByteCount: 1000,
            scores: [{ name: 'surprise', value: 1 }],
            pValue: 0.5,
          },
          ...{ policyVersion: policyVersion(1), reason: FidelityReason.ordinary },
        }),
      })),
    );
  };

  const world: MonitoredWorld = {
    history,
    get monitor() {
      return monitor;
    },
    async cycle(lacking = []) {
      for (let half = 0; half < 2; half++) {
        await sendTimeFrame(lacking);
        await clock.advance(cycleMs / 2);
      }
    },
    async cycles(count) {
      for (let i = 0; i < count; i++) await world.cycle();
    },
    async silence(cycles) {
      for (let i = 0; i < cycles; i++) await clock.advance(cycleMs);
    },
    kill(region, onCard) {
      plan = `dead-card:region=${region},card=${onCard}`;
      source = withMishaps(replay(), readMishaps(plan, card), { card, rate: 1, seed: 5 });
    },
    async rare(region, pValue, count = 1) {
      const identity = last[region]!;
      const value = (i: number) =>
        encodeAnomaly({
          ...{ identity: i === 0 ? identity : { ...identity, timeFrame: (number + i * 1000) as never } },
          ...{
            scoreName: 'surprise',
            score: 9,
            pValue,
            pLow: pValue / 2,
            pHigh: 2 * pValue,
            threshold: 0.01,
          },
          ...{ verdict: 'rare', patches: [{ patch: 3, surpriseBits: 8 }], policyVersion: policyVersion(1) },
          findings: [
            {
              ...{ scoreName: 'surprise', score: 9, patches: [{ index: 3, share: 1 }] },
              span: [
                { from: 3, to: 4 },
                { from: 8, to: 16 },
                { from: 0, to: 249 },
              ],
              channels: [{ index: 3 * 192 + 17, share: 0.5 }],
            },
          ],
          scores: [{ name: 'surprise', value: 9, pValue }],
        });
      const partition = (number + 1) % 2;
      await bus.send(
        Array.from({ length: count }, (_, i) => ({
          ...{ topic: topics.anomalies, partition, key: null, value: value(i) },
        })),
      );
    },
    newRun() {
      run += 1;
      number = 0;
      source = withMishaps(replay(), plan === '' ? [] : readMishaps(plan, card), { card, rate: 1, seed: 5 });
    },
    async restart() {
      await monitor.stop();
      monitor = await start();
    },
    nowMs: () => Number(clock.nowNanos() / 1_000_000n),
    async end() {
      await monitor.stop();
      history.close();
      await bus.close();
    },
  };
  return world;
};
