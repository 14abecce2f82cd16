"""
What a dequantiser is worth on wedges it has not seen: log-MAE over all voxels and bias of the charge, by plane
and by interval, beside the reconstruction that needs no network. It trains nothing.
"""

import time

import jax
import numpy as np
import onnxruntime

from dequant_data import Frames, Planes, Window, rows_of
from dequant_net import logits_of
from tpc_patches import VOXELS

ROWS_A_CALL = 1024  # stays in the second-level cache
FRAMES_AT_ONCE = 10
CALIBRATION_HITS_MIN = 1000


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def all_rows(planes: Planes, window: Window, frames: Frames, chosen: np.ndarray, plane: int) -> tuple:
    """Rows and true ADC of every hit of the chosen frames, at the end of one plane."""
    grid, places = frames.pool(chosen, window)
    return rows_of(planes, window, grid, places, np.full(len(places), plane))


def run_net(net: dict, rows: np.ndarray, slab: int = 16384) -> np.ndarray:
    """Logits of many rows, by the training code."""
    apply = jax.jit(logits_of)
    padded = np.concatenate([rows, np.zeros((-len(rows) % slab, rows.shape[1]), np.uint8)])
    parts = [np.asarray(apply(net, padded[at : at + slab])) for at in range(0, len(padded), slab)]
    return np.concatenate(parts)[: len(rows)]


def charge_shift(planes: Planes, rows: np.ndarray, adc: np.ndarray, logit: np.ndarray) -> np.ndarray:
    """By interval, what must be added to the logits for the sum of ADC to be right; 0 where hits are too few."""
    low, size = planes.bounds
    shift = np.zeros(len(low), np.float32)
    for own in np.unique(rows[:, 0]):
        chosen = rows[:, 0] == own
        if chosen.sum() < CALIBRATION_HITS_MIN:
            continue
        z, wanted = logit[chosen].astype(np.float64), ((adc[chosen] - low[own] + 0.5) / size[own]).mean()
        under, over = -3.0, 3.0
        for _ in range(30):
            middle = (under + over) / 2
            under, over = (middle, over) if sigmoid(z + middle).mean() < wanted else (under, middle)
        shift[own] = (under + over) / 2
    return shift


def session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=['CPUExecutionProvider'])


def run_rows(model: onnxruntime.InferenceSession, rows: np.ndarray) -> np.ndarray:
    parts = [model.run(None, {'rows': rows[at : at + ROWS_A_CALL]})[0] for at in range(0, len(rows), ROWS_A_CALL)]
    return np.concatenate(parts)[:, 0]


def decoded(planes: Planes, own: np.ndarray, position: np.ndarray) -> np.ndarray:
    """The ADC a reader makes of a position 0 … 255 in an interval, in integers."""
    low, size = planes.bounds
    return low[own] + ((2 * position.astype(np.int64) + 1) * size[own] >> 9)


def scalar_adc(planes: Planes) -> np.ndarray:
    """Reconstruction without a network: the middle of each interval in log2(ADC + 1)."""
    return np.round(2**planes.middle - 1).astype(np.int64)


def log_error(adc: np.ndarray, guess: np.ndarray) -> float:
    return float(np.abs(np.log2(guess + 1) - np.log2(adc + 1)).sum())


def measure_plane(planes: Planes, window: Window, model, frames: Frames, plane: int) -> dict:
    """log-MAE is the mean over *all* voxels, a voxel without hit being exact; bias is Σ decoded / Σ raw − 1."""
    intervals = range(planes.first[plane], planes.first[plane + 1])
    raw, learnt, scalar = (np.zeros(intervals.stop) for _ in range(3))
    wrong = {'learnt': 0.0, 'scalar': 0.0}
    by_frame = []
    for begin in range(0, frames.count, FRAMES_AT_ONCE):
        chosen = np.arange(begin, min(frames.count, begin + FRAMES_AT_ONCE))
        rows, adc = all_rows(planes, window, frames, chosen, plane)
        own = rows[:, 0]
        guess, middle = decoded(planes, own, run_rows(model, rows)), scalar_adc(planes)[own]
        wrong['learnt'] += log_error(adc, guess)
        wrong['scalar'] += log_error(adc, middle)
        for sums, values in ((raw, adc), (learnt, guess), (scalar, middle)):
            sums += np.bincount(own, weights=values, minlength=intervals.stop)
        ends = np.cumsum(np.diff(frames.offsets)[chosen])
        by_frame += [g.sum() / a.sum() - 1 for g, a in zip(np.split(guess, ends), np.split(adc, ends)) if len(a)]
    level = slice(intervals.start, None)
    return {
        'levels': len(intervals),
        'log_mae': wrong['learnt'] / (frames.count * VOXELS),
        'log_mae_scalar': wrong['scalar'] / (frames.count * VOXELS),
        'charge_bias': float(learnt.sum() / raw.sum() - 1),
        'charge_bias_scalar': float(scalar.sum() / raw.sum() - 1),
        'charge_bias_by_level': (learnt[level] / np.maximum(1, raw[level]) - 1).tolist(),
        'charge_bias_frame_rms': float(np.sqrt(np.mean(np.square(by_frame)))),
    }


def run_ms(model: onnxruntime.InferenceSession, rows: np.ndarray, count: int = 80_000) -> float:
    """Milliseconds of processor time for `count` rows on one thread, median of 9."""
    sample = np.ascontiguousarray(np.resize(rows, (count, rows.shape[1])))
    times = []
    for _ in range(9):
        start = time.process_time()
        run_rows(model, sample)
        times.append((time.process_time() - start) * 1e3)
    return float(np.median(times))
