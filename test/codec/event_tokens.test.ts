import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eventTokenizer,
  eventTokensOf,
  type RegionSummary,
  summariesOf,
  summaryOf,
} from '../../src/codec/event_tokens.ts';
import { decodePacket } from '../../src/wire/packet.ts';
import { goldens } from '../golden/values.ts';
import { eventCardOf, shippedEventModels } from '../models/event_cards.ts';

const anySummary = (region: number): fc.Arbitrary<RegionSummary> =>
  fc.record({
    region: fc.constant(region),
    hitCount: fc.integer({ min: 0, max: 0xffffffff }),
    tokenBytes: fc.nat(),
    symbolCount: fc.integer({ min: 0, max: 0xffffffff }),
    surprise: fc.double({ noNaN: true, noDefaultInfinity: true }),
    pValue: fc.double({ min: 0, max: 1, noNaN: true }),
  });

describe.each(shippedEventModels)('event tokens of %s', (name) => {
  const card = eventCardOf(name);
  const anyRegions = fc
    .subarray(
      Array.from({ length: card.regionCount }, (_, region) => region),
      { minLength: 1 },
    )
    .chain((regions) => fc.tuple(...regions.map(anySummary)))
    .chain((summaries) =>
      fc.tuple(fc.constant(summaries), fc.shuffledSubarray(summaries, { minLength: summaries.length })),
    );

  it('are the same whatever the order, in their alphabet, and told back for every region', () => {
    fc.assert(
      fc.property(anyRegions, ([summaries, shuffled]) => {
        const tokens = eventTokensOf(summaries, card);
        expect(tokens.length).toBe(card.symbols);
        for (const token of tokens) expect(token).toBeLessThan(card.levels ** card.symbolDigits);
        expect(eventTokensOf(shuffled, card)).toEqual(tokens);
        const told = summariesOf(tokens, card)!;
        expect(told.map(({ region }) => region)).toEqual(Array.from(told, (_, region) => region));
        for (const { hitCount, tokenBytes, symbolCount, pValue } of told) {
          for (const count of [hitCount, tokenBytes, symbolCount])
            expect(Number.isSafeInteger(count)).toBe(true);
          expect(pValue >= 0 && pValue <= 1).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are none where no region is there, and no others are read', () => {
    expect(eventTokensOf([], card)).toEqual(new Uint16Array(0));
    expect(summariesOf([], card)).toBe(null);
    const wild = new Uint16Array(card.symbols).fill(65535);
    expect(summariesOf(wild, card)).toBe(null);
  });

  it('refuse a region that is there twice or not in the card', () => {
    const one = { region: 0, hitCount: 5, tokenBytes: 9, symbolCount: 8, surprise: 0, pValue: 1 };
    expect(() => eventTokensOf([one, one], card)).toThrow('twice');
    expect(() => eventTokensOf([{ ...one, region: card.regionCount }], card)).toThrow('not in the card');
  });
});

describe('the tokens of packets', () => {
  const card = eventCardOf('event-fsq-auau');
  const tokenize = eventTokenizer(card);
  const bytes = goldens.find(({ file }) => file === 'tk00_rare.bin')!.encode();
  const carried = (region: number, packet = bytes) => ({ region, packet, instants: new Uint8Array(0) });

  it('are those of their summaries; what cannot be read, comes twice or is of no region counts as absent', () => {
    const tokens = tokenize([carried(3), carried(7)]);
    const summary = (region: number) => summaryOf(region, decodePacket(bytes));
    expect(tokens).toEqual([...eventTokensOf([summary(7), summary(3)], card)]);
    expect(
      tokenize([carried(3), carried(5, bytes.subarray(0, 40)), carried(3), carried(7), carried(99)]),
    ).toEqual(tokens);
    expect(tokenize([])).toEqual([]);
    expect(eventTokenizer(null)([carried(3)])).toEqual([]);
  });
});

describe('the summary of a packet', () => {
  const packetOf = (file: string) => decodePacket(goldens.find((one) => one.file === file)!.encode());

  it('is what the packet says of itself', () => {
    expect(summaryOf(3, packetOf('tk00_rare.bin'))).toEqual({
      region: 3,
      hitCount: 5,
      tokenBytes: 5,
      symbolCount: 12,
      surprise: -0.75,
      pValue: 0.000_5,
    });
    expect(summaryOf(0, packetOf('tk00_shed.bin'))).toMatchObject({
      tokenBytes: 0,
      symbolCount: 0,
      surprise: 0,
    });
  });
});
