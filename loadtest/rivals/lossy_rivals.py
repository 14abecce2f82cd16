"""
Error-bounded array compressors on a wedge's dense log2(ADC+1): ZFP, SZ3, and Blosc2 on values cut to a few bits. Each
gives coded parts, and a decoded wedge put back on what zero suppression allows: below half of its smallest value no
hit, else at least that value. Settings run from nearly lossless to ruin, so that a reader may match error or rate.
"""

from dataclasses import dataclass
from typing import Callable

import imagecodecs
import numpy as np

LOG_MIN = float(np.log2(65))
KEPT_ABOVE = LOG_MIN / 2


@dataclass(frozen=True)
class LossyRival:
    """`encode(log_adc, adc, setting)` gives parts of bytes; `decode(parts, shape)` the log2(ADC+1) grid."""

    name: str
    setting_name: str
    settings: tuple
    encode: Callable
    decode: Callable


def _suppressed(decoded: np.ndarray, shape) -> np.ndarray:
    decoded = np.asarray(decoded, np.float32).reshape(shape)
    return np.where(decoded < KEPT_ABOVE, 0, np.clip(decoded, LOG_MIN, 10)).astype(np.float32)


def _zfp(log_adc, adc, tolerance):
    return [imagecodecs.zfp_encode(log_adc, tolerance, mode="a", execution="serial")]


def _zfp_rate(log_adc, adc, rate):
    return [imagecodecs.zfp_encode(log_adc, rate, mode="r", execution="serial")]


def _sz3(log_adc, adc, tolerance):
    return [imagecodecs.sz3_encode(log_adc, mode="abs", abs=tolerance)]


def _mask_and_sz3(log_adc, adc, tolerance):
    hit = adc > 0
    bits = np.packbits(hit.reshape(-1, hit.shape[-1]), axis=1)
    values = np.ascontiguousarray(log_adc[hit])
    coded = imagecodecs.sz3_encode(values, mode="abs", abs=tolerance) if len(values) else b""
    return [imagecodecs.lzma_encode(bits, level=9), coded]


def _mask_and_sz3_back(parts, shape):
    rows = shape[0] * shape[1]
    packed = np.frombuffer(imagecodecs.lzma_decode(parts[0]), np.uint8).reshape(rows, -1)
    hit = np.unpackbits(packed, axis=1)[:, : shape[2]].reshape(shape).astype(bool)
    decoded = np.zeros(shape, np.float32)
    if len(parts[1]):
        count = int(hit.sum())
        values = imagecodecs.sz3_decode(parts[1], shape=(count,), dtype=np.float32)
        decoded[hit] = np.clip(values, LOG_MIN, 10)
    return decoded


def _blosc2(log_adc, adc, bits):
    """Mantissas rounded to `bits` bits, as Blosc2's truncating filter keeps them, then bitshuffle and zstd."""
    cut = 23 - bits
    words = log_adc.view(np.uint32)
    rounded = (words + np.uint32(1 << (cut - 1))) >> np.uint32(cut) << np.uint32(cut)
    rounded[words == 0] = 0
    return [
        imagecodecs.blosc2_encode(
            np.ascontiguousarray(rounded), level=9, compressor="zstd", shuffle="bitshuffle", typesize=4, numthreads=1
        )
    ]


def _blosc2_back(parts, shape):
    return _suppressed(np.frombuffer(imagecodecs.blosc2_decode(parts[0]), np.float32), shape)


RIVALS = (
    LossyRival(
        "zfp, fixed accuracy",
        "tolerance",
        (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0),
        _zfp,
        lambda parts, shape: _suppressed(imagecodecs.zfp_decode(parts[0]), shape),
    ),
    LossyRival(
        "zfp, fixed rate",
        "bits a voxel",
        (0.5, 1.0, 2.0),
        _zfp_rate,
        lambda parts, shape: _suppressed(imagecodecs.zfp_decode(parts[0]), shape),
    ),
    LossyRival(
        "sz3, absolute error",
        "tolerance",
        (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.9, 4.0, 5.0),
        _sz3,
        lambda parts, shape: _suppressed(imagecodecs.sz3_decode(parts[0], shape=shape, dtype=np.float32), shape),
    ),
    LossyRival(
        "xz of occupancy bits + sz3 of the hits' values",
        "tolerance",
        (0.05, 0.1, 0.25, 0.5, 1.0, 2.0),
        _mask_and_sz3,
        _mask_and_sz3_back,
    ),
    LossyRival("blosc2 zstd-9, truncated values", "mantissa bits", (1, 2, 3, 4, 6, 8), _blosc2, _blosc2_back),
)
