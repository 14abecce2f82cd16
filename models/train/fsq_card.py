"""
Writes a model folder: model.onnx, decoder.onnx, golden.json, a picture, and the card that describes and hashes
them. It refuses to write when the exported encoder and the integer twin disagree on a single symbol.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform

import numpy as np

from fsq import Shape, decode, encode_integer, integer_encoder, spread_digits, symbols_of
from fsq_measure import decode_rows, measure, run_ms, run_rows, session, with_neighbours
from fsq_onnx import decoder_graph, encoder_graph
from fsq_plot import draw
from fsq_tables import fit_tables
from tpc_patches import LOG_MAX, LOG_MIN, NEIGHBOURS, PATCH, CodeScale, Patches, Wedges, neighbour_rows, sha256_of

VERSION = 1
INSTRUMENTS = ('sphenix-tpc-auau', 'sphenix-tpc-pp')
LICENCE = 'Apache-2.0'

CONFIG = """\
# Triton-style description of the encoder: rows of a patch's cell codes to rows of symbols. N is free.
name: "{name}"
platform: "onnxruntime_onnx"
max_batch_size: 65536
input [
  {{
    name: "cells"
    data_type: TYPE_UINT8
    dims: [ {cells} ]
  }}
]
output [
  {{
    name: "symbols"
    data_type: TYPE_UINT8
    dims: [ {symbols} ]
  }}
]
default_model_filename: "model.onnx"
instance_group [
  {{
    count: 1
    kind: KIND_CPU
  }}
]
dynamic_batching {{
  preferred_batch_size: [ 1024 ]
  max_queue_delay_microseconds: 1000
}}
version_policy {{
  specific {{
    versions: [ 1 ]
  }}
}}
"""


def calibrate(
    shape: Shape, scale: CodeScale, layers: list[dict], decoder: list[dict], cells: np.ndarray
) -> tuple[list[dict], float, float]:
    """
    The decoder with its values shifted in log2 so that decoded hits carry the charge there was, the shift, and the
    occupancy logit at which precision equals recall: as many cells kept as there are hits. L1 finds medians, which
    lie below means; the shift costs under 1 % in log-MAE. cells: uint8 [rows, 1 + neighbours, 64], the patch first.
    """
    outputs = []
    for block in np.array_split(cells, max(1, len(cells) // 4096)):
        digits = encode_integer(shape, layers, block.reshape(-1, shape.cells))[0].astype(np.float32)
        digits = digits.reshape(len(block), -1, shape.digits)
        spread = spread_digits(shape, digits[:, 0])
        outputs.append(np.asarray(decode(shape, decoder, spread, digits[:, 1:], ~(block[:, 1:] > 0).any(2))))
    logit, value = np.split(np.concatenate(outputs), 2, axis=1)
    own = cells[:, 0]
    hits = int((own > 0).sum())
    threshold = float(np.partition(logit.ravel(), -hits)[-hits])
    charge = (2.0 ** scale.log2_of(own[own > 0]) - 1).sum(dtype=np.float64)
    found, shift = value[logit > threshold], 0.0
    for _ in range(4):
        decoded = (2.0 ** np.clip(found + shift, LOG_MIN, LOG_MAX) - 1).sum(dtype=np.float64)
        shift += float(np.log2(charge / decoded))
    bias = np.asarray(decoder[-1]['b']).copy()
    bias[shape.cells :] += shift
    return [*decoder[:-1], {**decoder[-1], 'b': bias}], shift, threshold


def saturated_share(shape: Shape, layers: list[dict], cells: np.ndarray) -> float:
    """Share of digits whose value before clipping lay beyond the first or last level."""
    _, raw = encode_integer(shape, layers, cells)
    return float(((raw < 0) | (raw > shape.levels - 1)).mean())


def refuse_unequal(shape: Shape, layers: list[dict], encoder, cells: np.ndarray) -> None:
    digits, _ = encode_integer(shape, layers, cells)
    if not np.array_equal(symbols_of(shape, digits), run_rows(encoder, cells)):
        raise ValueError('the exported encoder and the integer twin disagree')


def golden_patches(cells: np.ndarray, count: int = 64) -> np.ndarray:
    """Patches that pin the encoder: real ones from sparse to full, random bytes, and the extremes."""
    rng = np.random.default_rng(7)
    order = np.argsort((cells > 0).sum(1), kind='stable')
    real = cells[order[np.linspace(0, len(order) - 1, count - 24).astype(int)]]
    noise = rng.integers(0, 256, (20, cells.shape[1]), dtype=np.uint8)
    edges = np.stack([np.full(cells.shape[1], value, np.uint8) for value in (0, 1, 255)])
    checks = np.where(np.arange(cells.shape[1]) % 2, 255, 0).astype(np.uint8)[None]
    return np.concatenate([real, noise, edges, checks])


def write_graphs(out: str, graphs: dict[str, bytes], widths: dict[str, tuple[int, int]]) -> dict:
    """model.onnx and decoder.onnx, and what the card says of them; widths: numbers a row in and out."""
    files = {}
    for part, file in (('encoder', 'model.onnx'), ('decoder', 'decoder.onnx')):
        with open(os.path.join(out, file), 'wb') as target:
            target.write(graphs[part])
        files[part] = {
            'file': file,
            'sha256': hashlib.sha256(graphs[part]).hexdigest(),
            'inputWidth': widths[part][0],
            'outputWidth': widths[part][1],
        }
    return files


def write_companions(out: str, name: str, shape: Shape, layers: list[dict], cells: np.ndarray) -> None:
    """config.pbtxt in the folder above, and golden.json with patches of `cells` and their symbols."""
    with open(os.path.join(out, '..', 'config.pbtxt'), 'w', encoding='utf8') as target:
        target.write(CONFIG.format(name=name, cells=shape.cells, symbols=shape.symbols))
    golden = golden_patches(cells)
    symbols = symbols_of(shape, encode_integer(shape, layers, golden)[0])
    write_json(os.path.join(out, 'golden.json'), {'cells': golden.tolist(), 'symbols': symbols.tolist()})


def write_model(
    shape: Shape,
    scale: CodeScale,
    params: dict,
    patches: dict[str, Patches],
    data: dict[str, dict[str, Wedges]],
    options: argparse.Namespace,
    curve: list,
    seconds: float,
) -> dict:
    os.makedirs(options.out, exist_ok=True)
    layers, decoder = integer_encoder(shape, params['encoder']), params['decoder']
    sample = patches['auau'].draw(np.random.default_rng(options.seed), 20_000)
    decoder, shift, threshold = calibrate(shape, scale, layers, decoder, sample)
    graphs = {'encoder': encoder_graph(shape, layers), 'decoder': decoder_graph(shape, decoder, scale, threshold)}
    encode, decoding = session(graphs['encoder']), session(graphs['decoder'])
    random = np.random.default_rng(options.seed).integers(0, 256, (20_000, shape.cells), dtype=np.uint8)
    for cells in (random, data['auau']['test'].cells[:100_000], data['pp']['test'].cells):
        refuse_unequal(shape, layers, encode, cells)

    kinds = list(data)
    symbols = {kind: run_rows(encode, data[kind]['train'].cells) for kind in kinds}
    tables = fit_tables(
        [symbols[kind] for kind in kinds],
        [patches[kind].near for kind in kinds],
        [data[kind]['train'] for kind in kinds],
        shape.alphabet,
    )
    metrics = {}
    for kind in kinds:
        test = data[kind]['test']
        near, tested = neighbour_rows(test), run_rows(encode, test.cells)
        metrics[kind] = {
            **measure(shape, scale, tested, decoding, test, near, tables),
            'saturated_digits': saturated_share(shape, layers, test.cells[:100_000]),
        }
        if kind == 'auau':
            rows = with_neighbours(tested, near, 0, 7000)
            metrics['encoder_ms_per_7000_patches'] = run_ms(encode, test.cells[:7000])
            metrics['decoder_ms_per_7000_patches'] = run_ms(decoding, rows)
            decoded = decode_rows(decoding, tested, near)
            draw(os.path.join(options.out, 'training.png'), options.name, scale, curve, metrics[kind], test, decoded)
    metrics['encoder_parameters'] = int(sum(layer['w'].size + layer['b'].size for layer in layers))
    metrics['encoder_worst_sum'] = max(layer['worst'] for layer in layers)
    metrics['decoder_parameters'] = int(sum(layer['w'].size + layer['b'].size for layer in decoder))
    metrics['occupancy_threshold_logit'], metrics['charge_shift_log2'] = threshold, shift

    seen = shape.symbols * (1 + shape.neighbours)
    files = write_graphs(options.out, graphs, {'encoder': (shape.cells, shape.symbols), 'decoder': (seen, shape.cells)})
    card = {
        'name': options.name,
        'version': VERSION,
        'instruments': list(INSTRUMENTS),
        'patch': list(PATCH),
        'inputTable': scale.input_table().tolist(),
        'codeAdc': scale.code_adc().tolist(),
        'levels': [shape.levels] * shape.digits,
        'symbolDigits': shape.symbol_digits,
        'symbolsPerPatch': shape.symbols,
        'alphabet': shape.alphabet,
        **files,
        'neighbours': [list(steps) for steps in NEIGHBOURS],
        'contexts': tables['contexts'].as_json(),
        'symbolCounts': [counts.tolist() for counts in tables['symbols']],
        'gapCounts': tables['gaps'].tolist(),
        'activeCounts': tables['flags'].tolist(),
        'metrics': rounded(metrics),
        'provenance': provenance(shape, scale, data, options, curve, seconds),
    }
    write_json(os.path.join(options.out, 'card.json'), card)
    write_companions(options.out, options.name, shape, layers, data['auau']['test'].cells)
    return card


def provenance(
    shape: Shape, scale: CodeScale, data: dict, options: argparse.Namespace, curve: list, seconds: float
) -> dict:
    paths = {'auau': options.auau, 'pp': options.pp}
    packages = ('jax', 'jaxlib', 'numpy', 'onnx', 'onnxruntime', 'optax')
    return {
        'made_by': 'models/train/train_tpc_fsq.py',
        'licence': LICENCE,
        'note': options.note,
        'data': [
            {
                'kind': kind,
                'file': os.path.basename(path),
                'sha256': sha256_of(path),
            }
            for kind in paths
            for path in paths[kind]
        ],
        'frames': {kind: {split: wedges.frames for split, wedges in splits.items()} for kind, splits in data.items()},
        'training_patches': {kind: len(splits['train'].ids) for kind, splits in data.items()},
        'seed': options.seed,
        'started_from': options.start,
        'bits_wanted': options.bits,
        'price_of_a_bit': curve[-1][-1],
        'steps': options.steps,
        'tune_steps': options.tune_steps,
        'batch': options.batch,
        'pp_share': options.pp_share,
        'peak_learning_rate': options.rate,
        'hidden': list(shape.hidden),
        'decoder': list(shape.decoder),
        'hit_code_base': scale.base,
        'training_seconds': round(seconds),
        'python': platform.python_version(),
        'packages': {name: importlib.metadata.version(name) for name in packages},
    }


def rounded(value):
    """Six significant digits: more would only be noise in the diff."""
    if isinstance(value, float):
        return float(f'{value:.6g}')
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def write_json(path: str, value: dict) -> None:
    """One line a key at the top level, so that a diff shows which part of a card changed."""
    lines = [f'{json.dumps(key)}: {json.dumps(item, separators=(",", ":"))}' for key, item in value.items()]
    with open(path, 'w', encoding='utf8') as target:
        target.write('{\n  ' + ',\n  '.join(lines) + '\n}\n')
