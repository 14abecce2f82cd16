/** The gateway on objects: tokenizes them as the stream does, and refuses what is none of its card's. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock } from '../../src/adapters/memory/clock.ts';
import { createMemoryLane } from '../../src/adapters/memory/lane.ts';
import { openLane } from '../../src/lane.ts';
import type { Bus } from '../../src/ports/bus.ts';
import type { Lane, LanePacket } from '../../src/ports/lane.ts';
import { createGateway, type Gateway } from '../../src/services/gateway.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { triggerCard as card, objectsFrame, randomObjects, tinyObjectsModel } from '../objects.ts';
import * as world from './gateway_world.ts';

describe('the gateway of objects', () => {
  const telemetry = world.openTelemetry();
  let bus: Bus;
  let lane: Lane;
  let gateway: Gateway;
  beforeAll(async () => {
    const clock = createVirtualClock();
    bus = createMemoryBus({ clock });
    await bus.ensureTopics(topicSpecs(card, 2, 1 << 28));
    const { model, encoderPath } = tinyObjectsModel(card);
    const setup = { instrument: card, model, encoderPath, provider: 'cpu', ladderTables: null } as const;
    lane = createMemoryLane(await openLane(setup, clock));
    gateway = createGateway({
      card,
      topics: topicsOf(card.id),
      bus,
      lane,
      policies: { current: world.plainPolicy },
      telemetry: telemetry.telemetry,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await lane.close();
    await bus.close();
    telemetry.close();
  });

  it('tokenizes a frame of objects like the stream does', async () => {
    const frame = objectsFrame(card, 7);
    const { packet, result } = await gateway.tokenize(frame);
    expect(packet.hitCount).toBe(randomObjects(card, 7).count);
    const job = { frames: [frame], policy: world.plainPolicy, pressure: 'none' } as const;
    expect(result.packet).toEqual(((await lane.process(job)).results[0] as LanePacket).packet);
  });

  it('refuses a frame of hits, and goes on', async () => {
    await expect(gateway.tokenize(world.frame(3, 50))).rejects.toMatchObject({ code: 'frame-instrument' });
    expect((await gateway.tokenize(objectsFrame(card, 8))).result.end).toBe('kept');
  });
});
