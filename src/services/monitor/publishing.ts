/**
 * A cycle's objects and qualities as da00 messages on `<i>_dqm`, for any tool that reads them. Refuses to publish what nobody
 * looked into: a region without frames has no objects in that cycle.
 */

import { epochNanos } from '../../domain/quantity.ts';
import type { CellShown } from '../../dqm/board.ts';
import type { SpanValues } from '../../dqm/cycles/spans.ts';
import { qualityNumbers } from '../../dqm/quality.ts';
import type { ShownPlan } from '../../dqm/shown/objects.ts';
import type { OutputRecord } from '../../ports/bus.ts';
import { encodeDataArray, type Variable } from '../../wire/monitor/data_array.ts';

const plain = { label: '', source: '' } as const;

const axisVariable = ({ name, unit, size, origin, step }: ShownPlan['axes'][number]): Variable => ({
  ...plain,
  ...{ name, unit, axes: [name], shape: [size] },
  values: Float64Array.from({ length: size }, (_, i) => origin + i * step),
});

const record = (
  topic: string,
  sourceName: string,
  atMs: number,
  variables: readonly Variable[],
): OutputRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(sourceName),
  value: encodeDataArray({
    sourceName,
    timestampNanos: epochNanos(BigInt(Math.round(atMs)) * 1_000_000n),
    variables,
  }),
});

/** One message an object, named `region/object`. */
export const objectRecords = (
  topic: string,
  region: string,
  plans: readonly ShownPlan[],
  values: Float64Array,
  atMs: number,
): OutputRecord[] =>
  plans.map((plan) => {
    const signal: Variable = {
      ...{ name: 'signal', unit: plan.unit, label: plan.title, source: region },
      ...{ axes: plan.axes.map(({ name }) => name), shape: plan.axes.map(({ size }) => size) },
      values: Float32Array.from(values.subarray(plan.offset, plan.offset + plan.size)),
    };
    return record(topic, `${region}/${plan.name}`, atMs, [signal, ...plan.axes.map(axisVariable)]);
  });

/** One message a region, named `region/quality`: the number of every check's quality, and their names and reasons as text. */
export const qualityRecord = (
  topic: string,
  region: string,
  cells: readonly CellShown[],
  atMs: number,
): OutputRecord => {
  const text = (name: string, of: readonly string[]): Variable => {
    const values = of.join('\n');
    return { ...plain, name, unit: '', axes: [], shape: [values.length], values };
  };
  const signal: Variable = {
    ...{ name: 'signal', unit: '', label: 'quality: 1 good, 2 medium, 3 bad, 10 null', source: region },
    ...{ axes: ['check'], shape: [cells.length] },
    values: Uint8Array.from(cells, ({ quality }) => qualityNumbers[quality]),
  };
  return record(topic, `${region}/quality`, atMs, [
    signal,
    text(
      'check',
      cells.map(({ check }) => check),
    ),
    text(
      'reason',
      cells.map(({ reason }) => reason),
    ),
  ]);
};

/** Whether a region was looked into in a cycle. */
export const wasSeen = ({ frames }: SpanValues, region: number): boolean => frames[region]! > 0;
