/**
 * A column of lists of small whole numbers, with a dictionary, straight from arrays of numbers: the general way walks every
 * number through the schema, which is most of what a training view costs. Refuses numbers of 2^16 and more, and leaves
 * everything else of a file to the writer it is written with.
 */

import { zstdCompressSync } from 'node:zlib';
import type { ColumnChunk, OffsetIndex } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';

export type NumberList = ArrayLike<number>;

/** Numbers a page holds at least; it ends with a row, as the format asks. */
const pageNumbersMin = 4096;
const valuesMax = 65_536;
/** Where in the dictionary each number stands; −1: nowhere. Left as it was found. */
const placeOf = new Int32Array(valuesMax).fill(-1);

interface Numbers {
  /** Of all lists, one after another, each as its place in the dictionary. */
  readonly places: Int32Array;
  readonly dictionary: readonly number[];
}

const numbersOf = (lists: readonly NumberList[]): Numbers => {
  let total = 0;
  for (const list of lists) total += list.length;
  const places = new Int32Array(total);
  const dictionary: number[] = [];
  let at = 0;
  try {
    for (const list of lists)
      for (let i = 0; i < list.length; i += 1) {
        const value = list[i]!;
        if (!(value >= 0 && value < valuesMax)) throw new Error(`${value} in a list of numbers below 65536`);
        let place = placeOf[value]!;
        if (place < 0) {
          place = dictionary.push(value) - 1;
          placeOf[value] = place;
        }
        places[at++] = place;
      }
  } finally {
    for (const value of dictionary) placeOf[value] = -1;
  }
  return { places, dictionary };
};

/** Bits of the greatest place below `count`. */
const bitsFor = (count: number): number => (count <= 1 ? 0 : 32 - Math.clz32(count - 1));

/** The lists of one page, which are its rows. */
interface Page {
  readonly from: number;
  readonly to: number;
  /** Numbers [begin, end) of all lists. */
  readonly begin: number;
  readonly end: number;
  /** Numbers, and rows without any. */
  readonly slots: number;
}

const pagesOf = (lists: readonly NumberList[]): Page[] => {
  const pages: Page[] = [];
  let [from, begin, end, slots] = [0, 0, 0, 0];
  lists.forEach((list, row) => {
    end += list.length;
    slots += Math.max(1, list.length);
    if (slots < pageNumbersMin && row + 1 < lists.length) return;
    pages.push({ from, to: row + 1, begin, end, slots });
    [from, begin, slots] = [row + 1, end, 0];
  });
  return pages;
};

/** Levels of a page: 0 begins a row and 1 goes on with it; 0 is a row without numbers, 1 a number. */
const levelsOf = (lists: readonly NumberList[], { from, to, slots }: Page) => {
  const repetition = new Uint8Array(slots).fill(1);
  const definition = new Uint8Array(slots).fill(1);
  for (let row = from, at = 0; row < to; row += 1) {
    repetition[at] = 0;
    if (lists[row]!.length === 0) definition[at] = 0;
    at += Math.max(1, lists[row]!.length);
  }
  const writer = new ByteWriter(64);
  const repetitionBytes = writeRleBitPackedHybrid(writer, repetition, 1);
  const definitionBytes = writeRleBitPackedHybrid(writer, definition, 1);
  return { bytes: writer.getBytes(), repetitionBytes, definitionBytes };
};

/**
 * Writes the column's dictionary and pages at the writer's place.
 * @param lists one a row; numbers below 2^16
 */
export const writeListColumn = (
  out: ByteWriter,
  name: string,
  lists: readonly NumberList[],
): { readonly chunk: ColumnChunk; readonly offsetIndex?: OffsetIndex } => {
  const { places, dictionary } = numbersOf(lists);
  const startOffset = out.offset;
  const plain = new Uint8Array(Int32Array.from(dictionary).buffer);
  const packed = zstdCompressSync(plain);
  writePageHeader(out, {
    type: 'DICTIONARY_PAGE',
    uncompressed_page_size: plain.length,
    compressed_page_size: packed.length,
    dictionary_page_header: { num_values: dictionary.length, encoding: 'PLAIN' },
  });
  let uncompressed = out.offset - startOffset + plain.length;
  out.appendBytes(packed);

  const pagesOffset = out.offset;
  const bits = bitsFor(dictionary.length);
  const pages = pagesOf(lists);
  const locations: OffsetIndex['page_locations'] = [];
  let slots = 0;
  for (const page of pages) {
    const pageOffset = out.offset;
    const levels = levelsOf(lists, page);
    const values = new ByteWriter(16 + ((page.end - page.begin) * bits) / 8);
    values.appendUint8(bits);
    writeRleBitPackedHybrid(values, places.subarray(page.begin, page.end), bits);
    const raw = values.getBytes();
    const body = zstdCompressSync(raw);
    writePageHeader(out, {
      type: 'DATA_PAGE_V2',
      uncompressed_page_size: levels.bytes.length + raw.length,
      compressed_page_size: levels.bytes.length + body.length,
      data_page_header_v2: {
        num_values: page.slots,
        num_nulls: page.slots - (page.end - page.begin),
        num_rows: page.to - page.from,
        encoding: 'RLE_DICTIONARY',
        definition_levels_byte_length: levels.definitionBytes,
        repetition_levels_byte_length: levels.repetitionBytes,
        is_compressed: true,
      },
    });
    uncompressed += out.offset - pageOffset + levels.bytes.length + raw.length;
    out.appendBytes(levels.bytes);
    out.appendBytes(body);
    locations.push({
      offset: BigInt(pageOffset),
      compressed_page_size: out.offset - pageOffset,
      first_row_index: BigInt(page.from),
    });
    slots += page.slots;
  }
  return {
    chunk: {
      file_offset: BigInt(startOffset),
      meta_data: {
        type: 'INT32',
        encodings: ['PLAIN', 'RLE_DICTIONARY'],
        path_in_schema: [name, 'list', 'element'],
        codec: 'ZSTD',
        num_values: BigInt(slots),
        total_uncompressed_size: BigInt(uncompressed),
        total_compressed_size: BigInt(out.offset - startOffset),
        data_page_offset: BigInt(pagesOffset),
        dictionary_page_offset: BigInt(startOffset),
      },
    },
    ...(pages.length > 1 ? { offsetIndex: { page_locations: locations } } : {}),
  };
};
