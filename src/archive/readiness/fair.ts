/**
 * The FAIR principles (Wilkinson et al., Scientific Data 3, 160018, 2016) asked of a run: what its own files show, and what
 * they cannot. Refuses to call met what nobody recorded.
 */

import { type DatasetFacts, isSimulated, licenceOf } from '../view/facts.ts';

export interface FairAnswer {
  readonly principle: string;
  readonly question: string;
  /** Null: the archive cannot tell. */
  readonly met: boolean | null;
  readonly evidence: string;
}

export const fairOf = (facts: DatasetFacts): FairAnswer[] => {
  const { card, model, run, view } = facts;
  const licence = licenceOf(run);
  const answer = (
    principle: string,
    question: string,
    met: boolean | null,
    evidence: string,
  ): FairAnswer => ({
    principle,
    question,
    met,
    evidence,
  });
  return [
    answer(
      'F1',
      'Is there a globally unique, persistent identifier?',
      null,
      `instrument card ${card.hash}, run ${run.run} and the manifest’s root name it; a DOI is for whoever publishes it`,
    ),
    answer('F2', 'Is it described with rich metadata?', true, 'croissant.json, README.md, cards, run book'),
    answer('F3', 'Do the metadata name the data?', true, 'seals and manifest name every file by SHA-256'),
    answer(
      'F4',
      'Are the metadata in a searchable place?',
      null,
      'where the archive is published decides it',
    ),
    answer(
      'A1',
      'Can it be had by an open, free protocol?',
      true,
      'plain files in a folder or over S3’s HTTP',
    ),
    answer(
      'A2',
      'Do the metadata outlive the data?',
      true,
      'retention takes data files and leaves seals, manifest and records',
    ),
    answer('I1', 'Is the format open and shared?', true, 'Apache Parquet, JSON, ONNX'),
    answer('I2', 'Are the vocabularies open?', true, 'Croissant 1.0, schema.org'),
    answer(
      'I3',
      'Are references to other data qualified?',
      true,
      `tokens name model ${model.name}/${model.version} by ${model.hash}; policy versions are a column`,
    ),
    answer(
      'R1',
      'Are there enough attributes to reuse it?',
      true,
      `conditions, axes with units, ${view === null ? 'no training view' : `${view.fields.length} described columns`}`,
    ),
    answer(
      'R1.1',
      'Is there a clear licence?',
      licence !== null,
      licence ?? 'none recorded: the order that opens a run can say {"licence": …}',
    ),
    answer(
      'R1.2',
      'Is its provenance told?',
      isSimulated(run) === null ? false : run.openedBy === 'order',
      isSimulated(run) === null
        ? 'whether it is simulated is not recorded'
        : `opened by ${run.openedBy}, ${isSimulated(run) === true ? 'simulated' : 'measured'}`,
    ),
    answer(
      'R1.3',
      'Does it follow the standards of its community?',
      true,
      'wire contracts compatible with ESS streaming-data-types',
    ),
  ];
};
