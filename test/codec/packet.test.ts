import { describe, expect, it } from 'vitest';
import { encodeLadder } from '../../src/codec/ladder/ladder.ts';
import { builtInTables } from '../../src/codec/ladder/tables.ts';
import { decodeCells, fidelity, packetDigits, packetSymbols } from '../../src/codec/packet.ts';
import { encodeTokens, prepareTokenTables } from '../../src/codec/tokens.ts';
import { FidelityReason, type Layer, LayerCodec, LayerKind, type Packet } from '../../src/domain/packet.ts';
import {
  cardHash,
  durationNanos,
  epochNanos,
  messageId,
  policyVersion,
  run,
  timeFrameNumber,
} from '../../src/domain/quantity.ts';
import { patchGrid } from '../../src/kernels/patches/patch.ts';
import { gatherPatches } from '../kernels/patches/gathered.ts';
import { clusteredFrame, digitsOf, hitsOf, testCard } from './scene.ts';
import { tokenCard } from './token_card.ts';

const card = testCard([3, 20, 37]);
const ladder = builtInTables(card);
const model = { name: 'test-fsq', hash: cardHash('00000000000000aa') };
const tokens = prepareTokenTables(
  tokenCard([
    [1, 2, 3, 4, 5],
    [5, 4, 3, 2, 1],
    [1, 1, 1, 1, 1],
    [9, 1, 1, 1, 9],
  ]),
  card,
);
const frame = clusteredFrame(card, 12, 5);
const patches = Uint32Array.of(2, 3, 9);
const symbols = Uint8Array.of(0, 1, 2, 3, 4, 3, 2, 1, 0, 0, 4, 4);

const packetOf = (layers: readonly Layer[], more: Partial<Packet> = {}): Packet => ({
  identity: {
    sourceName: 'test_0',
    messageId: messageId(1),
    timestampNanos: epochNanos(1n),
    durationNanos: durationNanos(13_197n),
    run: run(1),
    timeFrame: timeFrameNumber(1),
    instrumentId: card.id,
    instrumentHash: card.hash,
  },
  modelId: 'test-fsq/1',
  modelHash: model.hash,
  hitCount: frame.count,
  rawByteCount: 100,
  layers,
  scores: [],
  pValue: 1,
  policyVersion: policyVersion(0),
  reason: FidelityReason.ordinary,
  ...more,
});
const rungs = encodeLadder(frame, card, ladder, { planes: 4, remainder: true });
const tokenLayer: Layer = {
  kind: LayerKind.tokens,
  codec: LayerCodec.tokenRans1,
  symbolCount: 12,
  payload: encodeTokens(patches, 3, symbols, tokens),
};

describe('a packet', () => {
  it('gives what each of its layers holds, and null for a layer it has not', () => {
    const both = packetOf([tokenLayer, ...rungs]);
    expect(hitsOf(packetDigits(both, card, ladder)!)).toEqual(hitsOf(frame));
    expect(packetSymbols(both, model, tokens)).toEqual({ patchCount: 3, patches, symbols });
    expect(packetDigits(packetOf([tokenLayer]), card, ladder)).toBeNull();
    expect(packetSymbols(packetOf(rungs), model, tokens)).toBeNull();
    expect(packetDigits(packetOf([]), card, ladder)).toBeNull();
  });

  it('refuses what does not belong together', () => {
    const code = (what: string) => expect.objectContaining({ code: what });
    const strange = packetOf([
      { ...tokenLayer, codec: 99 },
      ...rungs.map((layer) => ({ ...layer, codec: 99 })),
    ]);
    expect(() => packetDigits(strange, card, ladder)).toThrow(code('packet-layer'));
    expect(() => packetSymbols(strange, model, tokens)).toThrow(code('packet-layer'));
    const whole = packetOf([tokenLayer, ...rungs]);
    const otherCard = testCard([3, 20, 37], { hash: cardHash('ffffffffffffffff') });
    expect(() => packetDigits(whole, otherCard, ladder)).toThrow(code('packet-model'));
    const otherModel = { name: 'other', hash: cardHash('ffffffffffffffff') };
    expect(() => packetSymbols(whole, otherModel, tokens)).toThrow(code('packet-model'));
    const wrongCount = packetOf([{ ...tokenLayer, symbolCount: 11 }]);
    expect(() => packetSymbols(wrongCount, model, tokens)).toThrow(code('packet-layer'));
    const wrongHits = packetOf(rungs, { hitCount: frame.count + 1 });
    expect(() => packetDigits(wrongHits, card, ladder)).toThrow(code('packet-layer'));
  });

  it('has cells that become digits again', () => {
    const grid = patchGrid(card);
    const inputTable = Uint8Array.from({ length: 1024 }, (_, adc) => Math.round(Math.log2(adc + 1) * 25.5));
    const codeAdc = Uint16Array.from({ length: 256 }, (_, code) => Math.round(2 ** (code / 25.5) - 1));
    const out = { patches: new Uint32Array(grid.patchCount), cells: new Uint8Array(grid.patchCount * 64) };
    const count = gatherPatches(frame, grid, inputTable, out);
    const decoded = decodeCells(out.patches, count, out.cells, grid, codeAdc);
    const result = fidelity(frame, decoded, card);
    expect(result).toMatchObject({ precision: 1, recall: 1, hits: { raw: frame.count, both: frame.count } });
    expect(result.logMae).toBeLessThan(0.01);
    expect(result.chargeRatio).toBeCloseTo(1, 2);
  });
});

describe('fidelity', () => {
  const grid = testCard([1, 1, 4]);
  it('counts as the papers do, over all voxels', () => {
    const raw = digitsOf([
      [0, 127],
      [1, 255],
    ]);
    const decoded = digitsOf([
      [1, 127],
      [3, 63],
    ]);
    expect(fidelity(raw, decoded, grid)).toEqual({
      logMae: (7 + 1 + 0 + 6) / 4,
      precision: 0.5,
      recall: 0.5,
      chargeRatio: 190 / 382,
      hits: { raw: 2, decoded: 2, both: 1 },
    });
  });

  it('of equal digits is perfect, of none is one, of inventions has no charge ratio', () => {
    const some = digitsOf([[2, 100]]);
    const none = digitsOf([]);
    expect(fidelity(some, some, grid)).toMatchObject({ logMae: 0, precision: 1, recall: 1, chargeRatio: 1 });
    expect(fidelity(none, none, grid)).toMatchObject({ logMae: 0, precision: 1, recall: 1, chargeRatio: 1 });
    expect(fidelity(some, none, grid)).toMatchObject({ precision: 1, recall: 0, chargeRatio: 0 });
    expect(fidelity(none, some, grid)).toMatchObject({
      precision: 0,
      recall: 1,
      chargeRatio: Number.POSITIVE_INFINITY,
    });
  });
});
