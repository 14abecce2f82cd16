"""
What a tokenizer is worth on wedges it has not seen: fidelity over all voxels, bits by static tables, codebook
use, speed. It refuses nothing and trains nothing; it runs the exported ONNX files, not the training code.
"""

import time

import numpy as np
import onnxruntime

from fsq import Shape
from tpc_patches import GAP_BUCKETS, VOXELS, CodeScale, Wedges, gap_buckets

TABLE_BITS = 12  # static tables are normalised to 12-bit frequencies
ROWS_A_CALL = 1024  # stays in the second-level cache


def session(graph: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=['CPUExecutionProvider'])


def run_rows(model: onnxruntime.InferenceSession, rows: np.ndarray) -> np.ndarray:
    name = model.get_inputs()[0].name
    parts = [model.run(None, {name: rows[at : at + ROWS_A_CALL]})[0] for at in range(0, len(rows), ROWS_A_CALL)]
    return np.concatenate(parts)


def encode_ms(model: onnxruntime.InferenceSession, cells: np.ndarray, rows: int = 7000) -> float:
    """Median milliseconds for `rows` patches on one thread, over 31 runs."""
    sample = np.ascontiguousarray(np.resize(cells, (rows, cells.shape[1])))
    times = []
    for _ in range(31):
        start = time.perf_counter()
        run_rows(model, sample)
        times.append((time.perf_counter() - start) * 1e3)
    return float(np.median(times))


def bits_of(counts: np.ndarray) -> np.ndarray:
    """Cost in bits of each symbol under the 12-bit frequencies of `counts`, every symbol at least 1."""
    frequency = np.maximum(1, np.round(counts / max(1, counts.sum()) * (1 << TABLE_BITS)))
    return -np.log2(frequency / frequency.sum())


def count_symbols(shape: Shape, symbols: np.ndarray) -> np.ndarray:
    return np.stack([np.bincount(column, minlength=shape.alphabet) for column in symbols.T])


def gap_table_of(ids: np.ndarray) -> str:
    """Which gap table a frame takes, as `src/codec/tokens.ts` decides it: under an eighth active is sparse."""
    return 'sparse' if len(ids) == 0 or len(ids) * 8 < int(ids[-1]) + 1 else 'dense'


def count_gaps(groups: list[Wedges]) -> dict[str, np.ndarray]:
    counts = {'sparse': np.zeros(GAP_BUCKETS, np.int64), 'dense': np.zeros(GAP_BUCKETS, np.int64)}
    for wedges in groups:
        for frame in range(wedges.frames):
            ids = wedges.ids[wedges.first[frame] : wedges.first[frame + 1]]
            buckets, _ = gap_buckets(ids)
            counts[gap_table_of(ids)] += np.bincount(buckets, minlength=GAP_BUCKETS)
    return counts


def payload_bits(symbols: np.ndarray, wedges: Wedges, symbol_counts: np.ndarray, gap_counts: dict) -> np.ndarray:
    """Estimated bits of each frame's token layer: symbols and gaps by the static tables, raw gap bits added."""
    costs = np.stack([bits_of(counts) for counts in symbol_counts])
    of_row = costs[np.arange(symbols.shape[1]), symbols].sum(1)
    gap_costs = {kind: bits_of(counts) for kind, counts in gap_counts.items()}
    bits = np.zeros(wedges.frames)
    for frame in range(wedges.frames):
        rows = slice(wedges.first[frame], wedges.first[frame + 1])
        ids = wedges.ids[rows]
        buckets, raw = gap_buckets(ids)
        bits[frame] = of_row[rows].sum() + gap_costs[gap_table_of(ids)][buckets].sum() + raw
    return bits


def fidelity(scale: CodeScale, truth: np.ndarray, decoded: np.ndarray, frames: int) -> dict:
    """
    truth and decoded: cells as codes. log-MAE is the mean of |log2(ADC+1) − log2(ADC'+1)| over *all* voxels of
    the frames (no hit = 0), as the BCAE papers count it; cells of inactive patches are right by construction.
    """
    hit, kept = truth > 0, decoded > 0
    log_adc = np.log2(scale.code_adc().astype(np.float32) + 1)
    error = np.abs(log_adc[truth] - log_adc[decoded])
    both = hit & kept
    return {
        'log_mae': float(error.sum(dtype=np.float64) / (frames * VOXELS)),
        'log_mae_on_hits_kept': float(error[both].mean(dtype=np.float64)),
        'precision': float(both.sum() / max(1, kept.sum())),
        'recall': float(both.sum() / max(1, hit.sum())),
    }


def measure(shape: Shape, scale: CodeScale, encoder, decoder, wedges: Wedges, tables: dict) -> dict:
    """Everything the card says of one kind of collision."""
    symbols = run_rows(encoder, wedges.cells)
    decoded = run_rows(decoder, symbols)
    bits = payload_bits(symbols, wedges, tables['symbols'], tables['gaps'])
    hits = wedges.hits.sum()
    return {
        'frames': wedges.frames,
        'occupancy': float(hits / (wedges.frames * VOXELS)),
        'active_patches_per_frame': float(np.diff(wedges.first).mean()),
        **fidelity(scale, wedges.cells, decoded, wedges.frames),
        'bits_per_hit': float(bits.sum() / hits),
        'bits_per_patch': float(bits.sum() / len(symbols)),
        'payload_bytes_per_frame': float(bits.mean() / 8),
        'ratio_16bit_dense': float(wedges.frames * VOXELS * 16 / bits.sum()),
        'codebook_use_by_symbol': [float((row > 0).mean()) for row in count_symbols(shape, symbols)],
    }
