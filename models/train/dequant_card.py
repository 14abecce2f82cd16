"""
Writes the folder of a dequantiser: model.onnx, the card that describes and hashes it, a plot. It refuses to write
when the exported graph and the training code differ by more than rounding.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform

import matplotlib
import numpy as np

from dequant_data import ADC_END, Frames, Planes, Window, codes_of, read_frames
from dequant_measure import all_rows, charge_shift, measure_plane, run_ms, run_net, run_rows, session, sigmoid
from dequant_net import graph_of, parameters_of
from tpc_patches import sha256_of

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

NAME, VERSION = 'tpc-dequant', 1
INSTRUMENTS = ('sphenix-tpc-auau', 'sphenix-tpc-pp')
AXES = ('layer', 'azimuth', 'time')
LICENCE = 'Apache-2.0'
CALIBRATION_FRAMES = 20  # 1.6 million hits: what is left of statistics is far below a tenth of a per cent


def calibrated(net: dict, planes: Planes, window: Window, frames: Frames) -> np.ndarray:
    """Shift of each interval's logits that makes the charge of Au+Au training frames right."""
    rng = np.random.default_rng(7)
    chosen = rng.choice(frames.count, min(frames.count, CALIBRATION_FRAMES), replace=False)
    shift = np.zeros(planes.first[-1], np.float32)
    for plane in range(len(planes.lowest)):
        rows, adc = all_rows(planes, window, frames, chosen, plane)
        shift += charge_shift(planes, rows, adc, run_net(net, rows))
    return shift


def refuse_unequal(net: dict, shift: np.ndarray, model, rows: np.ndarray) -> None:
    by_training = np.floor(np.minimum(255, sigmoid(run_net(net, rows) + shift[rows[:, 0]]) * 256))
    if np.abs(by_training - run_rows(model, rows)).max() > 1:
        raise ValueError('the exported graph and the training code disagree')


def write_model(
    net: dict, planes: Planes, window: Window, train: dict[str, Frames], options: argparse.Namespace, seconds: float
) -> dict:
    os.makedirs(options.out, exist_ok=True)
    width = 1 + len(window.steps)
    shift = calibrated(net, planes, window, train['auau'])
    graph = graph_of(net, shift, width)
    model = session(graph)
    test = {kind: read_frames(os.path.join(options.data, f'{kind}_test.npz'), 'test') for kind in train}
    sample, _ = all_rows(planes, window, test['auau'], np.arange(1), len(planes.lowest) - 1)
    refuse_unequal(net, shift, model, sample)
    metrics = {
        kind: [measure_plane(planes, window, model, frames, plane) for plane in range(len(planes.lowest))]
        for kind, frames in test.items()
    }
    with open(os.path.join(options.out, 'model.onnx'), 'wb') as target:
        target.write(graph)
    codes = codes_of(planes.middle)
    card = {
        'name': NAME,
        'version': VERSION,
        'instruments': list(INSTRUMENTS),
        'axes': list(AXES),
        'neighbours': window.steps.tolist(),
        'planes': [
            {'levels': len(lowest), 'lowestAdc': list(lowest), 'code': codes[first : first + len(lowest)].tolist()}
            for lowest, first in zip(planes.lowest, planes.first)
        ],
        'adcMax': ADC_END - 1,
        'model': {
            'file': 'model.onnx',
            'sha256': hashlib.sha256(graph).hexdigest(),
            'inputWidth': width,
            'outputWidth': 1,
        },
        'metrics': rounded(
            {
                **metrics,
                'frames': {kind: frames.count for kind, frames in test.items()},
                'parameters': parameters_of(net),
                'processor_ms_per_80000_hits': run_ms(model, sample),
            }
        ),
        'provenance': provenance(options, seconds, train, test),
    }
    write_json(os.path.join(options.out, 'card.json'), card)
    plot(card['metrics'], os.path.join(options.out, 'fidelity.png'))
    return card


def provenance(options: argparse.Namespace, seconds: float, train: dict, test: dict) -> dict:
    packages = ('jax', 'jaxlib', 'numpy', 'onnx', 'onnxruntime', 'optax')
    files = [f'{kind}_{split}.npz' for kind in train for split in ('train', 'test')]
    return {
        'made_by': 'models/train/train_tpc_dequant.py',
        'licence': LICENCE,
        'note': options.note,
        'data': [{'file': file, 'sha256': sha256_of(os.path.join(options.data, file))} for file in files],
        'frames': {kind: {'train': train[kind].count, 'test': test[kind].count} for kind in train},
        'seed': options.seed,
        'steps': options.steps,
        'tune_steps': options.tune_steps,
        'batch': options.batch,
        'pp_share': options.pp_share,
        'hidden': options.hidden,
        'window': options.window,
        'peak_learning_rate': options.rate,
        'training_processor_seconds': round(seconds),
        'python': platform.python_version(),
        'packages': {name: importlib.metadata.version(name) for name in packages},
    }


def plot(metrics: dict, path: str) -> None:
    figure, (error, bias) = plt.subplots(1, 2, figsize=(10, 3.8), dpi=110, layout='constrained')
    planes = metrics['auau']
    levels = [plane['levels'] for plane in planes]
    for key, words, style in (('log_mae_scalar', 'middle of the level', 'o--'), ('log_mae', 'learnt', 'o-')):
        error.plot(levels, [plane[key] for plane in planes], style, label=words, color='#b5442e')
    error.set(xscale='log', yscale='log', xlabel='levels of the plane', ylabel='log-MAE over all voxels')
    error.set_xticks(levels, [str(level) for level in levels])
    for plane in planes:
        place = (np.arange(plane['levels']) + 0.5) / plane['levels']
        bias.plot(place, 100 * np.array(plane['charge_bias_by_level']), 'o-', label=f'{plane["levels"]} levels', lw=1)
    bias.axhspan(-0.2, 0.2, color='#dddddd', zorder=0)
    bias.set(xlabel='place of the level between threshold and saturation', ylabel='bias of the charge, %')
    error.set_title('Au+Au test wedges', fontsize=10)
    for panel in (error, bias):
        panel.legend(frameon=False, fontsize=8)
    figure.savefig(path)


def rounded(value):
    """Five significant digits: more would only be noise in the diff."""
    if isinstance(value, float):
        return float(f'{value:.5g}')
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def write_json(path: str, value: dict) -> None:
    """One line a key at the top level, so that a diff shows which part of a card changed."""
    lines = [f'{json.dumps(key)}: {json.dumps(item)}' for key, item in value.items()]
    with open(path, 'w', encoding='utf8') as target:
        target.write('{\n  ' + ',\n  '.join(lines) + '\n}\n')
