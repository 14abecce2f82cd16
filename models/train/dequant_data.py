"""
Wedges as rows of neighbourhoods: the intervals a plane leaves each hit in, the window of neighbours a hit is
seen with, and a reader that turns simulated frames (npz) into such rows. It knows nothing of networks.

A row's first byte is the hit's own interval, numbered through all planes (plane after plane, level after level);
the others are the cell codes of its neighbours: 0 = no hit (or beyond the frame), else the code of the middle of
the neighbour's interval, so that the planes share one scale.
"""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tpc_patches import ADC_BITS, AZIMUTHS, LAYERS, LOG_MAX, LOG_MIN, TIMES, VOXELS

ADC_END = 1 << ADC_BITS
CODE_FIRST = 16  # code of a hit at threshold; the gap to 0 keeps "no hit" apart


def codes_of(log_adc: np.ndarray) -> np.ndarray:
    """log2(ADC + 1) → cell code CODE_FIRST … 255."""
    return np.round(CODE_FIRST + (log_adc - LOG_MIN) / (LOG_MAX - LOG_MIN) * (255 - CODE_FIRST)).astype(np.uint8)


@dataclass(frozen=True)
class Planes:
    """The ladder's planes: `lowest[p]` holds the lowest ADC of each level of plane p."""

    lowest: tuple[tuple[int, ...], ...]

    @cached_property
    def first(self) -> np.ndarray:
        """Number of the first interval of each plane, and the number of all intervals at the end."""
        return np.cumsum([0] + [len(levels) for levels in self.lowest])

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest ADC and number of ADC values of each interval."""
        low = np.array([adc for levels in self.lowest for adc in levels])
        high = np.array([adc for levels in self.lowest for adc in [*levels[1:], ADC_END]])
        return low, high - low

    @cached_property
    def middle(self) -> np.ndarray:
        """Middle of each interval in log2(ADC + 1)."""
        low, size = self.bounds
        return (np.log2(low + 1) + np.log2(low + size)) / 2

    @cached_property
    def interval_of(self) -> np.ndarray:
        """[planes, ADC] → number of the interval; ADC below the lowest counts as the lowest level."""
        adc = np.arange(ADC_END)
        levels = [np.maximum(0, np.searchsorted(levels, adc, side='right') - 1) for levels in self.lowest]
        return (np.stack(levels) + self.first[:-1, None]).astype(np.uint8)

    @cached_property
    def code_of(self) -> np.ndarray:
        """[planes, ADC] → cell code; 0 stays 0."""
        codes = codes_of(self.middle)[self.interval_of]
        codes[:, 0] = 0
        return codes


def read_planes(path: str, chosen: list[int] | None = None) -> Planes:
    """The planes of a levels.json, all of them or those with `chosen` numbers of levels."""
    with open(path, encoding='utf8') as file:
        planes = json.load(file)['planes']
    lowest = tuple(tuple(plane['lowestAdc']) for plane in planes if not chosen or plane['levels'] in chosen)
    for levels in lowest:
        if list(levels) != sorted(set(levels)) or not 0 < levels[0] or levels[-1] >= ADC_END:
            raise ValueError(f'{path}: {levels} are not ascending ADC values')
    return Planes(lowest)


@dataclass(frozen=True)
class Window:
    """
    Neighbours of a hit: ±azimuth × ±time in its own layer, less in each adjacent layer. By short trainings ±2 × ±3,
    ±2 × ±4, ±2 × ±6 and ±3 × ±4 are within 0.5 % of one another; adjacent layers lower the error by 0.5 % with two
    levels and by nothing with more.
    """

    azimuth: int = 2
    time: int = 4
    far_azimuth: int = 1
    far_time: int = 1
    layers: int = 0

    @cached_property
    def steps(self) -> np.ndarray:
        """[neighbours, 3]: steps in (layer, azimuth, time), ascending; the hit itself is not among them."""
        own = [(0, a, t) for a in span(self.azimuth) for t in span(self.time) if (a, t) != (0, 0)]
        far = [(l, a, t) for l in (-1, 1) for a in span(self.far_azimuth) for t in span(self.far_time)]
        return np.array(sorted(own + (far if self.layers else [])))

    @cached_property
    def reach(self) -> np.ndarray:
        return np.abs(self.steps).max(0)

    @cached_property
    def padded(self) -> np.ndarray:
        return np.array([LAYERS, AZIMUTHS, TIMES]) + 2 * self.reach

    @cached_property
    def offsets(self) -> np.ndarray:
        """The steps as distances in a padded wedge; the hit itself first."""
        strides = np.array([self.padded[1] * self.padded[2], self.padded[2], 1])
        return np.concatenate([[0], self.steps @ strides])


def span(reach: int) -> range:
    return range(-reach, reach + 1)


@dataclass(frozen=True)
class Frames:
    """Frame f owns hits[offsets[f] : offsets[f + 1]], each voxel << 10 | adc."""

    hits: np.ndarray
    offsets: np.ndarray

    @property
    def count(self) -> int:
        return len(self.offsets) - 1

    def pool(self, chosen: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """ADC of the chosen frames in one padded array, flat, and the place of every hit in it."""
        size = int(window.padded.prod())
        grid = np.zeros(len(chosen) * size, np.uint16)
        places = []
        for row, frame in enumerate(chosen):
            packed = self.hits[self.offsets[frame] : self.offsets[frame + 1]].astype(np.int64)
            layer, rest = np.divmod(packed >> ADC_BITS, AZIMUTHS * TIMES)
            azimuth, time = np.divmod(rest, TIMES)
            (l, a, t), (_, rows, columns) = window.reach, window.padded
            place = row * size + ((layer + l) * rows + azimuth + a) * columns + time + t
            grid[place] = packed & (ADC_END - 1)
            places.append(place)
        return grid, np.concatenate(places)


def read_frames(path: str, split: str) -> Frames:
    """The frames of a file that holds one split only ("train" or "test"); refuses any other."""
    data = np.load(path)
    if set(np.unique(data['event_split'])) != {1 if split == 'test' else 0}:
        raise ValueError(f'{path} must hold {split} frames and no others')
    hits, offsets = data['hits'], data['offsets'].astype(np.int64)
    if int(hits.max() >> ADC_BITS) >= VOXELS:
        raise ValueError(f'{path} has a voxel outside the grid of {VOXELS}')
    return Frames(hits, offsets)


def rows_of(planes: Planes, window: Window, grid: np.ndarray, places: np.ndarray, plane: np.ndarray) -> tuple:
    """Rows uint8 [n, 1 + neighbours] and true ADC [n] of hits seen at the end of a plane each (`plane` [n])."""
    adc = grid[places[:, None] + window.offsets]
    rows = planes.code_of[plane[:, None], adc]
    rows[:, 0] = planes.interval_of[plane, adc[:, 0]]
    return rows, adc[:, 0].astype(np.int64)
