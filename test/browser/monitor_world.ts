/**
 * A monitor in memory, with everything a shifter may meet: good and bad regions, a feed, alarms, runs, people's acts. Time
 * moves only by `advance`. For tests of the page and of servers; refuses to stand for measurements.
 */

import { Fault } from '../../src/domain/fault.ts';
import type {
  AlarmShown,
  BoardEvents,
  BoardSnapshot,
  CellShown,
  FeedItem,
  LabelShown,
  ObjectShown,
  QualityShown,
  RunShown,
  ServiceShown,
  TrendShown,
} from '../../src/dqm/board.ts';
import type { QualityName } from '../../src/dqm/quality.ts';
import { createPrng } from '../../src/kernels/prng.ts';
import type { AnomalyQuery, MonitorView, ShiftAct } from '../../src/services/monitor/view.ts';
import {
  cardOf,
  worldFrame,
  worldLanes,
  worldLayers,
  worldObject,
  worldObjectNames,
} from './world_objects.ts';

export const worldRegions: readonly string[] = ['n', 's'].flatMap((side) =>
  Array.from({ length: 12 }, (_, i) => `tpc_outer_${side}${String(i).padStart(2, '0')}`),
);
const checks = [
  ['channels', 'dead, hot and odd channels, chips and front-end cards'],
  ['beta-binomial', 'every histogram against up to eight good runs'],
  ['Kolmogorov', 'shapes against the good runs'],
  ['χ²', 'bins against the good runs'],
  ['bin by bin', 'how many bins differ'],
  ['token use', 'which tokens are used, against the good runs'],
  ['siblings', 'against the regions beside it'],
  ['trend', 'steps of what is told in one number'],
] as const;
const causes = [
  'token-surprise',
  'silent-channels',
  'noisy-channels',
  'gain',
  'continuity',
  'bad-bits',
] as const;
/** With thousands separated, as the monitor says them. */
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const cycleMs = 5_000;
const trendStepMs = 1_000;
const trendPoints = 3_600;
const stale = 15_000;
const activity = 'physics Au+Au';

export interface MonitorWorld {
  readonly view: MonitorView;
  readonly nowMs: number;
  /** Moves time; events go out as they fall due. */
  advance(ms: number): void;
  /** A front-end card dies (null: is mended): its cell is Bad at the end of the next cycle. */
  killCard(at: { readonly region: string; readonly card: number } | null): void;
  /** Nothing comes any more, though time goes on. */
  silence(on: boolean): void;
  /** Cells that say nothing, as before references exist. */
  blind(region: string, check: string): void;
  readonly listeners: number;
}

export const createMonitorWorld = (options: {
  readonly seed: number;
  readonly startMs: number;
  /** Rare frames a second. */
  readonly feedPerSecond?: number;
}): MonitorWorld => {
  const prng = createPrng(options.seed, 11);
  const feedRate = options.feedPerSecond ?? 0.5;
  let nowMs = options.startMs;
  let [cycle, cycleEndedMs, sequence, timeFrame, owed, total] = [0, nowMs, 0, 4000, 0, 0];
  let dead: { region: string; card: number } | null = null;
  let deadSinceMs = 0;
  let silent = false;
  let skipped = 0;
  const blinded = new Set<string>();
  const feedItems: FeedItem[] = [];
  const everything: FeedItem[] = [];
  const labels: (LabelShown & { item: FeedItem | null })[] = [];
  const layouts = new Map<string, string>();
  const listeners = new Set<Parameters<MonitorView['watch']>[0]>();
  const since = new Map<string, { quality: QualityName; sinceMs: number }>();
  const alarms = new Map<string, AlarmShown>();
  const past: { cause: string; severity: string; message: string; sinceMs: number; untilMs: number }[] = [];
  let references: BoardSnapshot['references'] = {
    activity,
    choice: 'latest',
    runs: [70101, 70103, 70104, 70108],
    provisional: false,
    words: 'Compared with runs 70101, 70103, 70104, 70108, the last good ones.',
    good: [70095, 70101, 70103, 70104, 70108],
    history: [
      {
        activity,
        choice: 'latest',
        runs: [],
        who: 'ben',
        why: 'the gas is as before again',
        atMs: options.startMs - 3_600_000,
      },
    ],
  };
  const run = { run: 70110, activity, startedMs: options.startMs - 1_260_000, stoppedMs: null };
  let frames = 61_000;

  const emit = <Name extends keyof BoardEvents>(name: Name, value: BoardEvents[Name]): void => {
    for (const listener of listeners) listener(name, value);
  };

  const readingOf = (
    region: string,
    check: string,
  ): [QualityName, string, string | null, number[], string[]] => {
    if (blinded.has(`${region} ${check}`)) return ['null', 'nothing to compare with', null, [], []];
    const fault = dead !== null && dead.region === region && cycleEndedMs > deadSinceMs ? dead : null;
    if (fault !== null && (check === 'channels' || check === 'siblings')) {
      const bins = Array.from({ length: worldLayers * worldLanes }, (_, bin) => bin).filter(
        (bin) => cardOf(Math.floor(bin / worldLanes), bin % worldLanes) === fault.card,
      );
      const reason = `front-end card ${fault.card} is low in occupancy; 1 in 1,000,000 good cycles is as low.`;
      return ['bad', reason, 'occupancy', bins, [`front-end card ${fault.card}`]];
    }
    if (region === 'tpc_outer_s07' && check === 'token use')
      return [
        'medium',
        'symbol 17 is used more than in good runs; 1 in 240 good cycles is as far off.',
        'symbols',
        [17, 98],
        ['position 0, symbol 17', 'position 1, symbol 17'],
      ];
    return ['good', `its readings are as those of good runs`, null, [], []];
  };

  const cellOf = (region: string, check: string): CellShown => {
    const [quality, reason, object, bins, where] = readingOf(region, check);
    const known = since.get(`${region} ${check}`);
    if (known === undefined || known.quality !== quality)
      since.set(`${region} ${check}`, { quality, sinceMs: cycleEndedMs });
    const { sinceMs } = since.get(`${region} ${check}`)!;
    return { region, check, quality, reason, object, bins, where, sinceMs, atMs: cycleEndedMs };
  };
  const worst = (cells: readonly CellShown[], of: string): QualityShown => {
    for (const quality of ['bad', 'medium'] as const) {
      const found = cells.filter((cell) => cell.quality === quality);
      const [first] = found;
      if (first !== undefined)
        return {
          quality,
          reason: `In ${first.region}, ${first.reason}${found.length > 1 ? ` ${found.length - 1} more of ${cells.length} ${of} ${found.length > 2 ? 'are' : 'is'} ${quality}.` : ''}`,
        };
    }
    return { quality: 'good', reason: `All ${cells.length} ${of} are as in good runs.` };
  };
  const makeBoard = (): BoardSnapshot => {
    const cells = worldRegions.flatMap((region) => checks.map(([check]) => cellOf(region, check)));
    return {
      schema: 1,
      sequence: ++sequence,
      atMs: nowMs,
      instrument: {
        id: 'sphenix-tpc-auau',
        title: 'sPHENIX TPC, outer layer group, Au+Au at 200 GeV, central with pile-up',
        regions: worldRegions,
        simulated: 'made up in memory for tests of the page',
      },
      activity: run,
      cycle: {
        number: cycle,
        seconds: cycleMs / 1000,
        endedMs: cycle === 0 ? null : cycleEndedMs,
        frames: 240,
        share: 0.5,
      },
      staleAfterMs: stale,
      checks: checks.map(([name, meaning]) => ({ name, meaning })),
      cells,
      regions: worldRegions.map((region) =>
        worst(
          cells.filter((cell) => cell.region === region),
          'checks',
        ),
      ),
      overall: worst(cells, 'cells'),
      references,
    };
  };
  let board = makeBoard();

  const feedOf = () => ({
    items: feedItems.slice(0, 100),
    total,
    skipped,
    causes: causes
      .map((cause) => ({
        cause,
        count: feedItems.filter((item) => item.cause === cause).length,
        pValueMin: Math.min(
          1,
          ...feedItems.filter((item) => item.cause === cause).map(({ pValue }) => pValue),
        ),
      }))
      .filter(({ count }) => count > 0),
  });
  const addRare = (): void => {
    const region = worldRegions[Math.floor(prng.uniform() * worldRegions.length)]!;
    const cause = causes[Math.floor(prng.uniform() ** 2 * causes.length)]!;
    const where = `layer ${Math.floor(prng.uniform() * 16)}, azimuth ${Math.floor(prng.uniform() * 192)}`;
    const item: FeedItem = {
      id: `${run.run}-${timeFrame}-${region}`,
      atMs: nowMs,
      run: run.run,
      timeFrame: timeFrame++,
      region,
      cause,
      // Some are beyond all that was seen: a real tail is.
      pValue: prng.uniform() < 0.1 ? 1.5e-13 : 10 ** (-2 - 3 * prng.uniform()),
      where: prng.uniform() < 0.2 ? '' : where,
    };
    total++;
    feedItems.unshift(item);
    everything.unshift(item);
    if (feedItems.length > 500) feedItems.length = 500;
    if (everything.length > 5_000) everything.length = 5_000;
  };

  const alarmsShown = () => ({ alarms: [...alarms.values()], past });
  const raise = (cause: string, message: string): void => {
    const known = alarms.get(cause);
    alarms.set(cause, {
      cause,
      severity: 'major',
      message,
      sinceMs: known?.sinceMs ?? nowMs,
      lastMs: nowMs,
      count: (known?.count ?? 0) + 5,
      unit: 'seconds',
      acknowledged: known?.acknowledged ?? null,
      shelved: known?.shelved ?? null,
      open: true,
      handbook: `/handbook/${cause}`,
      comments: known?.comments ?? [],
    });
  };
  const clear = (cause: string): void => {
    const known = alarms.get(cause);
    if (known === undefined) return;
    alarms.delete(cause);
    const { severity, message, sinceMs } = known;
    past.unshift({ cause, severity, message, sinceMs, untilMs: nowMs });
  };

  const stages = [
    ['transport', 3, 20],
    ['decode', 2, 10],
    ['tokenize', 6, 20],
    ['score', 3, 10],
    ['refine', 1, 10],
    ['emit', 1, 5],
    ['commit', 11, 25],
    ['inside', 24, 80],
    ['total', 27, 100],
  ] as const;
  const serviceOf = (serviceId: string): ServiceShown => ({
    serviceId,
    atMs: nowMs,
    silent: false,
    message: {
      status: 200,
      state: 'running',
      uptimeMs: nowMs - options.startMs,
      books: [
        {
          service: serviceId.split(':')[0],
          received: frames,
          kept: frames - 27,
          shed: 0,
          refused: 3,
          inFlight: 24,
          returned: 0,
          balanced: true,
          in: { framesPerSecond: 48, bytesPerSecond: 15.8e6 },
          out: { framesPerSecond: 48, bytesPerSecond: 96e3 },
        },
      ],
      latency: stages.map(([stage, p50, budgetMs]) => ({
        stage,
        count: 480,
        p50Ms: p50 * (0.9 + 0.2 * prng.uniform()),
        p99Ms: p50 * (2 + 0.5 * prng.uniform()),
        budgetMs,
      })),
      flow: {
        lagFrames: 24,
        queuedBytes: 3e6,
        laneDepth: 1,
        partitions: 4,
        pausedPartitions: 0,
        pressure: 'none',
      },
      ratio: { recent: { dense: 160, raw: 22 }, overall: { dense: 158, raw: 21.5 } },
    },
  });
  let services = [serviceOf('processor:1'), serviceOf('assembler:1'), serviceOf('dqm:1')];

  const trendNames = [
    ...worldRegions.flatMap((region) => [
      { name: `region/${region}/hits`, unit: 'hits a frame' },
      { name: `region/${region}/mean ADC`, unit: 'ADC' },
      { name: `region/${region}/completeness`, unit: 'share' },
    ]),
    { name: 'service/latency p99', unit: 'ms' },
    { name: 'service/frames', unit: 'frames/s' },
    { name: 'service/ratio', unit: '' },
  ];
  const trendAt: number[] = [];
  const trendValues = new Map(trendNames.map(({ name }) => [name, [] as (number | null)[]]));
  const usualOf = (name: string): number =>
    name.endsWith('hits')
      ? 9800
      : name.endsWith('ADC')
        ? 168
        : name.endsWith('completeness')
          ? 1
          : name.endsWith('p99')
            ? 42
            : name.endsWith('frames')
              ? 48
              : 160;
  const trendNow = (name: string): number | null => {
    if (silent) return null;
    const hurt = dead !== null && name.startsWith(`region/${dead.region}/hits`) ? 11 / 12 : 1;
    const wobble = name.endsWith('completeness') ? 0 : 0.01 * prng.gaussian();
    return usualOf(name) * hurt * (1 + wobble + 0.02 * Math.sin(nowMs / 600_000));
  };
  const pointTrends = (): Record<string, number | null> => {
    trendAt.push(nowMs);
    const values: Record<string, number | null> = {};
    for (const { name } of trendNames) {
      values[name] = trendNow(name);
      trendValues.get(name)!.push(values[name]);
    }
    if (trendAt.length > trendPoints) {
      trendAt.shift();
      for (const list of trendValues.values()) list.shift();
    }
    return values;
  };

  const runsShown = (): RunShown[] => [
    { ...run, quality: board.overall, frames, rareFrames: total, good: board.overall.quality === 'good' },
    ...[70108, 70105, 70104, 70103, 70101].map((one, i) => ({
      run: one,
      activity,
      startedMs: run.startedMs - (i + 1) * 3_600_000,
      stoppedMs: run.startedMs - i * 3_600_000 - 120_000,
      quality:
        one === 70105
          ? { quality: 'bad' as const, reason: '1 of 192: tpc_outer_n03 channels: occupancy: low chip' }
          : { quality: 'good' as const, reason: 'all 192 cells are good' },
      frames: 170_000 + i,
      rareFrames: 1_700 - i,
      good: one !== 70105,
    })),
  ];

  const endCycle = (): void => {
    cycle++;
    cycleEndedMs = nowMs;
    board = makeBoard();
    emit('board', board);
    emit('runs', runsShown());
    const bad = board.cells.filter(({ quality }) => quality === 'bad');
    const [first] = bad;
    if (first !== undefined)
      raise('detector-quality', `${first.region}: ${first.check} is bad: ${first.where.join(', ')}`);
    else clear('detector-quality');
    emit('alarms', alarmsShown());
  };

  // Something to look at from the beginning.
  for (let i = 600; i > 0; i--) {
    nowMs = options.startMs - i * trendStepMs;
    pointTrends();
    if (i % 10 === 0) addRare();
  }
  nowMs = options.startMs;

  const acted = (act: ShiftAct): void => {
    if (act.act === 'label') {
      const item = everything.find(({ id }) => id === act.id) ?? null;
      if (item === null)
        throw new Fault('request-invalid', `no anomaly ${act.id} is kept; take an id of the feed`);
      const { id, label, comment, who } = act;
      labels.push({ id, label, comment, who, atMs: nowMs, item });
      return;
    }
    if ('activity' in act) {
      const runs = act.act === 'release' ? references.good.slice(-8) : act.runs;
      const unknown = runs.filter((one) => !references.good.includes(one));
      if (unknown.length > 0)
        throw new Fault(
          'request-invalid',
          `run ${unknown.join(', ')} is not among the good runs of ${act.activity}`,
        );
      const choice = act.act === 'release' ? 'latest' : act.act === 'pin' ? 'pinned' : 'chosen';
      const change = {
        activity: act.activity,
        choice,
        runs,
        who: act.who,
        why: act.why,
        atMs: nowMs,
      } as const;
      const words = `Compared with runs ${runs.join(', ')}, ${act.act === 'release' ? 'the last good ones' : choice}.`;
      references = { ...references, choice, runs, words, history: [change, ...references.history] };
      board = makeBoard();
      emit('board', board);
      return;
    }
    const alarm = alarms.get(act.cause);
    if (alarm === undefined)
      throw new Fault(
        'request-invalid',
        `no alarm ${act.cause} is open; open are ${[...alarms.keys()].join(', ') || 'none'}`,
      );
    const said = { who: act.who, why: act.why, atMs: nowMs };
    const comment = { who: act.who, text: act.why, atMs: nowMs };
    if (act.act === 'acknowledge') alarms.set(act.cause, { ...alarm, acknowledged: said });
    else if (act.act === 'shelve')
      alarms.set(act.cause, { ...alarm, shelved: { ...said, untilMs: nowMs + act.minutes * 60_000 } });
    else if (act.act === 'unshelve') alarms.set(act.cause, { ...alarm, shelved: null });
    else alarms.set(act.cause, { ...alarm, comments: [comment, ...alarm.comments] });
    emit('alarms', alarmsShown());
  };

  const matches =
    (query: AnomalyQuery) =>
    (item: FeedItem): boolean =>
      item.atMs < (query.beforeMs ?? Number.POSITIVE_INFINITY) &&
      (query.region === undefined || item.region === query.region) &&
      (query.cause === undefined || item.cause === query.cause) &&
      (query.run === undefined || item.run === query.run) &&
      item.pValue <= (query.pValueMax ?? 1);

  const view: MonitorView = {
    get board() {
      return board;
    },
    get feed() {
      return feedOf();
    },
    get alarms() {
      return alarmsShown();
    },
    get services() {
      return services;
    },
    get runs() {
      return runsShown();
    },
    get references() {
      return references;
    },
    objectTree: ['all', ...worldRegions].map((region) => ({ region, objects: worldObjectNames })),
    async object(region, name, span, version): Promise<ObjectShown | null> {
      if (region !== 'all' && !worldRegions.includes(region)) return null;
      if (version !== undefined && version > Math.max(cycle, run.run)) return null;
      const frames = { cycle: 10, moving: 120, run: 2_400 }[span];
      const fromMs = { cycle: cycleEndedMs - cycleMs, moving: cycleEndedMs - 60_000, run: run.startedMs }[
        span
      ];
      const deadCard = dead?.region === region && cycleEndedMs > deadSinceMs ? dead.card : null;
      const withReference = references.runs.length > 0;
      return worldObject({
        region,
        name,
        span,
        frames,
        fromMs,
        untilMs: cycleEndedMs,
        deadCard,
        withReference,
      });
    },
    trendNames,
    async trends(names, fromMs, untilMs): Promise<readonly TrendShown[]> {
      return names.map((name) => {
        const values = trendValues.get(name);
        const unit = trendNames.find((one) => one.name === name)?.unit;
        if (values === undefined || unit === undefined)
          throw new Fault('request-invalid', `no trend ${name}; names are at /api/v1/trend-names`);
        const inside = trendAt.map((at) => at >= fromMs && at <= untilMs);
        return {
          name,
          unit,
          atMs: trendAt.filter((_, i) => inside[i]),
          values: values.filter((_, i) => inside[i]),
        };
      });
    },
    anomalies: async (query) => everything.filter(matches(query)).slice(0, query.limit),
    async anomaly(id) {
      const item = everything.find((one) => one.id === id);
      if (item === undefined) return null;
      const channels = Array.from({ length: 8 }, (_, i) => ({
        channel: 3 * worldLanes + 40 + i,
        share: 0.3 / (i + 1),
        where: `layer 3, azimuth ${40 + i}`,
      }));
      const often = Math.round(1 / item.pValue);
      return {
        ...item,
        words: `about one normal frame in ${whole(often)} is as unusual (between ${whole(often * 0.8)} and ${whole(often * 1.3)})`,
        pLow: item.pValue * 0.8,
        pHigh: item.pValue * 1.3,
        scores: causes.map((name) => ({
          name,
          value: name === item.cause ? 6.1 : 0.7,
          pValue: name === item.cause ? item.pValue : 0.4,
        })),
        findings:
          item.where === ''
            ? []
            : [
                {
                  scoreName: item.cause,
                  score: 6.1,
                  where: item.where,
                  channels,
                  patches: [{ patch: 2304, share: 0.4 }],
                },
              ],
        patches: [
          { patch: 2304, surpriseBits: 61 },
          { patch: 2305, surpriseBits: 48 },
        ],
        labels: labels.filter((one) => one.id === id).reverse(),
      };
    },
    async frame(id) {
      const item = everything.find((one) => one.id === id);
      return item === undefined ? null : worldFrame(id, item.region, item.timeFrame);
    },
    labels: async () => labels,
    layouts: async () => Object.fromEntries(layouts),
    async saveLayout(name, text) {
      if (text === null) layouts.delete(name);
      else layouts.set(name, text);
    },
    act: async (act) => acted(act),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  const tick = (ms: number): void => {
    const beforeMs = nowMs;
    nowMs += ms;
    if (silent) return;
    frames += Math.round((48 * ms) / 1000);
    owed += (feedRate * ms) / 1000;
    const news = Math.floor(owed);
    owed -= news;
    for (let i = 0; i < news; i++) addRare();
    skipped = Math.max(0, news - 100);
    if (news > 0) emit('feed', feedOf());
    if (Math.floor(beforeMs / trendStepMs) !== Math.floor(nowMs / trendStepMs)) {
      emit('trends', { atMs: nowMs, values: pointTrends() });
      services = [serviceOf('processor:1'), serviceOf('assembler:1'), serviceOf('dqm:1')];
      emit('services', services);
    }
    if (nowMs - cycleEndedMs >= cycleMs) endCycle();
  };

  return {
    view,
    get nowMs() {
      return nowMs;
    },
    advance(ms) {
      for (let left = ms; left > 0; left -= 250) tick(Math.min(250, left));
    },
    killCard(at) {
      dead = at;
      deadSinceMs = nowMs;
    },
    silence(on) {
      silent = on;
    },
    blind(region, check) {
      blinded.add(`${region} ${check}`);
    },
    get listeners() {
      return listeners.size;
    },
  };
};
