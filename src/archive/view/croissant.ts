/**
 * `croissant.json`: a run as a dataset in the words of MLCommons' Croissant 1.0 (docs.mlcommons.org/croissant), so that
 * loaders find files, columns and parts by themselves. Refuses to describe files the run has not.
 */

import { codedKinds, type DatasetFacts, isSimulated, licenceOf, saidOf, sumsOf } from './facts.ts';
import type { ViewField } from './rows.ts';

const context = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  cr: 'http://mlcommons.org/croissant/',
  rai: 'http://mlcommons.org/croissant/RAI/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileProperty: 'cr:fileProperty',
  fileObject: 'cr:fileObject',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  parentField: 'cr:parentField',
  path: 'cr:path',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const;

const fileSet = (id: string, includes: string, description: string) => ({
  '@type': 'cr:FileSet',
  '@id': id,
  name: id,
  description,
  encodingFormat: 'application/x-parquet',
  includes,
});

const dataTypes = { integer: 'sc:Integer', real: 'sc:Float', text: 'sc:Text' } as const;

const fieldOf = (set: string, fileSetId: string, { name, meaning, dataType, list }: ViewField) => ({
  '@type': 'cr:Field',
  '@id': `${set}/${name}`,
  name: `${set}/${name}`,
  description: meaning,
  dataType: dataTypes[dataType],
  ...(list ? { repeated: true } : {}),
  source: { fileSet: { '@id': fileSetId }, extract: { column: name } },
});

const kindWords = {
  events: 'one row a time frame and revision: completeness and reason',
  packets: 'one row a packet: what it says, but for its layers',
  tokens: 'payloads of token and object layers, entropy coded',
  near: 'payloads of occupancy and planes: near-lossless',
  lossless: 'payloads of remainders: lossless, together with the near-lossless ones',
  raw: 'the prescaled, unbiased share of frames as the detector sent them',
} as const;

/** Text of the file. */
export const croissantOf = (facts: DatasetFacts): string => {
  const { card, model, run, seals, view, version } = facts;
  const sums = sumsOf(seals);
  const name = `${card.id}-run-${run.run}`;
  const simulated = isSimulated(run);
  const licence = licenceOf(run);
  const origin =
    simulated === null ? 'whether it was simulated is not recorded' : simulated ? 'simulated' : 'measured';
  const kinds = codedKinds(facts);
  const published = new Date(run.closedMs || Number((sums.instants?.[1] ?? 0n) / 1_000_000n))
    .toISOString()
    .slice(0, 10);
  const said = saidOf(run);
  const value = {
    '@context': context,
    '@type': 'sc:Dataset',
    conformsTo: 'http://mlcommons.org/croissant/1.0',
    name,
    description:
      `${card.title}: run ${run.name} as tokens of ${model.name}/${model.version} (${origin}). ` +
      `${sums.events} time frames, ${sums.packets} packets of ${card.regions.length} regions. README.md is the datasheet.`,
    url: typeof said.url === 'string' ? said.url : `urn:tessera:${card.id}:${card.hash}:run:${run.run}`,
    version: '1.0.0',
    datePublished: published,
    license: licence ?? 'unknown: nobody has said under which terms this run may be used',
    creator: {
      '@type': 'sc:Organization',
      name: typeof said.creator === 'string' ? said.creator : `${card.id} data acquisition`,
    },
    citeAs: `${card.title}, run ${run.name}, written by tessera ${version}`,
    keywords: ['particle physics', 'detector readout', 'tokens', card.kind, card.id],
    isLiveDataset: false,
    distribution: [
      ...(view === null || view.files.length === 0
        ? []
        : [fileSet('view-files', 'view/*.parquet', 'the training view: plain tokens, in parts by time')]),
      ...kinds.map((kind) => fileSet(`${kind}-files`, `data/*.${kind}.*.parquet`, kindWords[kind])),
    ],
    recordSet:
      view === null || view.files.length === 0
        ? []
        : [
            {
              '@type': 'cr:RecordSet',
              '@id': 'splits',
              name: 'splits',
              description: 'the parts of the training view, cut by time',
              dataType: 'cr:Split',
              key: { '@id': 'splits/name' },
              field: [
                { '@type': 'cr:Field', '@id': 'splits/name', name: 'splits/name', dataType: 'sc:Text' },
              ],
              data: [...new Set(view.files.map((file) => /^view\/([a-z]+)-/.exec(file.name)?.[1] ?? ''))].map(
                (split) => ({ 'splits/name': split }),
              ),
            },
            {
              '@type': 'cr:RecordSet',
              '@id': 'view',
              name: 'view',
              description:
                'one row a packet: its tokens as plain integers, where each patch lies, and its scores',
              field: [
                {
                  '@type': 'cr:Field',
                  '@id': 'view/split',
                  name: 'view/split',
                  description: 'train, validation or test',
                  dataType: 'sc:Text',
                  references: { field: { '@id': 'splits/name' } },
                  source: {
                    fileSet: { '@id': 'view-files' },
                    extract: { fileProperty: 'fullpath' },
                    transform: { regex: '(?:.*/)?(train|validation|test)(?:-[^/]*)?$' },
                  },
                },
                ...view.fields.map((field) => fieldOf('view', 'view-files', field)),
              ],
            },
          ],
    'rai:dataCollection': `continuous readout of ${card.regions.length} regions in time frames of ${card.timeFrameNanos} ns; ${origin}`,
    'rai:dataLimitations':
      simulated === true
        ? 'Simulated frames: conditions, faults and rates are those of the simulator.'
        : 'See README.md, section Known flaws.',
  };
  return `${JSON.stringify(value, null, 2)}\n`;
};
