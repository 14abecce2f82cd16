"""
Trains the event model of an instrument and writes its model folder: an encoder from the summaries of a time frame's
regions to a few symbols, and a decoder back, both exact by integers as the patch encoders are (`fsq`), so that the
digits and what is read from them are equal on every machine. It refuses to write a model whose exported graphs differ
from the integer twin in one number.

    node models/train/make_summaries.ts .tessera/train/events
    python models/train/train_event_fsq.py --data .tessera/train/events --instrument sphenix-tpc-auau
"""

import argparse
import base64
import functools
import importlib.metadata
import json
import os
import platform
import time

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
from onnx import TensorProto, helper, numpy_helper

from fsq import WEIGHT_MAX, Shape, digits_of, encode_integer, encode_soft, integer_encoder, symbols_of
from fsq_card import refuse_unequal, rounded, saturated_share, write_companions, write_graphs, write_json
from fsq_measure import codebook, run_ms, run_rows, session
from fsq_onnx import encoder_graph
from tpc_patches import sha256_of

VERSION = 1
NAMES = {'sphenix-tpc-auau': 'event-fsq-auau', 'sphenix-tpc-pp': 'event-fsq-pp'}
# What a cell is of. Octaves: 64 to a doubling, evenly laid in it; the number 0 has the cell before. Linear: as it is.
SCALES = {'hitCount': 'octaves', 'tokenBytes': 'octaves', 'symbolCount': 'octaves', 'surprise': 'linear', 'pValue': 'octaves'}
# A p-value is chance but where it is small: what it costs the others is bounded.
WEIGHTS = np.array([1, 0.5, 0.5, 0.5, 0.15], np.float32)
CELLS = 253  # cells of a number that is there and not 0; 0 is an absent region, 1 the number 0
DECODER_HIDDEN = 128
SHIFT = 13  # sums of the encoder: weights of up to 1/128 of a level a cell, in steps of 1/64 of that


def octaves(values: np.ndarray) -> np.ndarray:
    """64 times the logarithm of base 2, linear between powers, whole: exponent and six bits of a double."""
    bits = np.maximum(values, 1e-300).astype(np.float64).view(np.int64)
    return (bits >> 46) - (1023 << 6)


def fields_of(summaries: np.ndarray) -> list[dict]:
    """Each field's range, whole numbers: all but the lowest hundredth of the numbers that are not 0, and an octave's room above."""
    fields = []
    for at, (name, scale) in enumerate(SCALES.items()):
        values = summaries[:, :, at].ravel()
        low, high = np.quantile(values[values != 0], [0.01, 1])
        if name == 'pValue':
            low, high = -64 * 16, 0
        elif scale == 'octaves':
            low, high = (64 * int(octaves(np.array([v]))[0] // 64) for v in (low, high * 4))
        else:
            low, high = 8 * int(low // 8) - 8, 8 * int(high // 8) + 32
        fields.append({'name': name, 'scale': scale, 'low': low, 'high': high})
    return fields


def cells_of(fields: list[dict], summaries: np.ndarray) -> np.ndarray:
    """float [events, regions, fields] → uint8 [events, regions · fields]."""
    columns = []
    for at, field in enumerate(fields):
        values = summaries[:, :, at].astype(np.float64)
        scaled = octaves(values) if field['scale'] == 'octaves' else values
        cell = 2 + np.floor((scaled - field['low']) * CELLS / (field['high'] - field['low']))
        cell = np.clip(cell, 2, 255)
        columns.append(np.where(values == 0, 1, cell) if field['scale'] == 'octaves' else np.maximum(cell, 2))
    return np.stack(columns, axis=2).reshape(len(summaries), -1).astype(np.uint8)


def values_of(fields: list[dict], cells: np.ndarray, regions: int) -> np.ndarray:
    """The middle of each cell, float [events, regions, fields]."""
    cells = cells.reshape(len(cells), regions, len(SCALES)).astype(np.float64)
    values = np.zeros_like(cells)
    for at, field in enumerate(fields):
        scaled = field['low'] + (cells[:, :, at] - 1.5) * (field['high'] - field['low']) / CELLS
        if field['scale'] == 'octaves':
            octave = np.floor(scaled / 64)
            values[:, :, at] = np.where(cells[:, :, at] < 2, 0, 2.0**octave * (1 + scaled / 64 - octave))
        else:
            values[:, :, at] = scaled
    return values


def turned(rng: np.random.Generator, cells: np.ndarray, regions: int) -> np.ndarray:
    """Each event as the chamber's symmetry lets it be: turned by wedges, mirrored, its ends swapped."""
    wedges = regions // 2
    events = cells.reshape(len(cells), 2, wedges, -1)
    turn = rng.integers(0, wedges, len(cells))
    sign = rng.choice([-1, 1], len(cells))
    wedge = (sign[:, None] * np.arange(wedges) + turn[:, None]) % wedges
    side = (np.arange(2) + rng.integers(0, 2, len(cells))[:, None]) % 2
    rows = np.arange(len(cells))[:, None, None]
    return events[rows, side[:, :, None], wedge[:, None, :]].reshape(len(cells), -1)


def masked(rng: np.random.Generator, cells: np.ndarray, regions: int) -> np.ndarray:
    """Half of the events whole, of the others any share of regions absent."""
    share = rng.random(len(cells)) * (rng.random(len(cells)) < 0.5)
    there = rng.random((len(cells), regions)) >= share[:, None]
    return cells * np.repeat(there, len(SCALES), axis=1)


def imputed(cells: np.ndarray, regions: int) -> np.ndarray:
    """What the encoder sees: regions that are absent are as the mean of those that are there, whole numbers, rounded down."""
    events = cells.reshape(len(cells), regions, -1).astype(np.int64)
    there = events[:, :, :1] > 0
    mean = events.sum(1, keepdims=True) // np.maximum(1, there.sum(1, keepdims=True))
    return np.where(there, events, mean).reshape(len(cells), -1).astype(np.uint8)


def projecting(shape: Shape, rng: np.random.Generator, inputs: np.ndarray) -> list[dict]:
    """First weights of the encoder: turned principal components, half whitened, each digit spread over its levels."""
    weights = np.sqrt(np.tile(WEIGHTS, shape.cells // len(WEIGHTS)))
    x = inputs.astype(np.float64) * weights
    size, axes = np.linalg.eigh(np.cov(x.T))
    size, axes = size[::-1][: shape.digits], axes[:, ::-1][:, : shape.digits]
    turn = np.linalg.qr(rng.standard_normal((shape.digits, shape.digits)))[0]
    weight = weights[:, None] * (axes * np.maximum(size, 1e-6) ** -0.25) @ turn
    raw = inputs @ weight
    low, high = np.quantile(raw, [0.16, 0.84], axis=0)
    weight *= 4.4 / np.maximum(high - low, 1e-6)
    unit = WEIGHT_MAX * 2.0 ** -shape.shift(0)
    weight = np.clip(weight / unit, -1, 1)
    return [{'w': jnp.asarray(weight, jnp.float32), 'b': jnp.asarray((shape.levels - 1) / 2 - (inputs @ weight * unit).mean(0), jnp.float32)}]


def settled(shape: Shape, rng: np.random.Generator, inputs: np.ndarray) -> list[dict]:
    """First weights: every layer's outputs are spread over most of their range on these inputs."""
    layers, x = [], inputs.astype(np.float32)
    widths = shape.encoder_widths
    for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        weight = rng.standard_normal((fan_in, fan_out)).astype(np.float32)
        raw = x @ weight
        top = shape.top(layer)
        weight *= top / 4 / np.maximum(raw.std(0), 1e-3)
        middle = top / 2 - (x @ weight).mean(0)
        unit = WEIGHT_MAX * 2.0 ** -shape.shift(layer)
        layers.append({'w': jnp.asarray(np.clip(weight / unit, -0.9, 0.9)), 'b': jnp.asarray(middle)})
        x = np.asarray(encode_soft(shape, layers, inputs.astype(np.float32))[0]) if layer == len(widths) - 2 else np.clip(x @ weight + middle, 0, top)
    return layers


def shapes(regions: int, digits: int) -> tuple[Shape, Shape]:
    width = regions * len(SCALES)
    encoder = Shape(hidden=(), digits=digits, levels=9, decoder=(), cells=width, neighbours=0, priors=0, shift_digits=SHIFT)
    decoder = Shape(hidden=(DECODER_HIDDEN,), digits=width, levels=256, symbol_digits=1, decoder=(), cells=digits, neighbours=0, priors=0, shift_hidden=7, shift_digits=7)
    return encoder, decoder


def digit_step(shape: Shape) -> int:
    """What a level of a digit is to the decoder, whose inputs are 0 … 255."""
    return 255 // (shape.levels - 1)


def train(cells: np.ndarray, regions: int, digits: int, steps: int, seed: int) -> tuple[list[dict], list[dict], list]:
    encoder, decoder = shapes(regions, digits)
    rng = np.random.default_rng(seed)
    weights = jnp.asarray(np.tile(WEIGHTS, regions))
    first = masked(rng, turned(rng, cells[rng.integers(0, len(cells), 2048)], regions), regions)
    first = imputed(first, regions)
    enc = projecting(encoder, rng, first)
    seen = np.asarray(encode_soft(encoder, enc, jnp.asarray(first, jnp.float32))[0]) * digit_step(encoder)
    params = {'encoder': enc, 'decoder': settled(decoder, rng, seen)}

    def loss(params: dict, x: jax.Array, seen: jax.Array) -> jax.Array:
        digits, raw = encode_soft(encoder, params['encoder'], seen)
        found, beyond = encode_soft(decoder, params['decoder'], digits * digit_step(encoder))
        there = (x > 0) * weights
        error = jnp.abs(found - x)
        huber = jnp.where(error < 4, error**2 / 8, error - 2)
        # Digits far beyond their ends learn nothing.
        outside = jnp.maximum(0, jnp.abs(raw - 4) - 4.5).mean()
        return (huber * there).sum() / there.sum() + 0.5 * outside

    schedule = optax.warmup_cosine_decay_schedule(0, 2e-3, 200, steps, 2e-5)
    # Biases are in units of a layer's output, weights in units of their limit.
    optimiser = optax.multi_transform(
        {'w': optax.adam(schedule), 'b': optax.chain(optax.adam(schedule), optax.scale(10))},
        jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key, params),
    )
    state = optimiser.init(params)

    @jax.jit
    def step(params: dict, state, x: jax.Array, seen: jax.Array):
        value, gradient = jax.value_and_grad(loss)(params, x, seen)
        update, state = optimiser.update(gradient, state)
        params = optax.apply_updates(params, update)
        for layers in params.values():
            for layer in layers:
                layer['w'] = jnp.clip(layer['w'], -1, 1)
        return params, state, value

    curve = []
    for number in range(steps):
        rows = rng.integers(0, len(cells), 256)
        x = masked(rng, turned(rng, cells[rows], regions), regions)
        seen = imputed(x, regions)
        params, state, value = step(params, state, jnp.asarray(x, jnp.float32), jnp.asarray(seen, jnp.float32))
        if number % 500 == 0 or number == steps - 1:
            curve.append((number, float(value)))
            print(f'step {number}: {float(value):.3f} cells', flush=True)
    return integer_encoder(encoder, params['encoder']), integer_encoder(decoder, params['decoder']), curve


def decoder_graph(encoder: Shape, decoder: Shape, layers: list[dict], name: str) -> bytes:
    """`symbols` uint8 [N, symbols] → `cells` uint8 [N, regions · fields]; a symbol beyond the alphabet is digits 0."""
    model = onnx.load_from_string(encoder_graph(decoder, layers, name))
    graph = model.graph
    spread = np.zeros((256, encoder.symbol_digits), np.uint8)
    every = np.arange(encoder.alphabet, dtype=np.uint8)
    spread[: encoder.alphabet] = digits_of(
        Shape(**{**encoder.__dict__, 'digits': encoder.symbol_digits}), every[:, None]
    ) * digit_step(encoder)
    graph.initializer.extend(
        [numpy_helper.from_array(spread, 'spread'), numpy_helper.from_array(np.array([-1, encoder.digits]), 'row')]
    )
    graph.node[-1].output[0] = 'restored'
    nodes = [
        helper.make_node('Cast', ['symbols'], ['symbol_index'], to=TensorProto.INT32),
        helper.make_node('Gather', ['spread', 'symbol_index'], ['pairs']),
        helper.make_node('Reshape', ['pairs', 'row'], ['cells']),
        *graph.node,
    ]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.name = f'{name} decoder'
    graph.input.append(helper.make_tensor_value_info('symbols', TensorProto.UINT8, ['N', encoder.symbols]))
    graph.output.append(helper.make_tensor_value_info('restored', TensorProto.UINT8, ['N', decoder.digits]))
    onnx.checker.check_model(model)
    return model.SerializeToString()


def as_json(shape: Shape, layers: list[dict]) -> list[dict]:
    """Weights as base64 of int8 [inputs, outputs], biases as they are; sums are scaled by 2^-shift, cut at 0 and top."""
    return [
        {
            'inputs': layer['w'].shape[0],
            'outputs': layer['w'].shape[1],
            'shift': shape.shift(at),
            'top': shape.top(at),
            'weights': base64.b64encode(layer['w'].tobytes()).decode(),
            'bias': layer['b'].tolist(),
        }
        for at, layer in enumerate(layers)
    ]


def restored(encoder: Shape, decoder: Shape, parts: tuple, cells: np.ndarray) -> np.ndarray:
    digits = encode_integer(encoder, parts[0], cells)[0]
    return encode_integer(decoder, parts[1], digits * digit_step(encoder))[0]


def errors(fields: list[dict], summaries: np.ndarray, cells: np.ndarray, found: np.ndarray) -> dict:
    """68 % and 95 % of regions that are there are restored within these; relative, bits, or a factor as 2^bits."""
    regions = summaries.shape[1]
    there = cells.reshape(len(cells), regions, -1)[:, :, 0] > 0
    truth, values = summaries.astype(np.float64), values_of(fields, found, regions)
    result = {}
    for at, field in enumerate(fields):
        name = field['name']
        t, v = truth[:, :, at][there], values[:, :, at][there]
        if name == 'surprise':
            error, key = np.abs(v - t), 'bits'
        elif name == 'pValue':
            error, key = np.abs(np.log2(np.maximum(v, 2.0**-30)) - np.log2(np.maximum(t, 2.0**-30))), 'halvings'
        else:
            # What lies below the first cell is as good as nothing.
            error, key = np.abs(v - t) / np.maximum(t, 2.0 ** (field['low'] / 64)), 'relative'
        result[f'{name}_{key}_68'] = float(np.quantile(error, 0.68))
        result[f'{name}_{key}_95'] = float(np.quantile(error, 0.95))
    total, seen = (np.where(there, x[:, :, 0], 0).sum(1) for x in (truth, values))
    result['hits_of_all_regions_relative_68'] = float(np.quantile(np.abs(seen - total) / np.maximum(total, 16), 0.68))
    return result


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--data', required=True, help='folder of make_summaries.ts')
    parse.add_argument('--instrument', required=True, choices=NAMES)
    parse.add_argument('--out')
    parse.add_argument('--digits', type=int, default=48)
    parse.add_argument('--steps', type=int, default=12_000)
    parse.add_argument('--seed', type=int, default=20264)
    options = parse.parse_args()
    name = NAMES[options.instrument]
    out = options.out or f'models/{name}/{VERSION}'
    files = {split: os.path.join(options.data, f'{options.instrument}_{split}.npy') for split in ('train', 'test')}
    data = {split: np.load(path) for split, path in files.items()}
    regions = data['train'].shape[1]
    fields = fields_of(data['train'])
    cells = {split: cells_of(fields, summaries) for split, summaries in data.items()}
    encoder, decoder = shapes(regions, options.digits)
    start = time.monotonic()
    enc, dec, curve = train(cells['train'], regions, options.digits, options.steps, options.seed)
    seconds = time.monotonic() - start

    graphs = {'encoder': encoder_graph(encoder, enc, name), 'decoder': decoder_graph(encoder, decoder, dec, name)}
    encode, decode = session(graphs['encoder']), session(graphs['decoder'])
    rng = np.random.default_rng(options.seed)
    random = rng.integers(0, 256, (20_000, encoder.cells), dtype=np.uint8)
    partly = imputed(masked(rng, np.repeat(cells['test'], 4, axis=0), regions), regions)
    for some in (random, cells['test'], partly):
        refuse_unequal(encoder, enc, encode, some)
        symbols = run_rows(encode, some)
        if not np.array_equal(run_rows(decode, symbols), restored(encoder, decoder, (enc, dec), some)):
            raise ValueError('the exported decoder and the integer twin disagree')

    quarter = cells['test'] * np.repeat(rng.random((len(cells['test']), regions)) >= 0.25, len(SCALES), axis=1)
    usual = np.tile(np.median(cells['train'], axis=0), (len(cells['test']), 1))
    symbols = run_rows(encode, cells['test'])
    metrics = {
        'events': len(cells['test']),
        'whole': errors(fields, data['test'], cells['test'], restored(encoder, decoder, (enc, dec), imputed(cells['test'], regions))),
        'quarter_absent': errors(fields, data['test'], quarter, restored(encoder, decoder, (enc, dec), imputed(quarter, regions))),
        # What cells alone lose, and what somebody knows who has no token.
        'cells_alone': errors(fields, data['test'], cells['test'], cells['test']),
        'without_token': errors(fields, data['test'], cells['test'], usual),
        'bytes_per_event': 2 * encoder.symbols,
        **codebook(encoder, symbols),
        'saturated_digits': saturated_share(encoder, enc, cells['test']),
        'encoder_us_per_event': run_ms(encode, cells['test'], 1000) / 1000 * 1e3,
        'encoder_parameters': int(sum(layer['w'].size + layer['b'].size for layer in enc)),
        'encoder_worst_sum': max(layer['worst'] for layer in enc),
        'decoder_parameters': int(sum(layer['w'].size + layer['b'].size for layer in dec)),
        'decoder_worst_sum': max(layer['worst'] for layer in dec),
    }
    os.makedirs(out, exist_ok=True)
    widths = {'encoder': (encoder.cells, encoder.symbols), 'decoder': (encoder.symbols, encoder.cells)}
    packages = ('jax', 'jaxlib', 'numpy', 'onnx', 'onnxruntime', 'optax')
    card = {
        'name': name,
        'version': VERSION,
        'instruments': [options.instrument],
        'regionCount': regions,
        'fields': fields,
        'levels': encoder.levels,
        'symbolDigits': encoder.symbol_digits,
        'symbols': encoder.symbols,
        'digitStep': digit_step(encoder),
        **write_graphs(out, graphs, widths),
        'network': {'encoder': as_json(encoder, enc), 'decoder': as_json(decoder, dec)},
        'metrics': rounded(metrics),
        'provenance': {
            'made_by': 'models/train/train_event_fsq.py',
            'licence': 'Apache-2.0',
            'note': 'Summaries of packets of whole simulated time frames, by models/train/make_summaries.ts',
            'data': [{'kind': split, 'file': os.path.basename(path), 'sha256': sha256_of(path)} for split, path in files.items()],
            'time_frames': {split: len(summaries) for split, summaries in data.items()},
            'seed': options.seed,
            'steps': options.steps,
            'decoder_hidden': DECODER_HIDDEN,
            'training_seconds': round(seconds),
            'curve': curve,
            'python': platform.python_version(),
            'packages': {package: importlib.metadata.version(package) for package in packages},
        },
    }
    write_json(os.path.join(out, 'card.json'), card)
    write_companions(out, name, encoder, enc, partly)
    print(json.dumps(card['metrics'], indent=1), flush=True)


if __name__ == '__main__':
    main()
