"""
What a tokenizer is worth on wedges it has not seen: fidelity over all voxels, bits by static tables, codebook
use, speed. It refuses nothing and trains nothing; it runs the exported ONNX files, not the training code.
"""

import time

import numpy as np
import onnxruntime

from fsq import Shape, digits_of
from fsq_onnx import ABSENT
from fsq_tables import payload_bits
from tpc_patches import VOXELS, CodeScale, Wedges

ROWS_A_CALL = 1024  # stays in the second-level cache
ENVELOPE_BYTES = 320  # what a tk00 packet adds to its token layer


def session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=['CPUExecutionProvider'])


def run_rows(model: onnxruntime.InferenceSession, rows: np.ndarray) -> np.ndarray:
    name = model.get_inputs()[0].name
    parts = [model.run(None, {name: rows[at : at + ROWS_A_CALL]})[0] for at in range(0, len(rows), ROWS_A_CALL)]
    return np.concatenate(parts)


def with_neighbours(symbols: np.ndarray, near: np.ndarray, begin: int = 0, end: int | None = None) -> np.ndarray:
    """
    Rows begin … end−1 as the decoder takes them: a patch's symbols, then those of each neighbour in order, ABSENT
    where there is none (its row in `near` is the number of rows).
    """
    own = np.arange(len(symbols), dtype=near.dtype)[begin:end, None]
    rows = np.concatenate([own, near[begin:end]], axis=1)
    seen = symbols[np.minimum(rows, len(symbols) - 1)]
    seen[rows == len(symbols)] = ABSENT
    return seen.reshape(len(rows), -1)


def decode_rows(decoder: onnxruntime.InferenceSession, symbols: np.ndarray, near: np.ndarray) -> np.ndarray:
    starts = range(0, len(symbols), ROWS_A_CALL)
    name = decoder.get_inputs()[0].name
    slabs = (with_neighbours(symbols, near, at, at + ROWS_A_CALL) for at in starts)
    return np.concatenate([decoder.run(None, {name: slab})[0] for slab in slabs])


def run_ms(model: onnxruntime.InferenceSession, cells: np.ndarray, rows: int = 7000, runs: int = 15) -> float:
    """Median milliseconds for `rows` patches on one thread."""
    sample = np.ascontiguousarray(np.resize(cells, (rows, cells.shape[1])))
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run_rows(model, sample)
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times))


def fidelity(scale: CodeScale, truth: np.ndarray, decoded: np.ndarray, frames: int) -> dict:
    """
    truth and decoded: cells as codes. log-MAE is the mean of |log2(ADC+1) − log2(ADC'+1)| over *all* voxels of
    the frames (no hit = 0), as the BCAE papers count it; cells of inactive patches are right by construction.
    """
    hit, kept = truth > 0, decoded > 0
    adc = scale.code_adc().astype(np.float64)
    log_adc = np.log2(scale.code_adc().astype(np.float32) + 1)
    error = np.abs(log_adc[truth] - log_adc[decoded])
    both = hit & kept
    return {
        'log_mae': float(error.sum(dtype=np.float64) / (frames * VOXELS)),
        'log_mae_on_hits_kept': float(error[both].mean(dtype=np.float64)),
        'precision': float(both.sum() / max(1, kept.sum())),
        'recall': float(both.sum() / max(1, hit.sum())),
        'charge_bias': float(adc[decoded].sum() / adc[truth].sum() - 1),
    }


def codebook(shape: Shape, symbols: np.ndarray) -> dict:
    """How the codebook is used: share of each position's symbols that occur, and bits of each digit alone."""
    used = [float((np.bincount(column, minlength=shape.alphabet) > 0).mean()) for column in symbols.T]
    digits = digits_of(shape, symbols)
    share = np.stack([np.bincount(column, minlength=shape.levels) for column in digits.T]) / len(digits)
    bits = -(share * np.log2(np.maximum(share, 1e-12))).sum(1)
    return {
        'codebook_use_by_symbol': used,
        'digit_entropy_bits': [round(float(value), 3) for value in bits],
        'end_level_digits': float(((digits == 0) | (digits == shape.levels - 1)).mean()),
    }


def measure(shape: Shape, scale: CodeScale, symbols, decoder, wedges: Wedges, near: np.ndarray, tables: dict) -> dict:
    """Everything the card says of one kind of collision; symbols: what the exported encoder gave."""
    decoded = decode_rows(decoder, symbols, near)
    content, active = payload_bits(symbols, near, wedges, tables)
    bits = content + active
    hits = wedges.hits.sum()
    return {
        'frames': wedges.frames,
        'occupancy': float(hits / (wedges.frames * VOXELS)),
        'active_patches_per_frame': float(np.diff(wedges.first).mean()),
        **fidelity(scale, wedges.cells, decoded, wedges.frames),
        'bits_per_hit': float(bits.sum() / hits),
        'bits_per_patch': float(bits.sum() / len(symbols)),
        'active_bits_per_patch': float(active.sum() / len(symbols)),
        'payload_bytes_per_frame': float(bits.mean() / 8),
        'ratio_16bit_dense': float(wedges.frames * VOXELS * 16 / bits.sum()),
        'packet_ratio_16bit_dense': float(VOXELS * 2 / (bits.mean() / 8 + ENVELOPE_BYTES)),
        **codebook(shape, symbols),
    }
