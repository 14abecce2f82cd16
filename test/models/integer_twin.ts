/**
 * The slow twin of a tokenizer's encoder: reads the integer weights out of the ONNX file's own bytes and encodes
 * a patch with integer arithmetic alone. It refuses files whose layers are not named as `models/train` names them.
 */

import type { ModelCard } from '../../src/domain/model.ts';

export interface EncoderLayer {
  readonly inputs: number;
  readonly outputs: number;
  /** Row-major [inputs][outputs]. */
  readonly weight: readonly number[];
  readonly bias: readonly number[];
  /** What a sum is multiplied by before it is rounded half to even; a power of two. */
  readonly scale: number;
}

export interface EncoderWeights {
  readonly layers: readonly EncoderLayer[];
}

interface Constant {
  readonly dims: readonly number[];
  readonly raw: Uint8Array;
}

/** Fields of one protobuf message (https://protobuf.dev/programming-guides/encoding), varints and bytes only. */
function* fieldsOf(bytes: Uint8Array): Generator<{ number: number; value: number; bytes: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let power = 1; ; power *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('an ONNX field ends early');
      value += (byte & 127) * power;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) yield { number: tag >> 3, value: varint(), bytes: new Uint8Array() };
    else if (wire === 2) {
      const length = varint();
      yield { number: tag >> 3, value: 0, bytes: bytes.subarray(at, at + length) };
      at += length;
    } else if (wire === 5) at += 4;
    else if (wire === 1) at += 8;
    else throw new Error(`wire type ${wire} is not one of ONNX`);
  }
}

/** ModelProto.graph = 7, GraphProto.initializer = 5, TensorProto: dims = 1, name = 8, raw_data = 9 (onnx.proto). */
function constantsOf(model: Uint8Array): Map<string, Constant> {
  const constants = new Map<string, Constant>();
  for (const graph of fieldsOf(model)) {
    if (graph.number !== 7) continue;
    for (const initializer of fieldsOf(graph.bytes)) {
      if (initializer.number !== 5) continue;
      const dims: number[] = [];
      let name = '';
      let raw = new Uint8Array();
      for (const field of fieldsOf(initializer.bytes)) {
        if (field.number === 1 && field.bytes.length === 0) dims.push(field.value);
        else if (field.number === 1) dims.push(...field.bytes);
        else if (field.number === 8) name = new TextDecoder().decode(field.bytes);
        else if (field.number === 9) raw = new Uint8Array(field.bytes);
      }
      constants.set(name, { dims, raw });
    }
  }
  return constants;
}

export function readEncoderWeights(model: Uint8Array): EncoderWeights {
  const constants = constantsOf(model);
  const layers: EncoderLayer[] = [];
  for (let layer = 0; constants.has(`weight${layer}`); layer++) {
    const weight = constants.get(`weight${layer}`) as Constant;
    const bias = constants.get(`bias${layer}`) as Constant;
    const scale = constants.get(`scale${layer}`) as Constant;
    layers.push({
      inputs: weight.dims[0] as number,
      outputs: weight.dims[1] as number,
      weight: [...new Int8Array(weight.raw.buffer)],
      bias: [...new Int32Array(bias.raw.buffer)],
      scale: new Float32Array(scale.raw.buffer)[0] as number,
    });
  }
  if (layers.length === 0) throw new Error('the model has no weight0');
  return { layers };
}

/** n / 2^shift, rounded half to even; n is an exact integer. */
function divideHalfEven(n: number, shift: number): number {
  const down = n >> shift;
  const rest = n - (down << shift);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (down & 1) === 1) ? down + 1 : down;
}

export function encodePatch(
  weights: EncoderWeights,
  card: Omit<ModelCard, 'hash'>,
  cells: Uint8Array,
): Uint8Array {
  let values: number[] = [...cells];
  weights.layers.forEach((layer, index) => {
    const top = index === weights.layers.length - 1 ? (card.levels[0] as number) - 1 : 255;
    const shift = -Math.log2(layer.scale);
    const next: number[] = [];
    for (let column = 0; column < layer.outputs; column++) {
      let sum = layer.bias[column] as number;
      for (let row = 0; row < layer.inputs; row++) {
        sum += (values[row] as number) * (layer.weight[row * layer.outputs + column] as number);
      }
      next.push(Math.min(top, Math.max(0, divideHalfEven(sum, shift))));
    }
    values = next;
  });
  const symbols = new Uint8Array(card.symbolsPerPatch);
  values.forEach((digit, index) => {
    const symbol = Math.floor(index / card.symbolDigits);
    symbols[symbol] = (symbols[symbol] as number) * (card.levels[index] as number) + digit;
  });
  return symbols;
}
