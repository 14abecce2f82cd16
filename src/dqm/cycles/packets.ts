/**
 * MonitorObjects beside the detector's own: scores, p-values, ratio, fidelity, completeness, latency stage by stage, as packets tell
 * them, and the clusters of frames that are looked into.
 * Histograms on named axes, end to end in one array, as those of `layout.ts`. Refuses nothing: packets were verified.
 */

import type { Axis } from '../../domain/instrument.ts';
import { limits } from '../../domain/limits.ts';
import { FidelityReason, type Packet } from '../../domain/packet.ts';
import { type StageName, stageNames } from '../../domain/status.ts';
import { Sum } from '../../kernels/clusters/cluster_sums.ts';
import type { ObjectPlan } from '../layout.ts';

/** `offset` is where the first bin lies among those of packets. */
export type PacketPlan = ObjectPlan<string>;

export interface PacketLayout {
  readonly plans: readonly PacketPlan[];
  readonly size: number;
  /** Names of scores in the order in which they were met: rows of `scores`. */
  readonly scoreNames: string[];
  /** Bytes of a frame as 16-bit words: the basis of the ratio. */
  readonly denseBytes: number;
}

/** Tenths of a decade, down to one in 10^10. */
const pBins = 100;
/** Half octaves of a score's distance from 0, on either side. */
const scoreHalf = 24;
/** Quarter octaves of the ratio, and of µs: up to 16 s. */
const ratioBins = 64;
const latencyBins = 96;
/** Cells of a cluster, and half octaves of its charge. */
const clusterCells = 48;
const clusterCharges = 40;

const counted = (name: string, size: number, unit = '', step = 1, origin = 0): Axis => ({
  ...{ name, size, unit, origin, step },
});

const clamp = (value: number, size: number): number => Math.min(size - 1, Math.max(0, Math.floor(value)));

export const packetLayout = (voxels: number): PacketLayout => {
  let size = 0;
  const plan = (name: string, title: string, axes: readonly Axis[], unit: string): PacketPlan => {
    const bins = axes.reduce((product, axis) => product * axis.size, 1);
    const made = { name, title, axes, size: bins, offset: size, unit };
    size += bins;
    return made;
  };
  const plans = [
    plan('p_value', 'p-values of frames, in decades', [counted('−log10 p', pBins, '', 0.1)], 'frames'),
    plan(
      'scores',
      'Scores of frames, in half octaves from 0',
      [counted('score', limits.scoresMax), counted('half octaves', 2 * scoreHalf, '', 1, -scoreHalf)],
      'frames',
    ),
    plan('ratio', 'Compression ratio, in octaves', [counted('log2 ratio', ratioBins, '', 0.25)], 'frames'),
    plan('reasons', 'Packets by the reason for their fidelity', [counted('reason', 8)], 'frames'),
    plan(
      'complete',
      'Time frames without and with this region',
      [counted('absent, present', 2)],
      'time frames',
    ),
    plan(
      'latency',
      'Latency by stage, in octaves of µs',
      [counted('stage', stageNames.length), counted('log2 µs', latencyBins, '', 0.25)],
      'frames',
    ),
    plan(
      'clusters',
      'Clusters by cells and by octaves of charge, of a share of the frames',
      [counted('cells', clusterCells), counted('log2 charge', clusterCharges, '', 0.5)],
      'clusters',
    ),
  ];
  return { plans, size, scoreNames: [], denseBytes: 2 * voxels };
};

const planOf = (layout: PacketLayout, name: string): PacketPlan =>
  layout.plans.find((plan) => plan.name === name)!;

export const reasonNames: readonly string[] = (() => {
  const names = Object.entries(FidelityReason) as [string, number][];
  return Array.from({ length: 8 }, (_, i) => names.find(([, value]) => value === i)?.[0] ?? `reason ${i}`);
})();

/** Spans of latency in ns by stage; those nobody timed are absent. */
export type StageSpans = Partial<Readonly<Record<StageName, number>>>;

export interface PacketFiller {
  /** @param into a region's bins of packets */
  add(packet: Packet, packetBytes: number, spans: StageSpans, into: Float64Array): void;
  /** Says of a time frame whether it had this region. */
  complete(present: boolean, into: Float64Array): void;
}

/** Adds clusters as `sumClusters` found them: `count` of them in `sums`. @param into a region's bins of packets */
export const addClusters = (
  layout: PacketLayout,
  sums: Int32Array,
  count: number,
  into: Float64Array,
): void => {
  const { offset } = planOf(layout, 'clusters');
  for (let i = 0; i < count; i++) {
    const cells = clamp(sums[i * Sum.count + Sum.cells]!, clusterCells);
    const charge = clamp(2 * Math.log2(Math.max(1, sums[i * Sum.count + Sum.charge]!)), clusterCharges);
    const at = offset + cells * clusterCharges + charge;
    into[at] = into[at]! + 1;
  }
};

export const openPacketFiller = (layout: PacketLayout): PacketFiller => {
  const [p, scores, ratio, reasons, whole, latency] = layout.plans as readonly [
    PacketPlan,
    PacketPlan,
    PacketPlan,
    PacketPlan,
    PacketPlan,
    PacketPlan,
  ];
  const bump = (into: Float64Array, at: number): void => {
    into[at] = into[at]! + 1;
  };
  const { scoreNames } = layout;
  const rowOf = (name: string): number => {
    const known = scoreNames.indexOf(name);
    if (known >= 0 || scoreNames.length >= limits.scoresMax) return known;
    return scoreNames.push(name) - 1;
  };
  return {
    add(packet, packetBytes, spans, into) {
      bump(into, p.offset + clamp(-10 * Math.log10(Math.max(1e-12, packet.pValue)), pBins));
      for (const { name, value } of packet.scores) {
        const row = rowOf(name);
        if (row < 0) continue;
        const octaves = 2 * Math.sign(value) * Math.log2(1 + Math.abs(value));
        bump(into, scores.offset + row * 2 * scoreHalf + clamp(scoreHalf + octaves, 2 * scoreHalf));
      }
      bump(
        into,
        ratio.offset + clamp(4 * Math.log2(layout.denseBytes / Math.max(1, packetBytes)), ratioBins),
      );
      bump(into, reasons.offset + clamp(packet.reason, 8));
      for (const [stage, name] of stageNames.entries()) {
        const nanos = spans[name];
        if (nanos === undefined || !(nanos >= 0)) continue;
        const at = clamp(4 * Math.log2(Math.max(1, nanos / 1000)), latencyBins);
        bump(into, latency.offset + stage * latencyBins + at);
      }
    },
    complete(present, into) {
      bump(into, whole.offset + (present ? 1 : 0));
    },
  };
};

/** Time frames that lacked the region, and all that were looked at. */
export const completenessOf = (layout: PacketLayout, values: Float64Array) => {
  const { offset } = planOf(layout, 'complete');
  return { absent: values[offset]!, all: values[offset]! + values[offset + 1]! };
};

/** The mean of the log2 ratio, as a ratio; null without packets. */
export const ratioOf = (layout: PacketLayout, values: Float64Array): number | null => {
  const { offset, size } = planOf(layout, 'ratio');
  let [sum, count] = [0, 0];
  for (let bin = 0; bin < size; bin++) {
    const packets = values[offset + bin]!;
    sum += (packets * (bin + 0.5)) / 4;
    count += packets;
  }
  return count === 0 ? null : 2 ** (sum / count);
};

/** Frames with p under `pValue` among all; null without packets. */
export const shareUnder = (layout: PacketLayout, values: Float64Array, pValue: number): number | null => {
  const { offset } = planOf(layout, 'p_value');
  const from = clamp(-10 * Math.log10(pValue), pBins);
  let [under, all] = [0, 0];
  for (let bin = 0; bin < pBins; bin++) {
    all += values[offset + bin]!;
    if (bin >= from) under += values[offset + bin]!;
  }
  return all === 0 ? null : under / all;
};
