// A picture of a screen as a PNG of at most 256 colours, a third as large: what is painted by style sheets has few. Refuses to
// choose by eye: colours are halved where most pixels differ most (median cut), and text stays as sharp as it was.

import { crc32, deflateSync } from 'node:zlib';

const coloursMax = 256;
const shifts = [16, 8, 0];

/** @param box pairs [colour, pixels]; its widest channel and how wide that is */
const widest = (box) => {
  const widths = shifts.map((shift) => {
    const values = box.map(([colour]) => (colour >> shift) & 255);
    return Math.max(...values) - Math.min(...values);
  });
  const width = Math.max(...widths);
  return { shift: shifts[widths.indexOf(width)], width };
};
const pixelsOf = (box) => box.reduce((sum, [, count]) => sum + count, 0);

/** Two boxes with about as many pixels each. */
const halves = (box, shift) => {
  box.sort(([a], [b]) => ((a >> shift) & 255) - ((b >> shift) & 255));
  const half = pixelsOf(box) / 2;
  let [at, sum] = [0, 0];
  while (at < box.length - 1 && sum < half) sum += box[at++][1];
  return [box.slice(0, Math.max(1, at)), box.slice(Math.max(1, at))];
};

/** Boxes of colours that become one; a root of the pixels, so that a small red sign keeps its red beside much white. */
const boxesOf = (counts) => {
  const weigh = (box) => ({ box, ...widest(box), weight: widest(box).width * Math.sqrt(pixelsOf(box)) });
  const boxes = [weigh([...counts])];
  while (boxes.length < coloursMax) {
    boxes.sort((a, b) => a.weight - b.weight);
    if (!(boxes.at(-1).weight > 0)) break;
    const { box, shift } = boxes.pop();
    boxes.push(...halves(box, shift).map(weigh));
  }
  return boxes.map(({ box }) => box);
};

const chunk = (name, data) => {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
};

/** @param rgba pixels row by row, opaque */
export const smallPng = (rgba, width, height) => {
  const colours = new Uint32Array(width * height);
  const counts = new Map();
  for (let i = 0; i < colours.length; i++) {
    const colour = (rgba[4 * i] << 16) | (rgba[4 * i + 1] << 8) | rgba[4 * i + 2];
    colours[i] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const boxes = boxesOf(counts);
  const palette = Buffer.alloc(3 * boxes.length);
  const indexOf = new Map();
  boxes.forEach((box, index) => {
    const pixels = pixelsOf(box);
    shifts.forEach((shift, channel) => {
      const sum = box.reduce((total, [colour, count]) => total + ((colour >> shift) & 255) * count, 0);
      palette[3 * index + channel] = Math.round(sum / pixels);
    });
    for (const [colour] of box) indexOf.set(colour, index);
  });
  const rows = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf.get(colours[y * width + x]);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width);
  head.writeUInt32BE(height, 4);
  // 8 bits a pixel, of a palette.
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
};
