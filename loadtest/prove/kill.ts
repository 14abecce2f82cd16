/**
 * The proof of delivery: processors killed with -9 at random instants under load, alone, in pairs, while others
 * sleep through their loss, and the broker killed in the middle; then the topics are audited and the recorded
 * frames replayed. It refuses to end early: a fault is written down and the run goes on to its audit.
 */

import { createSystemClock } from '../../src/adapters/system/clock.ts';
import type { ReplaySummary } from '../../src/commands/replay.ts';
import { sleep } from '../drive.ts';
import { type Audit, audit } from './audit.ts';
import { type Crew, type Member, openCrew } from './crew.ts';
import { type Flow, followFlow } from './flow.ts';
import { randomOf } from './random.ts';
import { startSource } from './source.ts';
import { drained, openWorld, type ProofWorld, runTessera } from './world.ts';

/**
 * What happens to processors in one step. `alone`: the only one is killed and replaced at once. `early`: so is its
 * replacement while it starts. `pair`: one of two is killed. `zombie`: one of two is frozen until the other has its
 * partitions, then it wakes while the other is killed. `asleep`: the only one is frozen for longer than its
 * transaction may last, then wakes.
 */
export type StepKind = 'alone' | 'early' | 'pair' | 'zombie' | 'asleep';
export type Disturbance = StepKind | 'frozen' | 'broker';

export interface KillPlan {
  readonly instrument: string;
  readonly partitions: number;
  /** Time frames a second. */
  readonly rate: number;
  readonly pool: number;
  readonly seed: number;
  readonly steps: Readonly<Partial<Record<StepKind, number>>>;
  readonly say: (line: string) => void;
}

export interface Recovery {
  readonly disturbance: Disturbance;
  /** From the disturbance until every partition brought a packet taken after it. */
  readonly seconds: number;
}

export interface KillReport {
  readonly kills: number;
  readonly recoveries: readonly Recovery[];
  /** Of the time the broker's restart took, what passed until it answered again. */
  readonly brokerBackSeconds: readonly number[];
  readonly audit: Audit;
  readonly replay: ReplaySummary | null;
  /** Everything that is wrong, in words. */
  readonly faults: readonly string[];
  /** Ends of the processors' logs when there are faults. */
  readonly logs: string;
}

/** How long flow is waited for before that is called a fault: well above the bar of 15 s. */
const patienceMs = 60_000;
/** Longer than a transaction and a session may last. */
const asleepMs = 12_000;

const shuffled = (steps: KillPlan['steps'], random: () => number): StepKind[] => {
  const list = Object.entries(steps).flatMap(([kind, count]) =>
    Array<StepKind>(count).fill(kind as StepKind),
  );
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
};

/** The disturbances, each made and measured once. */
const disturber = (world: ProofWorld, crew: Crew, flow: Flow, random: () => number) => {
  const clock = createSystemClock();
  const recoveries: Recovery[] = [];
  const brokerBackSeconds: number[] = [];
  const faults: string[] = [];
  let kills = 0;

  /** Does what disturbs, then waits until packets flow again. */
  const measure = async (disturbance: Disturbance, disturb: () => Promise<void>): Promise<void> => {
    const startMs = performance.now();
    const startNanos = clock.nowNanos();
    await disturb();
    try {
      const flowsMs = await flow.since(startNanos, patienceMs);
      recoveries.push({ disturbance, seconds: (flowsMs - startMs) / 1000 });
    } catch (cause) {
      faults.push(`after ${disturbance}: ${(cause as Error).message}`);
    }
  };
  const kill = async (member: Member): Promise<void> => {
    kills += 1;
    await member.murder();
  };
  const oneOf = (members: readonly Member[]): Member => members[Math.floor(random() * members.length)]!;
  /** Instants at random are what is being tried: there is nothing to wait for. */
  const atRandom = (secondsMin: number, secondsMax: number): Promise<void> =>
    sleep(1000 * (secondsMin + (secondsMax - secondsMin) * random()));

  /** Brings the crew to `count`, ready and in flow. */
  const muster = async (count: number): Promise<void> => {
    const sinceNanos = clock.nowNanos();
    const changed = crew.members.length !== count;
    while (crew.members.length > count) {
      const code = await crew.members[0]!.retire();
      if (code !== 0) faults.push(`a processor asked to stop ended with ${code}`);
    }
    await crew.muster(count);
    if (changed) await flow.since(sinceNanos, patienceMs);
  };

  const steps: Record<StepKind, () => Promise<void>> = {
    async alone() {
      await measure('alone', async () => {
        await kill(oneOf(crew.members));
        await crew.start();
      });
    },
    async early() {
      await kill(oneOf(crew.members));
      const replacement = await crew.start();
      await atRandom(0.2, 6);
      await measure('early', async () => {
        await kill(replacement);
        await crew.start();
      });
    },
    async pair() {
      await measure('pair', async () => {
        await kill(oneOf(crew.members));
        await crew.start();
      });
    },
    async zombie() {
      const zombie = oneOf(crew.members);
      const other = crew.members.find((one) => one !== zombie)!;
      await measure('frozen', async () => zombie.freeze());
      await measure('zombie', async () => {
        zombie.thaw();
        await kill(other);
        await crew.start();
      });
    },
    async asleep() {
      const only = crew.members[0]!;
      only.freeze();
      // How long it sleeps is what is being tried.
      await sleep(asleepMs);
      await measure('asleep', async () => only.thaw());
    },
  };
  return {
    recoveries,
    brokerBackSeconds,
    faults,
    get kills() {
      return kills;
    },
    muster,
    async step(kind: StepKind) {
      await muster(kind === 'pair' || kind === 'zombie' ? 2 : 1);
      await atRandom(0.1, 3);
      await steps[kind]();
    },
    broker: () =>
      measure('broker', async () => {
        const startMs = performance.now();
        await world.broker.crash();
        await world.broker.restart();
        brokerBackSeconds.push((performance.now() - startMs) / 1000);
      }),
  };
};

/** Runs the real command; every packet must come out again, byte for byte. */
const replayed = async (
  world: ProofWorld,
  audited: Audit,
  faults: string[],
): Promise<ReplaySummary | null> => {
  const ended = await runTessera(['replay', '--policy', 'recorded', '--json', ...world.flags]);
  const line = ended.stdout.trim();
  if (ended.code !== 0 || line === '') {
    faults.push(`replay ended with ${ended.code}: ${line} ${ended.stderr.slice(-2000)}`);
    return null;
  }
  const summary = JSON.parse(line) as ReplaySummary;
  const repeats = audited.records - audited.frames;
  if (
    summary.packets !== audited.packets ||
    summary.identical !== audited.packets ||
    summary.withoutPacket !== repeats
  )
    faults.push(`replay of ${audited.packets} packets and ${repeats} repeats: ${line}`);
  return summary;
};

/** Runs the whole proof in a world of its own; the caller ends it with `stopAll`. */
export const proveKills = async (plan: KillPlan): Promise<KillReport> => {
  const { say } = plan;
  const random = randomOf(plan.seed);
  const world = await openWorld(plan.instrument, plan.partitions);
  const group = 'proof';
  const crew = openCrew([...world.flags, '--group', group, '--policy-interval-ms', '1000']);
  await crew.muster(1);
  const flow = followFlow(world.bus, world.topics.tokens, plan.partitions);
  const source = await startSource(world, plan);
  await flow.since(0n, patienceMs);

  const disturb = disturber(world, crew, flow, random);
  const steps = shuffled(plan.steps, random);
  for (const [index, kind] of steps.entries()) {
    if (index === steps.length >> 1) {
      await disturb.broker();
      say(`broker killed and restarted: ${disturb.recoveries.at(-1)?.seconds.toFixed(1)} s`);
    }
    await disturb.step(kind);
    const { disturbance, seconds } = disturb.recoveries.at(-1) ?? {};
    say(`${index + 1} of ${steps.length}: ${kind}; flows ${seconds?.toFixed(1)} s after ${disturbance}`);
  }
  await disturb.muster(1);
  const faults = [...disturb.faults];
  const { code: sourceCode, frames: sent } = await source.stop();
  if (sourceCode !== 0) faults.push(`the simulator ended with ${sourceCode}`);
  await drained(world, group);
  await crew.retire();
  await flow.stop();

  const audited = await audit(world.bus, world.cards.card, world.topics, group);
  if (audited.frames !== sent) faults.push(`the simulator sent ${sent} frames, ${audited.frames} are there`);
  say(`${audited.records} records, ${audited.packets} packets; replaying …`);
  const replay = await replayed(world, audited, faults);
  faults.push(...crew.faults, ...audited.faults);
  return {
    kills: disturb.kills,
    recoveries: disturb.recoveries,
    brokerBackSeconds: disturb.brokerBackSeconds,
    audit: audited,
    replay,
    faults,
    logs: faults.length > 0 ? crew.logs() : '',
  };
};
