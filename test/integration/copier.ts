/**
 * The smallest exactly-once service, as a process of its own so that it can be killed: copies a topic record by
 * record, tagged with its input offset, and says after each commit how far it is. Refuses to know it is a test.
 */

import { createKafkaBus } from '../../src/adapters/kafka/bus.ts';

const [brokers, input, output, sessionTimeoutMs] = process.argv.slice(2) as [string, string, string, string];
const say = (level: string) => (fields: object, message: string) =>
  process.stderr.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
const bus = createKafkaBus({
  brokers: brokers.split(','),
  log: { info: () => {}, warn: say('warn'), error: say('error') },
  sessionTimeoutMs: Number(sessionTimeoutMs),
});

const consumption = await bus.consume({
  group: 'copier',
  topic: input,
  delivery: 'exactly-once',
  fresh: 'beginning',
  queueBytesMax: 2 * 1024 * 1024,
  onFeed: async (feed) => {
    let copied = Number(feed.startMetadata === '' ? 0 : feed.startMetadata);
    for (;;) {
      const records = await feed.take({ recordsMax: 40, bytesMax: 1024 * 1024 });
      if (records.length === 0) return;
      copied += records.length;
      const outputs = records.map(({ key, value, offset }) => ({
        topic: output,
        partition: feed.partition,
        key,
        value: Buffer.concat([Buffer.from(`${offset}:`), value]),
      }));
      try {
        await feed.commit(outputs, records.at(-1)!.offset + 1n, String(copied));
      } catch (cause) {
        if ((cause as { code?: string }).code === 'bus-fenced') return;
        throw cause;
      }
      process.stdout.write(`${records.length}\n`);
    }
  },
});
consumption.failed.catch((cause) => {
  say('error')({}, String(cause));
  process.exit(3);
});
process.on('SIGTERM', async () => {
  await bus.close();
  process.exit(0);
});
process.stdout.write('0\n');
