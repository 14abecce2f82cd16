import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evenLevels, levelScale, logTable, unitsPerOctave } from '../../../src/kernels/ladder/levels.ts';

describe('levels', () => {
  it('are as wide as one another in log2(ADC + 1)', () => {
    expect(Array.from(evenLevels({ adcBits: 10, thresholdAdc: 64 }, 16))).toEqual([
      64, 77, 91, 108, 129, 153, 182, 217, 257, 306, 364, 432, 513, 610, 725, 861,
    ]);
  });

  it('hold every ADC value of any width once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 1, max: 4 }),
        (adcBits, share, planes) => {
          const thresholdAdc = Math.floor(share * 2 ** adcBits);
          const scale = levelScale(adcBits, evenLevels({ adcBits, thresholdAdc }, 2 ** planes));
          const misplaced = Array.from({ length: 2 ** adcBits }, (_, adc) => adc).filter((adc) => {
            const level = scale.levelOf[adc]!;
            const offset = adc - scale.lowest[level]!;
            return offset < 0 ? level > 0 : offset >= scale.size[level]!;
          });
          expect(misplaced).toEqual([]);
          const [first] = scale.lowest;
          expect(scale.size.reduce((n, size) => n + size, first!)).toBe(2 ** adcBits);
        },
      ),
    );
  });

  it('are measured in logarithms rounded down', () => {
    const wrong = Array.from(
      logTable(10),
      (log, adc) => log - Math.floor(Math.log2(adc + 1) * unitsPerOctave),
    );
    expect(wrong.filter((difference) => difference !== 0)).toEqual([]);
  });

  it('refuse to descend, to be none, or not to be a tree', () => {
    expect(() => levelScale(10, Uint16Array.of(64, 63))).toThrow('level 0');
    expect(() => levelScale(10, Uint16Array.of(0, 63))).toThrow('level 0');
    expect(() => levelScale(10, Uint16Array.of(64))).toThrow('tree');
    expect(() => levelScale(10, Uint16Array.of(64, 100, 200))).toThrow('tree');
  });
});
