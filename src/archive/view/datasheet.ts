/**
 * The datasheet of a run (README.md): the questions of Gebru et al., "Datasheets for Datasets" (arXiv:1803.09010), answered
 * from what was recorded, with the model's card, and the head by which Hugging Face `datasets` finds the parts. Refuses
 * to praise: what is not recorded is said to be unknown.
 */

import { voxelCount } from '../../domain/instrument.ts';
import { codedKinds, type DatasetFacts, dateOf, isSimulated, licenceOf, saidOf, sumsOf } from './facts.ts';
import { splits } from './split.ts';

const grouped = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const share = (part: number, whole: number): string =>
  whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(2)} %`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  `| ${head.join(' | ')} |`,
  `|${head.map(() => '---').join('|')}|`,
  ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`),
];

/** YAML that `datasets` reads: which files are which part. Text is quoted as JSON, which YAML contains. */
const head = (facts: DatasetFacts): string[] => {
  const { view, card, run } = facts;
  const found = splits.filter((split) => view?.files.some(({ name }) => name.startsWith(`view/${split}-`)));
  const coded = codedKinds(facts);
  const config = (name: string, files: readonly string[], isDefault: boolean): string[] => [
    `- config_name: ${name}`,
    ...(isDefault ? ['  default: true'] : []),
    '  data_files:',
    ...files,
  ];
  return [
    '---',
    `pretty_name: ${JSON.stringify(`${card.title}, run ${run.name}`)}`,
    ...(licenceOf(run) === null ? [] : ['license: other', `license_name: ${JSON.stringify(licenceOf(run))}`]),
    'tags:',
    '- physics',
    '- tokens',
    'configs:',
    ...(found.length === 0
      ? []
      : config(
          'view',
          found.flatMap((split) => [`  - split: ${split}`, `    path: view/${split}-*.parquet`]),
          true,
        )),
    ...coded.flatMap((kind, i) =>
      config(kind, ['  - split: run', `    path: data/*.${kind}.*.parquet`], found.length === 0 && i === 0),
    ),
    '---',
    '',
  ];
};

const numbersOf = (value: unknown, prefix = ''): [string, string][] => {
  if (typeof value === 'number') return [[prefix, String(Number(value.toPrecision(6)))]];
  if (typeof value === 'string' && value.length < 200) return [[prefix, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    numbersOf(one, prefix === '' ? key : `${prefix}.${key}`),
  );
};

const flawsOf = (facts: DatasetFacts): string[] => {
  const { run, seals, view } = facts;
  const sums = sumsOf(seals);
  const simulated = isSimulated(run);
  const versions = [...new Set(seals.map((seal) => seal.version))];
  return [
    simulated === true
      ? 'Frames are **simulated**: conditions, faults and rates are those of the simulator, not of a detector.'
      : simulated === false
        ? ''
        : 'Whether frames were measured or simulated is **not recorded** (the order that opens a run can say `{"simulated": …}`, and `tessera archive --simulated` records it).',
    run.openedBy === 'data'
      ? 'No order opened the run: its first data did, and nobody said when it began, under which terms it may be used, or by whom.'
      : '',
    sums.unreadable > 0
      ? `${grouped(sums.unreadable)} messages could not be read and are not here; their offsets are covered by the seals.`
      : '',
    sums.shed > 0
      ? `${grouped(sums.shed)} packets (${share(sums.shed, sums.packets)}) lost all layers to overload: their rows have scores and no tokens.`
      : '',
    licenceOf(run) === null ? 'No licence is recorded: ask before you share it.' : '',
    'Tokens are lossy. How lossy is told under Model, and can be measured on the raw share, where there is one.',
    'Start times are the sources’ own clocks; time frames of a region that never read out are absent, not empty.',
    versions.length > 1 ? `Segments were written by several versions: ${versions.join(', ')}.` : '',
    view !== null && view.repeats > 0
      ? `${grouped(view.repeats)} packets of validation and test repeat tokens of an earlier part and were left out of the view.`
      : '',
    view !== null && splits.some((split) => view.rows[split] === 0)
      ? `The view has no rows in ${splits.filter((split) => view.rows[split] === 0).join(' and ')}.`
      : '',
  ].filter((line) => line !== '');
};

const viewSection = ({ view }: DatasetFacts): string[] => {
  if (view === null) return ['## Training view', '', '`tessera export` has not made one yet.', ''];
  const rows = splits.map((split) => {
    const [from, to] = view.timeFrames[split];
    return [split, grouped(view.rows[split]), to > from ? `${from} … ${to - 1}` : 'none'];
  });
  return [
    '## Training view',
    '',
    `\`view/\`: one row a packet, ${megabytes(view.byteCount)}. Parts are cut by time, whole time frames, with ${view.rule.guardFrames} time frame${view.rule.guardFrames === 1 ? '' : 's'} left out at each border, so that no collision is seen on both sides. Left out: ${grouped(view.guarded)} packets at borders, ${grouped(view.withoutTokens)} without tokens, ${grouped(view.repeats)} that repeat an earlier part.`,
    '',
    ...table(['part', 'packets', 'time frames'], rows),
    '',
    ...table(
      ['column', 'type', 'meaning'],
      view.fields.map(({ name, dataType, list, meaning }) => [
        `\`${name}\``,
        list ? `list of ${dataType}s` : dataType,
        meaning,
      ]),
    ),
    '',
  ];
};

const modelSection = ({ model, card, eventModel }: DatasetFacts): string[] => [
  `## Model: ${model.name}, version ${model.version}`,
  '',
  `A patch tokenizer (finite scalar quantization): patches of ${model.patch.join(' × ')} cells (${card.axes.map(({ name }) => name).join(' × ')}) become ${model.symbolsPerPatch} symbols of ${model.alphabet} values each. Card hash \`${model.hash}\`; encoder \`${model.encoder.sha256.slice(0, 16)}…\`, decoder \`${model.decoder.sha256.slice(0, 16)}…\`, both SHA-256, both in \`cards/\` of the archive.`,
  '',
  'Made for: compressing and searching detector readout. Not made for: frames of another instrument, or physics results without the losses below.',
  '',
  '<details><summary>How it was made, and what it loses (from its card)</summary>',
  '',
  ...table(['what', 'value'], [...numbersOf(model.provenance), ...numbersOf(model.metrics)]),
  '',
  '</details>',
  '',
  eventModel === null
    ? 'What made the tokens of events is not recorded, or there are none.'
    : `Event tokens are by ${eventModel.id}, card hash \`${eventModel.hash}\`, in \`cards/\` as an \`event-*-card.json\`; each row of \`events\` names its own (\`event_model\`, \`event_model_hash\`).`,
  '',
];

/** The Markdown text. */
export const datasheetOf = (facts: DatasetFacts): string => {
  const { card, run, seals, version } = facts;
  const sums = sumsOf(seals);
  const simulated = isSimulated(run);
  const kinds = codedKinds(facts)
    .map((kind) => {
      const files = seals.flatMap((seal) => seal.files.filter((file) => file.kind === kind));
      const bytes = files.reduce((sum, { byteCount }) => sum + byteCount, 0);
      const rows = files.reduce((sum, { rowCount }) => sum + rowCount, 0);
      return [`\`data/*.${kind}.*.parquet\``, grouped(files.length), grouped(rows), megabytes(bytes)];
    })
    .filter((row) => row[1] !== '0');
  const said = Object.entries(saidOf(run)).map(([key, value]) => [
    `said on opening: ${key}`,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const [begin, end] = sums.instants ?? [0n, 0n];
  return [
    ...head(facts),
    `# ${card.title}: run ${run.name}`,
    '',
    simulated === true
      ? '**Simulated frames.**'
      : simulated === false
        ? 'Measured frames.'
        : 'Origin not recorded.',
    `Packets of ${card.regions.length} regions as tessera ${version} archived them, saved before any trigger decision.`,
    '',
    '## Known flaws',
    '',
    ...flawsOf(facts).map((line) => `- ${line}`),
    '',
    '## What is in it',
    '',
    ...table(
      ['fact', 'value'],
      [
        ['instrument', `${card.id}, card \`${card.hash}\``],
        [
          'run',
          `${run.run}${run.name === String(run.run) ? '' : ` (${run.name})`}, opened by ${run.openedBy === 'order' ? 'an order' : 'its first data'}`,
        ],
        ['ordered start', dateOf(run.startMs)],
        [
          'stop, in event time',
          `${dateOf(run.stopMs)}${run.stopBy === 'sent' ? ' (all that had been sent when it was ordered)' : ''}`,
        ],
        ['closed', dateOf(run.closedMs)],
        ['event time', sums.instants === null ? 'none' : `${begin} … ${end} ns since the Unix epoch`],
        [
          'time frames',
          sums.timeFrames === null
            ? 'none'
            : `${grouped(sums.events)} partial events, numbers ${sums.timeFrames[0]} … ${sums.timeFrames[1]}, ${card.timeFrameNanos} ns each`,
        ],
        ['packets', `${grouped(sums.packets)} (${megabytes(sums.packetBytes)} as they came)`],
        ['raw frames beside them', grouped(sums.rawFrames)],
        [
          'grid of a frame',
          `${card.axes.map(({ name, size }) => `${name} ${size}`).join(' × ')} = ${grouped(voxelCount(card))} voxels, ${card.adcBits}-bit ADC, threshold ${card.thresholdAdc}`,
        ],
        ['segments', grouped(sums.segments)],
        ['on disk', megabytes(sums.fileBytes)],
        ...said,
      ],
    ),
    '',
    ...(kinds.length === 0 ? [] : table(['files', 'count', 'rows', 'size'], kinds)),
    '',
    ...viewSection(facts),
    ...modelSection(facts),
    '## How it was made, and what for',
    '',
    `Frames of ${card.regions.length} regions were tokenized as they came, each packet with its scores and a p-value for how usual it is; rare ones and a hashed prescale carry more layers, up to lossless. All packets of a time frame were put together with what was missing (\`events\`), and archived each once. It was kept so that somebody can analyse later what nobody thought of at the time.`,
    '',
    `Conditions on the instrument card: ${
      Object.keys(card.conditions).length === 0
        ? 'none'
        : Object.entries(card.conditions)
            .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
            .join(', ')
    }.`,
    '',
    'No people are in it. It is not changed after closing, but that retention may delete whole files of the higher rungs, and says so in the run’s records; and segments that came too late for it may lie beside its files, which `manifest.json` does not name.',
    '',
    '## How to trust it',
    '',
    facts.coded
      ? '`runbook.json` says of each region what was expected, received, kept, shed and lost. `readiness.html` shows completeness, duplicates, outliers, balance and drift. `manifest.json` has the hash of every file; `tessera verify` checks all of it.'
      : 'This folder was exported from an archive; its run book, manifest and seals lie there, and `tessera verify` checks them. `readiness.html` shows completeness, duplicates, outliers, balance and drift.',
    '',
  ].join('\n');
};
