"""
BCAE-VS's idea and rate arithmetic without its network (arXiv:2411.11942): a subset of the hits is kept, 20 bits of
place and 16 bits of value each, so that the ratio is 16 / ((16 + 20) · occupancy · kept share), and the reader rebuilds
the rest from them. Kept here: hits that are the largest of their window in azimuth and time. Rebuilt here: by tables of
what stands at each offset from a kept hit of a given size, learnt from training wedges. It is not the published model,
which chooses by a learnt score and rebuilds by a deep network, and it must be named so wherever it is shown.
"""

from dataclasses import dataclass

import numpy as np

KEPT_HIT_BITS = 20 + 16
REACH_AZIMUTH, REACH_TIME = 3, 8
SIZES = 10  # bins of a kept hit's log2(ADC+1) from 6 to 10
LOG_MIN, LOG_MAX = 6.0, 10.0
# half windows (azimuth, time) within which a kept hit is the largest; (0, 1) keeps a peak of every pulse
WINDOWS = ((0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 3))
THRESHOLDS = np.arange(0.2, 0.81, 0.05)


def offsets():
    return [(a, t) for a in range(-REACH_AZIMUTH, REACH_AZIMUTH + 1) for t in range(-REACH_TIME, REACH_TIME + 1)]


def peaks(log_adc: np.ndarray, window: tuple[int, int]) -> np.ndarray:
    """Hits that no other in the window exceeds; of equal ones the first in azimuth and time."""
    half_a, half_t = window
    padded = np.pad(log_adc, ((0, 0), (half_a, half_a), (half_t, half_t)))
    kept = log_adc > 0
    _, azimuths, times = log_adc.shape
    for a in range(-half_a, half_a + 1):
        for t in range(-half_t, half_t + 1):
            if (a, t) == (0, 0):
                continue
            other = padded[:, half_a + a : half_a + a + azimuths, half_t + t : half_t + t + times]
            kept &= log_adc > other if (a, t) < (0, 0) else log_adc >= other
    return kept


@dataclass
class Tables:
    """By offset and size of the kept hit: how often there is a hit, and its mean log2(ADC+1)."""

    chance: np.ndarray
    value: np.ndarray
    threshold: float = 0.5


def size_of(log_adc: np.ndarray) -> np.ndarray:
    """Bin of each value, −1 where there is none."""
    bins = ((log_adc - LOG_MIN) * (SIZES / (LOG_MAX - LOG_MIN))).astype(np.int16)
    return np.where(log_adc > 0, np.clip(bins, 0, SIZES - 1), -1)


def learn(wedges: list[np.ndarray], window: tuple[int, int]) -> Tables:
    """Tables from log2(ADC+1) grids, and the threshold that makes the error smallest on them."""
    seen = np.zeros((len(offsets()), SIZES))
    hits, sums = np.zeros_like(seen), np.zeros_like(seen)
    for log_adc in wedges:
        layer, azimuth, time = np.nonzero(peaks(log_adc, window))
        size = size_of(log_adc)[layer, azimuth, time]
        padded = np.pad(log_adc, ((0, 0), (REACH_AZIMUTH,) * 2, (REACH_TIME,) * 2))
        for k, (a, t) in enumerate(offsets()):
            there = padded[layer, azimuth + REACH_AZIMUTH + a, time + REACH_TIME + t]
            seen[k] += np.bincount(size, minlength=SIZES)
            hits[k] += np.bincount(size, there > 0, minlength=SIZES)
            sums[k] += np.bincount(size, there, minlength=SIZES)
    tables = Tables(hits / np.maximum(seen, 1), sums / np.maximum(hits, 1))
    errors = np.zeros(len(THRESHOLDS))
    for log_adc in wedges[: max(1, len(wedges) // 4)]:
        chance, value = _expected(log_adc, peaks(log_adc, window), tables)
        for i, threshold in enumerate(THRESHOLDS):
            errors[i] += np.abs(np.where(chance > threshold, value, 0) - log_adc).sum()
    tables.threshold = float(THRESHOLDS[errors.argmin()])
    return tables


def _expected(log_adc: np.ndarray, kept: np.ndarray, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """Of all kept hits in reach, what the one says that makes a hit likeliest. Kept hits speak for themselves."""
    size = np.where(kept, size_of(log_adc), -1)
    padded = np.pad(size, ((0, 0), (REACH_AZIMUTH,) * 2, (REACH_TIME,) * 2), constant_values=-1)
    _, azimuths, times = log_adc.shape
    chance, value = np.zeros(log_adc.shape, np.float32), np.zeros(log_adc.shape, np.float32)
    none = np.float32(0)
    for k, (a, t) in enumerate(offsets()):
        near = padded[
            :,
            REACH_AZIMUTH - a : REACH_AZIMUTH - a + azimuths,
            REACH_TIME - t : REACH_TIME - t + times,
        ]
        here = np.append(tables.chance[k], none).astype(np.float32)[near]
        better = here > chance
        chance[better] = here[better]
        value[better] = tables.value[k].astype(np.float32)[near[better]]
    chance[kept] = 1
    value[kept] = log_adc[kept].astype(np.float16).astype(np.float32)
    return chance, value


def decode(log_adc: np.ndarray, kept: np.ndarray, tables: Tables) -> np.ndarray:
    """log2(ADC+1) grid rebuilt from the kept hits alone."""
    chance, value = _expected(log_adc, kept, tables)
    return np.where(chance > tables.threshold, value, 0).astype(np.float32)
