/**
 * The thirty lines of Python that the README hands to a DAQ team, run as they are against a real broker: every
 * frame they send must open here, hit by hit, and become a packet. Skipped, and said, without Kafka or Python.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { topicSpecs } from '../../src/services/topics.ts';
import { openFrame, readDigits } from '../../src/wire/frame.ts';
import { collect } from '../ports/bus.contract.ts';
import { card, openInlineLane, partitions, plainPolicy, topics } from '../services/gateway_world.ts';
import { kafkaMissing, keptLog, startTestBroker, type TestBroker } from './broker.ts';

const root = join(import.meta.dirname, '..', '..');
const script = join(root, 'loadtest', 'examples', 'produce_frames.py');
const cardPath = join(root, 'instruments', `${card.id}.json`);
const python = process.env.TESSERA_TEST_PYTHON ?? join(root, '.tessera', 'python', 'bin', 'python');

const pythonMissing = (): string => {
  const needs = 'import confluent_kafka, crc32c, flatbuffers, numpy, rfc8785';
  const found = spawnSync(python, ['-c', needs], { encoding: 'utf8' });
  if (found.status === 0) return '';
  const why = found.error?.message ?? found.stderr.trim().split('\n').at(-1);
  return `${why}; npm test installs deploy/python-requirements.txt, or name a Python in TESSERA_TEST_PYTHON`;
};

const missing = pythonMissing() || ((await kafkaMissing()) ?? '');
if (missing !== '') process.stderr.write(`\nSKIPPED, the Python producer: ${missing}\n`);

const timeFrames = 8;
const hitsEach = 500;

it('is thirty lines, and says where the hits go', () => {
  const lines = readFileSync(script, 'utf8').split('\n');
  expect(lines.filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
  const place = Number(/hits in line (\d+)/.exec(lines[0]!)![1]);
  expect(lines[place - 1]).toContain('voxel, adc = ');
});

describe.skipIf(missing !== '')(`the Python producer${missing && ` (skipped: ${missing})`}`, () => {
  let broker: TestBroker;
  let bus: Bus;
  beforeAll(async () => {
    broker = await startTestBroker();
    bus = createKafkaBus({ brokers: broker.brokers, log: keptLog() });
    await bus.ensureTopics(topicSpecs(card, partitions, 64 * 1024 * 1024));
  });
  afterAll(async () => {
    await bus?.close();
    await broker?.stop();
  });

  it('sends frames that open here and become packets', async () => {
    execFileSync(python, [script, broker.brokers.join(','), cardPath, String(timeFrames)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const from = { at: 'beginning' } as const;
    const options = { topic: topics.frames, from, untilEnd: true, bufferBytesMax: 1 << 22 };
    const records = await collect(bus.read(options));
    expect(records).toHaveLength(timeFrames * card.regions.length);
    const into = { voxel: new Uint32Array(hitsEach), adc: new Uint16Array(hitsEach) };
    const ids = new Map<string, number[]>();
    const lastOffset = new Map<number, bigint>();
    for (const { partition, offset, key, value } of records) {
      expect(offset).toBeGreaterThan(lastOffset.get(partition) ?? -1n);
      lastOffset.set(partition, offset);
      const frame = openFrame(value, card);
      const { sourceName, timeFrame, messageId, run } = frame.identity;
      expect([readDigits(frame, card, into), run]).toEqual([hitsEach, 1]);
      expect([partition, Buffer.from(key!).toString()]).toEqual([timeFrame % partitions, String(timeFrame)]);
      ids.set(`${sourceName}/${partition}`, [...(ids.get(`${sourceName}/${partition}`) ?? []), messageId]);
    }
    for (const consecutive of ids.values()) expect(consecutive).toEqual([0, 1]);

    const lane = await openInlineLane();
    const frames = records.map(({ value }) => value);
    const { results } = await lane.process({ frames, policy: plainPolicy, pressure: 'none' });
    expect(results.map(({ end }) => end)).toEqual(frames.map(() => 'kept'));
    await lane.close();
  });
});
