/** Topics of an instrument on a memory broker, and a service that beats on a virtual clock. */

import { createMemoryBroker, type MemoryBroker } from '../../src/adapters/memory/bus.ts';
import { createVirtualClock, type VirtualClock } from '../../src/adapters/memory/clock.ts';
import { quietLog } from '../../src/adapters/telemetry/quiet_log.ts';
import type { InstrumentCard } from '../../src/domain/instrument.ts';
import type { Bus } from '../../src/ports/bus.ts';
import { announce } from '../../src/services/announcer.ts';
import { createStatusBook, type StatusBook } from '../../src/services/status.ts';
import { topicSpecs, topicsOf } from '../../src/services/topics.ts';
import { statusIdentity } from './status_identity.ts';

export interface AnnouncedWorld {
  readonly clock: VirtualClock;
  readonly broker: MemoryBroker;
  readonly bus: Bus;
  readonly book: StatusBook;
  readonly silence: AbortController;
}

/** @param watch what the book is told before the first beat */
export const openAnnouncedWorld = async (
  card: InstrumentCard,
  partitions: number,
  watch: (book: StatusBook) => void = () => {},
): Promise<AnnouncedWorld> => {
  const clock = createVirtualClock();
  const broker = createMemoryBroker({ clock });
  const bus = broker.connect();
  await bus.ensureTopics(topicSpecs(card, partitions, 1 << 28));
  const book = createStatusBook({ clock, identity: statusIdentity, latencyBudgetMs: 100 });
  watch(book);
  book.state('running');
  const silence = new AbortController();
  const host = { name: 'here', processId: 1, version: '0.1.0' };
  const topics = topicsOf(card.id);
  void announce({ bus, clock, log: quietLog, topics, book, instrumentId: card.id, host }, silence.signal);
  return { clock, broker, bus, book, silence };
};
