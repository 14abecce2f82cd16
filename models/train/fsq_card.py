"""
Writes a model folder: model.onnx, decoder.onnx, golden.json and the card that describes and hashes them. It
refuses to write when the exported encoder and the integer twin disagree on a single symbol.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform

import numpy as np

from fsq import Shape, decode_dense, encode_integer, spread_digits, symbols_of
from fsq_measure import count_gaps, count_symbols, encode_ms, measure, run_rows, session
from fsq_onnx import decoder_graph, encoder_graph
from tpc_patches import PATCH, CodeScale, Wedges, sha256_of

NAME, VERSION = 'tpc-fsq', 1
INSTRUMENTS = ('sphenix-tpc-auau', 'sphenix-tpc-pp')
LICENCE = 'Apache-2.0'


def balanced_threshold(shape: Shape, layers: list[dict], decoder: list[dict], cells: np.ndarray) -> float:
    """The occupancy logit at which precision equals recall: as many cells kept as there are hits."""
    digits, _ = encode_integer(shape, layers, cells)
    logit = np.asarray(decode_dense(decoder, spread_digits(shape, digits.astype(np.float32))))[:, : shape.cells]
    hits = int((cells > 0).sum())
    return float(np.partition(logit.ravel(), -hits)[-hits])


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


def write_model(
    shape: Shape,
    scale: CodeScale,
    layers: list[dict],
    decoder: list[dict],
    data: dict[str, dict[str, Wedges]],
    options: argparse.Namespace,
    seconds: float,
) -> dict:
    os.makedirs(options.out, exist_ok=True)
    train = [data[kind]['train'] for kind in ('auau', 'pp')]
    tuning = data['auau']['train'].cells[:: max(1, len(data['auau']['train'].cells) // 40_000)]
    threshold = balanced_threshold(shape, layers, decoder, tuning)
    graphs = {'encoder': encoder_graph(shape, layers), 'decoder': decoder_graph(shape, decoder, scale, threshold)}
    encoder, decode = session(graphs['encoder']), session(graphs['decoder'])
    random = np.random.default_rng(options.seed).integers(0, 256, (20_000, shape.cells), dtype=np.uint8)
    for cells in (random, data['auau']['test'].cells[:100_000], data['pp']['test'].cells):
        refuse_unequal(shape, layers, encoder, cells)

    tables = {
        'symbols': sum(count_symbols(shape, run_rows(encoder, wedges.cells)) for wedges in train),
        'gaps': count_gaps(train),
    }
    metrics = {
        kind: {
            **measure(shape, scale, encoder, decode, data[kind]['test'], tables),
            'saturated_digits': saturated_share(shape, layers, data[kind]['test'].cells[:100_000]),
        }
        for kind in data
    }
    metrics['encoder_ms_per_7000_patches'] = encode_ms(encoder, data['auau']['test'].cells)
    metrics['decoder_ms_per_7000_patches'] = encode_ms(decode, run_rows(encoder, data['auau']['test'].cells[:7000]))
    metrics['encoder_parameters'] = int(sum(layer['w'].size + layer['b'].size for layer in layers))
    metrics['encoder_worst_sum'] = max(layer['worst'] for layer in layers)
    metrics['decoder_parameters'] = int(sum(layer['w'].size + layer['b'].size for layer in decoder))
    metrics['occupancy_threshold_logit'] = threshold

    files = {}
    for part, file in (('encoder', 'model.onnx'), ('decoder', 'decoder.onnx')):
        with open(os.path.join(options.out, file), 'wb') as target:
            target.write(graphs[part])
        widths = (shape.cells, shape.symbols) if part == 'encoder' else (shape.symbols, shape.cells)
        files[part] = {
            'file': file,
            'sha256': hashlib.sha256(graphs[part]).hexdigest(),
            'inputWidth': widths[0],
            'outputWidth': widths[1],
        }
    card = {
        'name': NAME,
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
        'symbolCounts': tables['symbols'].tolist(),
        'gapCounts': {kind: counts.tolist() for kind, counts in tables['gaps'].items()},
        'metrics': rounded(metrics),
        'provenance': provenance(shape, scale, data, options, seconds),
    }
    write_json(os.path.join(options.out, 'card.json'), card)
    golden = golden_patches(data['auau']['test'].cells)
    symbols = symbols_of(shape, encode_integer(shape, layers, golden)[0])
    write_json(os.path.join(options.out, 'golden.json'), {'cells': golden.tolist(), 'symbols': symbols.tolist()})
    return card


def provenance(shape: Shape, scale: CodeScale, data: dict, options: argparse.Namespace, seconds: float) -> dict:
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
    lines = [f'{json.dumps(key)}: {json.dumps(item)}' for key, item in value.items()]
    with open(path, 'w', encoding='utf8') as target:
        target.write('{\n  ' + ',\n  '.join(lines) + '\n}\n')
