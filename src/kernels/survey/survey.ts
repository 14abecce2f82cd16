/**
 * What one frame looks like channel by channel, quickly: counts that anomaly scores are made of, from its patch rows
 * in the gatherer's memory (wasm/survey.as). Serves grids whose patches are 8 × 8 along the last two axes and 1 along
 * the others; refuses nothing of the data. Its slow twin, which also keeps what it saw of each channel, is `maps.ts`.
 */

import { type InstrumentCard, patchesPerAxis } from '../../domain/instrument.ts';
import { wasmBase64 } from '../generated/survey.ts';
import { openKernels, planRoom } from '../linear_memory.ts';
import type { Gatherer } from '../patches/gather.ts';

/**
 * How an instrument is wired and what is known of it. A channel is a row of the grid: all axes but the last. Lanes of
 * the second last axis are its channels in order, layers what lies before.
 */
export interface Wiring {
  /** A front-end card reads `cardLayers` × `cardLanes` channels, a chip `chipLanes` of one layer; lanes in eights. */
  readonly cardLayers: number;
  readonly cardLanes: number;
  readonly chipLanes: number;
}

/** What a code of the model's input table means to the survey. */
export interface CodeScale {
  /** Code of the threshold, below which no hit can be, and of the ADC's largest value, above which none is. */
  readonly lowest: number;
  readonly highest: number;
  /** A step up above both neighbours that no pulse takes. */
  readonly jumpUp: number;
}

/**
 * A CR-RC⁴ pulse that peaks at 90 ns, sampled every 53 ns, falls to 0.60 of its peak or more at one of the neighbours:
 * 0.73 octaves; noise near the threshold adds to it, and one hit in a million of simulated frames is above this.
 */
const jumpOctaves = 1;

export const codeScale = (
  card: Pick<InstrumentCard, 'adcBits' | 'thresholdAdc'>,
  inputTable: readonly number[],
): CodeScale => {
  const adcMax = 2 ** card.adcBits - 1;
  const lowest = Math.max(1, card.thresholdAdc);
  const octave = (inputTable[adcMax]! - inputTable[lowest]!) / Math.log2((adcMax + 1) / (lowest + 1));
  return {
    lowest: inputTable[lowest]!,
    highest: inputTable[adcMax]!,
    jumpUp: Math.round(jumpOctaves * octave),
  };
};

/** Sizes that follow from a card and its wiring; null where its patches are none the survey serves. */
export interface SurveyGrid {
  readonly layers: number;
  readonly lanes: number;
  readonly samples: number;
  readonly channels: number;
  /** Patches along lanes and samples, and their product with layers. */
  readonly laneBlocks: number;
  readonly sampleBlocks: number;
  readonly blocks: number;
  readonly patchCount: number;
  readonly wiring: Wiring;
  readonly cardsAbreast: number;
  readonly cards: number;
  readonly seamsAbreast: number;
}

/** Side of a patch along lanes and samples. */
export const side = 8;

export const surveyGrid = (
  card: Pick<InstrumentCard, 'axes' | 'patch'>,
  wiring: Wiring,
): SurveyGrid | null => {
  const { axes, patch } = card;
  if (axes.length < 2 || patch.some((length, axis) => length !== (axis < axes.length - 2 ? 1 : side)))
    return null;
  const perAxis = patchesPerAxis(card);
  const layers = perAxis.slice(0, -2).reduce((product, size) => product * size, 1);
  const [laneBlocks, sampleBlocks] = perAxis.slice(-2) as [number, number];
  const lanes = axes.at(-2)!.size;
  const cardsAbreast = Math.ceil((laneBlocks * side) / wiring.cardLanes);
  return {
    layers,
    lanes,
    samples: axes.at(-1)!.size,
    channels: layers * lanes,
    laneBlocks,
    sampleBlocks,
    blocks: layers * laneBlocks,
    patchCount: layers * laneBlocks * sampleBlocks,
    wiring,
    cardsAbreast,
    cards: Math.ceil(layers / wiring.cardLayers) * cardsAbreast,
    seamsAbreast: Math.floor((laneBlocks - 1) / (wiring.chipLanes / side)),
  };
};

/** Whole-frame counts, in the order of the kernel. */
export const tallyNames = [
  'codes',
  'pairs',
  'holes',
  'alone',
  'aloneMost',
  'aloneSquares',
  'silent',
  'silentMost',
  'full',
  'fullMost',
  'bad',
  'saturated',
  'stuck',
  'torn',
  'tornMost',
  'emptyBusy',
  'rowMost',
  'charge',
] as const;
export type TallyName = (typeof tallyNames)[number];

/** Numbers of one card's record. */
export const cardRecord = { hits: 0, codes: 1, live: 2, zeros: 3, ones: 4, size: 5 } as const;

/**
 * One frame's survey; the same arrays for every frame. `tally` in the order of `tallyNames`: sum of codes · pairs of
 * hits side by side in lanes · holes (no hit between two) · hits alone (none beside them in lanes or samples), most of
 * them in one channel, and the sum of their squares over channels · holes of channels without any hit, and most in one
 * · whole runs of eight samples, and most in one channel · hits below threshold and
 * jumps, of every other block · saturated hits · evidence of a stuck bit in 1/64 bit, of every other block · squares of pairs missing between neighbours (the fewer hits of the two less twice their pairs), and most
 * between two · channels without hits in busy blocks · rows of eight channels all hit at once, of every other
 * block, most of one card and sample · sum of ADC values.
 */
export interface Survey {
  readonly tally: Int32Array;
  /** Most saturated hits of one patch, a layer. */
  readonly layers: Int32Array;
  /** `cardRecord.size` numbers a card. */
  readonly cards: Int32Array;
  /** Hits on both sides of a seam between chips of one layer, and pairs across it. */
  readonly seams: Int32Array;
}

/** Channels of one region that are as they are: holes of the dead and lone hits of the noisy are not counted. */
export interface Known {
  /** 8 bytes a block, 255 for a channel that is known for it. */
  readonly silent: Uint8Array;
  readonly alone: Uint8Array;
}

/** One per thread, over one gatherer. */
export interface Surveyor {
  readonly grid: SurveyGrid;
  readonly survey: Survey;
  /** Addresses of what a survey is, of the weights of sets of bits, and of the end of the surveyor's room. */
  readonly at: Readonly<Record<'tally' | 'layers' | 'cards' | 'seams' | 'weights' | 'end', number>>;
  /** Surveys the frame gathered last, of `rowCount` patches, in a region. */
  run(rowCount: number, region: number): Survey;
}

interface Kernels {
  survey(layout: number, rowCount: number, hitCount: number, region: number): void;
}

interface Places {
  readonly layout: number;
  /** Where each block lies, `placeNumbers` i32 each. */
  readonly blocks: number;
  readonly words: number;
  readonly weights: number;
  readonly known: number;
  readonly tally: number;
  readonly layers: number;
  readonly cards: number;
  readonly seams: number;
  /** End of what is zeroed before each frame, which begins at `tally`. */
  readonly end: number;
  readonly cardCodes: number;
  readonly fullRows: number;
  readonly pairList: number;
  readonly askedList: number;
  readonly blockList: number;
  readonly cellList: number;
  readonly records: number;
}

/** Rows of words, and records: a block each, and one of zeros before and behind those of each layer. */
const wordRowsOf = (grid: SurveyGrid): number => grid.blocks + 2 * grid.layers + 1;
/** Words of a row, as the kernel has them: those of a block behind two of zeros, an even number. */
const rowWordsOf = ({ sampleBlocks }: SurveyGrid): number => sampleBlocks + 2 + (sampleBlocks % 2);
const placeNumbers = 4;
/** Of each block: a bit for each of its noisy channels, then of its silent ones. */
const knownBytes = 2;

/** The kernel's table of blocks: twice the layer (1 more where the block before is a neighbour), card, seams beside it. */
const blockPlaces = (grid: SurveyGrid): Int32Array => {
  const { blocks, laneBlocks, wiring, cardsAbreast, seamsAbreast } = grid;
  const chipBlocks = wiring.chipLanes / side;
  const table = new Int32Array(placeNumbers * blocks);
  for (let block = 0; block < blocks; block++) {
    const layer = Math.floor(block / laneBlocks);
    const laneBlock = block % laneBlocks;
    const card =
      Math.floor(layer / wiring.cardLayers) * cardsAbreast +
      Math.floor((laneBlock * side) / wiring.cardLanes);
    const seam = layer * seamsAbreast + Math.floor(laneBlock / chipBlocks);
    const isFirst = laneBlock % chipBlocks === 0 && laneBlock > 0;
    const isLast = laneBlock % chipBlocks === chipBlocks - 1 && laneBlock < laneBlocks - 1;
    // Behind the last seam lies one for blocks that are beside none.
    const none = grid.layers * seamsAbreast;
    const place = [
      2 * layer + (laneBlock > 0 ? 1 : 0),
      card,
      8 * (isFirst ? seam - 1 : none),
      8 * (isLast ? seam : none),
    ];
    table.set(place, placeNumbers * block);
  }
  return table;
};

const placesOf = (grid: SurveyGrid, adcBits: number, regions: number, from: number) => {
  const room = planRoom(from);
  const places: Places = {
    layout: room.place(128),
    blocks: room.place(4 * placeNumbers * grid.blocks),
    words: room.place(8 * (wordRowsOf(grid) * rowWordsOf(grid) + 2)),
    weights: room.place(2 * 2 ** adcBits),
    known: room.place(Math.max(1, regions) * knownBytes * grid.blocks),
    tally: room.place(4 * tallyNames.length),
    layers: room.place(4 * grid.layers),
    cards: room.place(4 * cardRecord.size * grid.cards),
    seams: room.place(8 * (1 + grid.layers * grid.seamsAbreast)),
    cardCodes: room.place(16 * grid.cards),
    end: room.place(0),
    fullRows: room.place(side * grid.cards * grid.sampleBlocks + side),
    pairList: room.place(8 * grid.patchCount),
    askedList: room.place(Math.max(4 * grid.patchCount, 56 * grid.blocks) + 56),
    blockList: room.place(4 * grid.blocks + 4),
    cellList: room.place(4 * grid.patchCount + 4),
    records: room.place(64 * wordRowsOf(grid)),
  };
  return { places, bytes: room.bytes };
};

/** Bytes a surveyor needs of its gatherer's spare room. */
export const surveyBytes = (grid: SurveyGrid, adcBits: number, regions: number): number =>
  placesOf(grid, adcBits, regions, 0).bytes;

/**
 * `bitWeights` has, for a bit that is 1 in all values and then for one that is 0 in all, the evidence one value adds
 * that it is stuck, in 1/64 bit, bit by bit; `known` what is known of each region.
 */
export const openSurveyor = (
  grid: SurveyGrid,
  gatherer: Gatherer,
  adcBits: number,
  scale: CodeScale,
  bitWeights: { readonly one: readonly number[]; readonly zero: readonly number[] },
  known: readonly Known[],
): Surveyor => {
  const { memory, patches, cells, adc, spare } = gatherer.room;
  const { places, bytes } = placesOf(grid, adcBits, known.length, spare);
  const { buffer } = memory;
  const kernels = openKernels(wasmBase64, memory) as Kernels;
  const maskBytes = knownBytes * grid.blocks;
  known.forEach(({ silent, alone }, region) => {
    const masks = new Uint8Array(buffer, places.known + region * maskBytes, maskBytes);
    for (let channel = 0; channel < grid.blocks * side; channel++) {
      const at = Math.floor(channel / side) * knownBytes;
      masks[at]! |= (alone[channel]! & 1) << (channel % side);
      masks[at + 1]! |= (silent[channel]! & 1) << (channel % side);
    }
  });
  new Int32Array(buffer, places.blocks, placeNumbers * grid.blocks).set(blockPlaces(grid));
  new Uint8Array(buffer, places.weights, 2 << adcBits).set(stuckWeights(adcBits, bitWeights));
  const survey: Survey = {
    tally: new Int32Array(buffer, places.tally, tallyNames.length),
    layers: new Int32Array(buffer, places.layers, grid.layers),
    cards: new Int32Array(buffer, places.cards, cardRecord.size * grid.cards),
    seams: new Int32Array(buffer, places.seams, 2 * grid.layers * grid.seamsAbreast),
  };
  // In the order of `Layout` in wasm/survey.as.
  const layout = Int32Array.of(
    ...[patches, cells, adc, grid.sampleBlocks, side * grid.cards * grid.sampleBlocks],
    ...[scale.lowest, scale.highest, scale.jumpUp, 2 ** adcBits - 1, grid.cards, maskBytes],
    ...[places.blocks, places.weights, places.words, places.known, places.tally, places.layers, places.cards],
    ...[places.seams, places.cardCodes, places.end, places.fullRows, places.pairList, places.askedList],
    ...[places.blockList, places.cellList, places.records],
  );
  new Int32Array(buffer, places.layout, layout.length).set(layout);
  return {
    grid,
    survey,
    at: { ...places, end: spare + bytes },
    run(rowCount, region) {
      kernels.survey(places.layout, rowCount, gatherer.hits.count, region);
      return survey;
    },
  };
};

/** For each set of bits: the heaviest of them, first for bits that are all 1, then for bits that are all 0. */
export const stuckWeights = (
  adcBits: number,
  { one, zero }: { readonly one: readonly number[]; readonly zero: readonly number[] },
): Uint8Array => {
  const sets = 1 << adcBits;
  const weights = new Uint8Array(2 * sets);
  for (let set = 1; set < sets; set++) {
    const lowest = 31 - Math.clz32(set & -set);
    const rest = set & (set - 1);
    weights[set] = Math.max(weights[rest]!, one[lowest] ?? 0);
    weights[sets + set] = Math.max(weights[sets + rest]!, zero[lowest] ?? 0);
  }
  return weights;
};
