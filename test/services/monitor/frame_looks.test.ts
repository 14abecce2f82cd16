/** Looks into frames of objects: many in one go, each counted once, and tokens as their packets come. */

import { describe, expect, it } from 'vitest';
import { watchedOf } from '../../../loadtest/watched_runs.ts';
import { createMemoryBroker } from '../../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../../src/adapters/memory/clock.ts';
import { quietLog } from '../../../src/adapters/telemetry/quiet_log.ts';
import { loadCards } from '../../../src/assemble.ts';
import { encodeTokens, prepareTokenTables } from '../../../src/codec/tokens.ts';
import { voxelCount } from '../../../src/domain/instrument.ts';
import { FidelityReason, LayerCodec, LayerKind, type Packet } from '../../../src/domain/packet.ts';
import { cardHash, policyVersion } from '../../../src/domain/quantity.ts';
import { packetLayout } from '../../../src/dqm/cycles/packets.ts';
import { openSpans } from '../../../src/dqm/cycles/spans.ts';
import { lookIntoFrames } from '../../../src/services/monitor/seen/frame_looks.ts';
import { plainObjects } from '../../../src/sim/objects/plain.ts';
import { createObjectsWorld } from '../../../src/sim/objects/world.ts';
import { encodeFrame } from '../../../src/wire/frame.ts';

const { card, model } = loadCards('l1-objects');

describe('a look into frames of objects', () => {
  it('takes those that follow, too, and none twice', async () => {
    if (card.kind !== 'objects') throw new Error('the card is of objects');
    const clock = createVirtualClock();
    const bus = createMemoryBroker({ clock }).connect();
    const topic = 'frames';
    await bus.ensureTopics([{ name: topic, partitions: 1, messageBytesMax: 1 << 20 }]);
    const world = createObjectsWorld(card, plainObjects(card, [4]), { run: 7, startNanos: clock.nowNanos() });
    const watched = watchedOf('l1-objects', null);
    const packets = packetLayout(voxelCount(card));
    const spans = openSpans(1, watched.size + packets.size, 12, 0);
    const stopping = new AbortController();
    let parts = 0;
    const looks = lookIntoFrames(
      { bus, clock, log: quietLog },
      {
        ...{ topic, card, model, packets, watched, spans: () => spans, busyMs: () => 0 },
        onFrame: (_, found) => {
          parts += found.reduce((sum, one) => sum + one, 0);
        },
      },
      stopping.signal,
    );
    const frames = Array.from({ length: 400 }, (_, number) => world.timeFrame(number)[0]!);
    const sentMs = Number(clock.nowNanos() / 1_000_000n);
    await bus.send(
      frames.map(({ identity, digits }) => ({
        ...{ topic, partition: 0, key: null, value: encodeFrame(identity, digits, card) },
      })),
    );
    const symbols = new Uint8Array(2 * model.symbolsPerPatch);
    const payload = encodeTokens(Uint32Array.of(0, 1), 2, symbols, prepareTokenTables(model, card));
    const packetOf = (number: number): Packet => ({
      ...{ identity: frames[number]!.identity, modelId: model.name, modelHash: cardHash(model.hash) },
      layers: [
        { kind: LayerKind.tokens, codec: LayerCodec.tokenRans1, symbolCount: symbols.length, payload },
      ],
      ...{ hitCount: 0, rawByteCount: 1000, scores: [], pValue: 0.5, policyVersion: policyVersion(1) },
      reason: FidelityReason.ordinary,
    });
    const offer = async (timeFrame: number): Promise<number> => {
      looks.offer({ partition: 0, run: 7, timeFrame, sentMs, packets: new Map([[0, packetOf(timeFrame)]]) });
      await clock.advance(1000);
      return looks.count();
    };
    // The one, and 256 ahead; then what is left; then nothing that is new.
    expect(await offer(0)).toBe(257);
    expect(await offer(100)).toBe(400 - 257);
    expect(await offer(300)).toBe(0);
    const { values } = spans.filling;
    expect([watched.frames(values[0]!), watched.filled(values[0]!)]).toEqual([400, parts]);
    const symbolsPlan = watched.plans.find(({ name }) => name === 'symbols')!;
    const counted = values[0]!.subarray(symbolsPlan.offset, symbolsPlan.offset + symbolsPlan.size);
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(3 * symbols.length);
    stopping.abort();
    await looks.done.catch(() => undefined);
    await bus.close();
  });
});
