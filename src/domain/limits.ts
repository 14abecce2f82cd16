/**
 * Every bound in tessera, with its unit in its name and the reason beside it. A queue, batch, message, retry
 * or cache that is not bounded by a number from here is a bug.
 */

import { type InstrumentCard, voxelCount } from './instrument.ts';

export const limits = {
  /** Envelope of a tf00 or tk00 message beside its payload: strings, tables, alignment. */
  envelopeBytesMax: 4096,
  /** Longest source, instrument or model name on the wire; Kafka keys and metric labels stay small. */
  nameBytesMax: 128,
  /** Names and hashes whose wire bytes are kept: they repeat for ever, and a source of new ones must not grow us. */
  cachedNamesMax: 1024,
  /** Deepest nesting of tables the verifier follows; our schemas nest twice. */
  tableDepthMax: 8,
  /** Tables one message may reach; a packet has at most 1 + layersMax + scoresMax, a partial event one a packet and a
   * gap of some hundred regions, and shared tables are counted each time they are reached, so that offsets cannot
   * multiply work. */
  tablesMax: 1024,
  /** Layers one packet may have: 16 planes, tokens, occupancy, remainder and room to grow. */
  layersMax: 32,
  /** Objects one frame may have, and numbers each: they are put in order one by one, and a trigger sends tens. */
  objectsPerFrameMax: 1024,
  objectFieldsMax: 64,
  /** Patches of a refined frame that are decoded for its reconstruction score: one in so many, at least these and at most
   * those. Some 2,000 hits of a central frame; all of a small one would cost as much as a dozen of it tokenized. */
  reconstructedPatchesOneIn: 8,
  reconstructedPatchesMin: 16,
  reconstructedPatchesMax: 128,
  /** Scores one packet or an00 may carry. */
  scoresMax: 16,
  /** Patches an an00 lists: what a shifter can look at. */
  anomalyPatchesMax: 16,
  /** Frames rarer than this are explained: a millisecond or two each, more than all else that a small frame costs. */
  explainedPValue: 1e-3,
  /** Findings an an00 names, and channels it lists for each: a front-end card of 256. */
  anomalyFindingsMax: 4,
  anomalyChannelsMax: 256,
  /** Axes of a grid that a message may speak of: as many as a card may have. */
  axesMax: 8,
  /** Hashes of a frame's signature: a share of 5 % that repeats is one or two of 32, and a signature is a microsecond. */
  signatureSize: 32,
  /** Time frames apart within which the same content is a fault, and frames of a region that are remembered: a stuck
   * buffer sends its last ones again, a simulator's pool comes round later. */
  repeatReachTimeFrames: 8,
  /** Contents the calibrator remembers so as to count none twice: more than any simulator's pool holds, 4 MB. */
  calibrationContentsKept: 65_536,
  /** How long frames have been repeated of late is said: a heartbeat or two. */
  repeatLingerMs: 3_000,

  /** Windows that share a budget of false alarms: half a decade apart they span 100 ms to 5 min. */
  burstWindowsMax: 8,
  /** Events a burst finder holds: 400 a second in a window of 10 s. At a higher rate the oldest are forgotten, so that
   * long windows see fewer events than there were, never more. */
  burstEventsMax: 4096,
  /** A background is known from a day of slots: at 1 Hz to 0.3 %, and a rate that moves is followed within the day. */
  burstSlotMs: 600_000,
  burstSlots: 144,
  /** Thresholds remembered by their background's count: at 1 Hz a day's count has some 2,000 usual values. */
  burstThresholdsKept: 4096,
  /** A burst that lasts longer is another rate: supernovae take seconds, and a shifter has seen it by then. */
  burstPatienceMs: 1_800_000,
  /** Instants of a burst that are told one by one. */
  burstInstantsTold: 256,
  /** Alerts that can still be retracted: at one a week, some months of them. */
  alertsKept: 32,
  /** Rare time frames wait this long, of the broker's time, for others that are older and come by another partition. */
  alertWaitMs: 2_000,
  /** Time frames that wait at once, and while what was missed is read: a day at 0.7 Hz. */
  alertPendingMax: 65_536,
  /** How far back rare frames are read again after a kill. */
  alertCheckpointMs: 60_000,
  /** Bins in which a burst is told: of a tenth of its window each. */
  alertBinsMax: 64,
  /** A burst told so long after it happened is one of the archive. */
  alertArchivalMs: 3_600_000,

  /** Records and bytes one batch (= one transaction) may hold: 24 Au+Au wedges are 8 MB, and a commit costs
   * about 10 ms, so bigger batches add latency without adding rate. */
  batchRecordsMax: 2048,
  batchBytesMax: 16 * 1024 * 1024,
  /** Fetched but unprocessed bytes a partition may hold before it is paused: two batches. */
  partitionQueueBytesMax: 32 * 1024 * 1024,
  /** Bytes of receive buffers kept for the next responses, and of send buffers for the next requests: some bursts
   * of 24 Au+Au wedges (8 MB). */
  receiveFreeBytesMax: 64 * 1024 * 1024,
  sendFreeBytesMax: 16 * 1024 * 1024,
  /** Batches of one partition between poll and commit: one computing while one commits, and one to fill gaps. */
  partitionBatchesInFlightMax: 3,
  /** Jobs waiting at one worker thread; more only adds latency. */
  workerJobsWaitingMax: 2,
  /** Frames and bytes of one job: what one ONNX call and one transfer should hold. */
  jobFramesMax: 256,
  jobBytesMax: 4 * 1024 * 1024,
  /** Times a batch is computed when worker threads die under it, before the processor gives up. */
  laneAttemptsMax: 3,

  /** Smallest share of a batch worth sending to another worker: below it the hand-over costs more. */
  jobSplitBytesMin: 128 * 1024,
  /** Rows of one model call: a slab of 64-byte patches and its activations stay in the L2 cache. */
  modelRowsMax: 1024,
  /** Patches tokenized together; a lane's buffers are made once for this many and never grow. */
  laneRowsMax: 64 * 1024,
  /** Times one lane's workers are started again before their death is taken as the machine's answer. */
  workerRestartsMax: 3,
  /** Scores one bin of the calibration counts before all halve: the tail of 1 in 10,000 holds several. */
  sketchBinCountMax: 65_536,
  /** Frames that call for another yardstick of scores, at most, in thirds: hours of Au+Au, within which gain drifts. */
  yardstickFramesMax: 1_048_576,
  /** Frames in a row that are unusual together before the calibration takes them for the norm: minutes of Au+Au. */
  calibrationPatienceFrames: 20_000,

  /** A packets flow again within 15 s of a kill: both timeouts stay at or under 10 s. */
  sessionTimeoutMs: 8_000,
  transactionTimeoutMs: 10_000,
  /** SIGTERM to exit: what is in flight must be finished by then. */
  drainMs: 10_000,
  /** A child whose parent died: to its own end. */
  orphanMs: 3_000,

  /** Event time a frame may lie behind its partition's watermark before it is stale. */
  staleNanos: 60_000_000_000n,
  /** Event time a frame may lie ahead of it before it is far-future. */
  futureNanos: 60_000_000_000n,
  /** How far one frame may move the watermark. */
  watermarkStepNanos: 10_000_000_000n,
  /** Frames far ahead that must agree on a time before the watermark follows: one wild frame is not a gap. */
  aheadFramesToBelieve: 3,
  /** An id this far or less below a source's last one was seen before; further below, numbering began anew. */
  duplicateWindowIds: 1024,

  /** Bytes a reader of a control topic (policy, cards) buffers: snapshots are some 10 kB each. */
  controlBufferBytesMax: 1024 * 1024,
  /** Records at a policy topic's end among which the newest snapshot surely is (transaction markers count too). */
  policyTailRecords: 64n,

  /** Causes one instrument's alarms may have: what a shifter can know by name. */
  alarmCausesMax: 32,
  /** Characters of an alarm's sentence or a person's reason, and of a person's name: a line of a display each. */
  alarmTextCharsMax: 240,
  alarmNameCharsMax: 64,
  /** Alarms that have passed and are still listed: a shift's worth. */
  alarmPastMax: 32,
  /** An alarm that goes on is told again after a minute, then twice as long each time, up to hourly. */
  alarmRepeatMsMin: 60_000,
  alarmRepeatMsMax: 3_600_000,
  /** An alarm that came back within the hour flaps; each return doubles the time it takes to clear, up to 32 times. */
  alarmFlapForgetMs: 3_600_000,
  alarmDampingDoublingsMax: 5,
  /** Longest time an alarm may be shelved: nobody remembers it after a week. */
  alarmShelveMsMax: 7 * 86_400_000,
  /** Services whose heartbeats are watched at once, and the silence after which one is no longer counted. */
  alarmServicesMax: 64,
  alarmServiceSilentMs: 10_000,
  /** A wait for heartbeats after which nothing is known of the time between: ten of them were missed. */
  alarmGapMs: 10_000,
  /** Alarm state is written this often while an alarm is open, and this often when all is well: how far back
   * heartbeats are read again after a kill. */
  alarmWriteMs: 2_000,
  /** A keeper that failed tries again after this: a broker that restarts is back by then. */
  alarmRetryMs: 10_000,
  alarmCheckpointMs: 60_000,
  /** Records at the end of the alarm state's topic among which the newest surely is (transaction markers count too). */
  alarmTailRecords: 64n,
  /** Bytes of a command: a person's sentence and names, not a document. */
  commandBytesMax: 4096,
  /** Commands about the rate that wait for the calibrating partition's next batch: people give a few, a flood waits on the bus. */
  rateCommandsWaitingMax: 64,

  /** Reference runs one check compares with: AutoDQM's eight. */
  dqmReferencesMax: 8,
  /** Bins a quality names: a front-end card of 256 channels. */
  dqmBinsNamedMax: 256,
  /** Good runs without which nobody knows what is usual: a tail of ten in a hundred. */
  dqmGoodRunsMin: 100,
  /** Good runs of an activity that may be chosen as references, and changes of references that are remembered: a season's. */
  dqmGoodRunsKept: 256,
  dqmReferenceChangesKept: 256,
  /** Cycles of a run's beginning that stand in where there are no good runs: of 24 regions a hundred values. */
  dqmProvisionalCycles: 4,
  /** Hits of a region without which a cycle is judged together with those before, up to a minute of them: every card of a
   * dozen then has some thousand, and a few tracks more or less are no finding. */
  dqmWindowHitsMin: 20_000,
  /** The same of trigger objects, more than a hundred events; and frames looked into with the one that was looked for, each a
   * few numbers, where fetching one costs more than counting hundreds. */
  dqmWindowObjectsMin: 1_000,
  dqmObjectFramesAhead: 256,
  /** Frames from which on the shape of what has an entry a frame is told. */
  dqmShapeFramesMin: 16,
  /** Values of a reading that say what is usual: a tail of twenty, and drift is not followed for ever. */
  dqmUsualValuesMax: 1024,
  /** False alarms over all cells: one cell that is medium an hour is looked at, one bad in ten days is believed. */
  dqmFalseMediumsPerHour: 1,
  dqmFalseBadsPerDay: 0.1,
  /** Parts of the detector that a cell names in words. */
  dqmPlacesNamedMax: 16,
  /** Share of one core that looking into frames may take, ms of it that may be saved up, and ms in one go before others
   * have a turn. */
  dqmSampleShare: 0.15,
  dqmSampleCreditMs: 50,
  dqmPacketShare: 0.05,
  dqmTurnMs: 10,
  /** Frames fetched ahead of a look, and records passed over in search of a time frame before it is let go. */
  dqmLookBytesMax: 2 * 1024 * 1024,
  dqmLookRecordsMax: 4096,
  /** The longest wait until the time for another look is asked for again. */
  dqmIdleMs: 100,
  /** What lies so far behind is passed over: a monitor tells of now. Two cycles. */
  dqmLateMs: 10_000,
  /** A topic that cannot be read is tried again after this. */
  dqmRetryMs: 2_000,
  /** A service whose last heartbeat is older is no longer listed. */
  dqmServiceForgetMs: 3_600_000,
  /** A monitor's history, some hundred MB in all: points of trends (three days of cycles of 5 s, a kB each), names of trends and
   * lists of them, points one answer has, minutes and runs of objects (24 regions are a MB), rare frames, how many of those of a
   * quarter second are written, and listed at once, comments, labels, layouts and the characters of one. */
  dqmTrendPointsKept: 51_840,
  dqmTrendsMax: 1024,
  dqmTrendListsKept: 256,
  dqmTrendPointsShown: 1000,
  dqmMinutesKept: 60,
  dqmRunsKept: 64,
  dqmRareFramesKept: 100_000,
  dqmRareAtOnceMax: 64,
  dqmAnomaliesListed: 1000,
  dqmCommentsKept: 4096,
  dqmLabelsKept: 65_536,
  dqmLayoutsKept: 64,
  dqmLayoutCharsMax: 65_536,
  /** Around a rare frame's instant its packet and its raw frame are searched for, ms. */
  dqmSearchMs: 5_000,
  dqmRunRowsKept: 1024,
  dqmRunsListed: 256,
  /** Judged cycles without which a run is no reference: a minute. */
  dqmGoodRunCyclesMin: 12,
  /** Whoever looks is told of rare frames this often at most. */
  dqmTellMs: 250,
  /** What falls silent is looked for so often between ends of cycles. */
  dqmSilenceMs: 1_000,
  /** Rare frames the feed shows: two screens of them. */
  dqmFeedItemsShown: 60,

  /** Time frames the simulator has on their way to the broker: two keep it busy, more only queue. */
  feederSendsInFlightMax: 4,
  /** ms a simulator makes its pool in one go before others of its process have a turn; a crowded time frame takes longer. */
  simulatorTurnMs: 20,
  /** Time frames that are due leave together until they are this many bytes: a send costs what packing some hundred
   * frames of objects does, and one time frame of wedges is more. */
  feederSendBytesMin: 32 * 1024,
  /** Arrays of one .npz that are listed, and bytes of one that is unpacked: what fits this process thrice. */
  npzArraysMax: 1024,
  npyBytesMax: 2 * 1024 * 1024 * 1024,
  /** Largest message a dump file may hold: no instrument's frame is larger, and any text read as a length is. */
  dumpMessageBytesMax: 64 * 1024 * 1024,
  /** Bytes of frames an import sends in one go: some dozens of Au+Au frames. */
  importSendBytesMax: 8 * 1024 * 1024,
  /** Characters of one CSV line: some hundred columns, and a file without line ends is told early. */
  csvLineCharsMax: 4096,
  /** What the data folder of a local broker may fill, and the memory below which everything at once is tight. */
  dataFolderBytesMax: 4 * 1024 * 1024 * 1024,
  memoryBytesMin: 4 * 1024 * 1024 * 1024,
  /** Packets one inspection decodes against their frames: their bytes are held until the frame comes by. */
  inspectPacketsMax: 2_000,

  /** Packets a replay compares in one go: their digests fit some 200 MB. */
  replayPacketsMax: 1_000_000,
  /** Packets of an archive that are sent again in one go, in bytes: as an import's. */
  replaySendBytesMax: 4 * 1024 * 1024,
  /** Decoded hits of one group of rows, and of one .npz, which is held in memory: 1.5 GB of it. */
  decodeGroupHits: 65_536,
  npzHitsMax: 20_000_000,

  /** Bytes taken and not yet sealed that all partitions of one archiver may hold together: four segments of 64 MiB,
   * a gigabyte of process with what encoding them takes. */
  archiveHeldBytesMax: 256 * 1024 * 1024,
  /** Rows and payload bytes of one group of a table: what a reader decodes at once, and what one step of encoding
   * keeps the event loop from its heartbeats for. */
  archiveGroupRowsMax: 4096,
  archiveGroupBytesMax: 8 * 1024 * 1024,
  /** A store that is full or away is tried again this often: it costs one small write. */
  archiveRetryMs: 1_000,
  /** Where nothing of a partition's bytes is kept (frames beside the prescale), its position is committed after this
   * many: what is read again after a kill. */
  archivePassedBytesMax: 64 * 1024 * 1024,
  /** How often a partition commits what it passed over, and looks whether the run of what it holds was stopped: a run
   * closes within seconds of its stop, for one small read. */
  archiveLookMs: 2_000,
  /** Event time a run's data may come after its stop in event time (deadlines of assembly, and amendments within a few of
   * them), and how long a stream that does not come there must have been silent. */
  runCloseGraceMs: 10_000,
  /** How often it is looked whether a run that was stopped is complete. */
  runCloseCheckMs: 1_000,

  /** Time frames, packets and bytes that one partition's assembler keeps waiting for regions: at 24 wedges of Au+Au
   * some hundred time frames of tokens or four lossless ones; beyond, the oldest goes incomplete. */
  assemblyFramesOpenMax: 2048,
  assemblyPacketsOpenMax: 65_536,
  assemblyBytesOpenMax: 32 * 1024 * 1024,
  /** Time frames of a partition that were sent and can still be amended: at 1,000 a second some seconds, 2 MB. */
  assemblyFramesKept: 8192,
  /** Commits of a partition's assembler between two at which its whole state is written: what a restart reads. */
  assemblyChangesMax: 64,
  /** Bytes of tokens buffered while packets that waited are read again at a restart. */
  assemblyReadBytesMax: 16 * 1024 * 1024,
  /** Packets one partial event's message carries, and gaps it tells: with its root they are the tables of a message. */
  partialEventPacketsMax: 512,
  partialEventGapsMax: 256,

  /** Bytes of one refused record's value that are kept when the original cannot fit. */
  refusedBeginningBytes: 64 * 1024,
  /** Bytes buffered for one gateway subscriber, half fetched and half under way to it, before its stream stops
   * reading; one message that is larger travels alone. */
  subscriberBufferBytesMax: 4 * 1024 * 1024,
  /** Subscribers of one gateway: 64 of them with full buffers hold 256 MiB. */
  subscribersMax: 64,
  /** Frames being tokenized on demand: enough to fill the lanes, few enough that the stream's own go on. */
  tokenizeInFlightMax: 16,
  /** Calls one gRPC connection may have open: each may hold a request of the largest frame. */
  grpcCallsPerConnectionMax: 32,
  /** A silent gRPC peer is asked for life this often, and given this long to answer, before it is dropped. */
  grpcKeepaliveMs: 20_000,
  grpcKeepaliveTimeoutMs: 10_000,

  /** Seconds of history the live view shows: two minutes fill a sparkline and stay a few kB a snapshot. */
  statusHistorySeconds: 120,
  /** Unusual frames remembered for the live view, and how many of them it lists. */
  statusRareFramesMax: 256,
  statusRareFramesListed: 8,
  /** Warnings and errors remembered for the live view. */
  statusNotesMax: 8,
  /** Size at which a log file is set aside as `.1` (replacing the last): a month of a calm service, 32 MB in all. */
  logFileBytesMax: 16 * 1024 * 1024,
  /** Connections to a service's health and figures: some scrapers and probes. */
  statusConnectionsMax: 64,

  /** Browsers following the monitor at once: a collaboration's control room, its offices and some of its homes, one stream
   * a browser. Connections beside them are for pages, plots and other tools: six a browser that loads. */
  monitorFollowersMax: 250,
  monitorConnectionsMax: 1024,
  /** Unread bytes at which a slow one is dropped: some beginnings of a stream. What waits is shared by all that wait. */
  monitorUnreadBytesMax: 2 * 1024 * 1024,
  /** Events of so long go out together: nobody sees a tenth of a second, and a write costs what its bytes do not. */
  monitorGatherMs: 100,
  /** A stream says this often that it is still there: proxies give up after a minute or half of one. */
  monitorBeatMs: 15_000,
  /** Points of trends that wait to go out together. */
  monitorTrendPointsHeld: 16,
  /** Trends and unusual frames one question may be about: what a page of plots and a long list show. */
  monitorTrendsMax: 64,
  monitorAnomaliesMax: 1000,
  /** Layouts that are kept, and bytes of one: a hundred plots on ten tabs. */
  monitorLayoutsMax: 256,
  monitorLayoutBytesMax: 256 * 1024,
  /** A monitor that has not answered by then is not there: its slowest answer is an object read from disk. */
  monitorAnswerMs: 10_000,
  /** Answers larger than this are compressed for other machines. */
  monitorPlainBytesMax: 4096,

  /** Lists of one shard of a training view before compression: some dozen MB on disk, a second to read, and what is held
   * while it is written. */
  viewShardBytesMax: 128 * 1024 * 1024,
  /** Neighbouring time frames are planned as one up to this: shards may exceed their bound by as much, and a run of 100
   * GB is planned in some 50,000 numbers. */
  viewStepBytes: 2 * 1024 * 1024,
  /** Rows and symbols (with their patches) of one group of a view: what a loader decodes at once, some MB. */
  viewGroupRowsMax: 4096,
  viewGroupSymbolsMax: 2 * 1024 * 1024,
  /** Packets of fewer symbols are often equal by chance, and no sign of a leak: 32 of 81 values are 200 bits. */
  viewRepeatSymbolsMin: 32,
  /** Packets whose tokens are remembered, so that later parts do not repeat them: 100 bytes each. */
  viewRepeatsMax: 1_000_000,
  /** Packets whose tokens a readiness report decodes, spread over the run: seconds, and every share known to 2 %. */
  readinessPacketsMax: 4096,
  /** Packets in which a readiness report looks for the names of scores. */
  readinessScorePacketsMax: 4096,
} as const;

/** Most hits a frame of this instrument can have: every voxel over threshold. */
export const hitsPerFrameMax = (card: InstrumentCard): number => voxelCount(card);

/** Largest tf00 message of this instrument: the wider encoding (6 bytes a hit) and its envelope. */
export const frameBytesMax = (card: InstrumentCard): number =>
  hitsPerFrameMax(card) * 6 + limits.envelopeBytesMax;
