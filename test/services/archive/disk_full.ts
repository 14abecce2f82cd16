/**
 * Run by `disk_full.test.ts` in a mount of its own: an archiver on a folder whose disk is full, until room is made.
 * Prints what it saw as JSON.
 */

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../../loadtest/prove/archive_audit.ts';
import { createFileStore } from '../../../src/adapters/files/store.ts';
import { eventOf, openWorldOn, topics } from './archive_world.ts';

const folder = process.argv[2]!;
const events = 120;
/** The clock is virtual and the disk is not: it may be far ahead, and waits a little for each of its steps. */
const msMax = 3_600_000;
const until = (so: () => Promise<boolean> | boolean): Promise<void> =>
  world.until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return so();
  }, msMax);
const store = createFileStore(join(folder, 'archive'));
const world = await openWorldOn(store, 1);
const { archiver } = await world.start({ segmentBytes: 30_000 });
const committed = async (): Promise<number> =>
  Number((await world.bus.committed('a-archive', topics.partials))[0]!.offset ?? 0n);
await world.send([eventOf(0)]);
await until(async () => (await committed()) === 1);
// Little room is left: the next segment stops in the middle of a file.
const ballast = join(folder, 'ballast');
writeFileSync(ballast, new Uint8Array(Number(process.argv[3])));
await world.send(Array.from({ length: events - 1 }, (_, i) => eventOf(i + 1)));
await until(() => archiver.conditions[0]!.severity === 'major');
const waited = world.waits.at(-1)![0];
const left = readdirSync(join(folder, 'archive'), { recursive: true }).filter((name) =>
  String(name).endsWith('.part'),
);
const before = await committed();
rmSync(ballast);
await until(async () => (await committed()) === events);
await archiver.stop();
const content = await contentOf(store);
const seen = { waited, left, before, events: new Set(content.events).size, rows: content.events.length };
process.stdout.write(JSON.stringify({ ...seen, unsealed: content.unsealed }));
