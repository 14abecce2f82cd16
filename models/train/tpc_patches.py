"""
Wedges as patches: the cell-code scale of a model, and a reader that turns simulated frames (npz) into the
active patches of each wedge. It refuses frames outside the grid and knows nothing of networks.

An npz file holds one entry a hit in `hits` (uint32, voxel << 10 | adc, ascending within a frame), `offsets`
(frame f owns hits[offsets[f]:offsets[f+1]]) and `event_split` (per frame: 0 training events, 1 held out, 2 mixed).
"""

import hashlib
from dataclasses import dataclass

import numpy as np

LAYERS, AZIMUTHS, TIMES = 16, 192, 249
PATCH = (1, 8, 8)
GRID = (16, 24, 32)  # ceil(size / patch) along each axis
PATCHES = GRID[0] * GRID[1] * GRID[2]
CELLS = PATCH[0] * PATCH[1] * PATCH[2]
VOXELS = LAYERS * AZIMUTHS * TIMES
ADC_BITS = 10
THRESHOLD_ADC = 64
GAP_BUCKETS = 32
# Neighbours a decoder sees, as steps along layer, azimuth and time, in patches; the first three are coded before
# the patch (ids ascend) and price its first digit. By linear regression of a patch's occupancy each edge tells
# R² 0.12–0.15, all four 0.417, with the layers beside 0.430; corners and slanted layers add less than 0.002.
NEIGHBOURS = ((0, 0, -1), (0, -1, 0), (-1, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0))
LOG_MIN = float(np.log2(THRESHOLD_ADC + 1))
LOG_MAX = float(ADC_BITS)  # log2(1023 + 1)


@dataclass(frozen=True)
class CodeScale:
    """
    ADC ↔ cell code: kept samples take the codes `base` … 255, linear in log2(ADC + 1); 0 stays "no hit".
    The gap between 0 and `base` is what lets a linear first layer see that a cell is hit at all. ADC values
    below the zero suppression cannot occur in these instruments, but still get the codes 1 … base−1 in order.
    """

    base: int

    @property
    def step(self) -> float:
        """Codes per unit of log2(ADC + 1)."""
        return (255 - self.base) / (LOG_MAX - LOG_MIN)

    def log2_of(self, codes: np.ndarray) -> np.ndarray:
        """Codes of hits → log2(ADC + 1)."""
        return LOG_MIN + (codes.astype(np.float32) - self.base) / np.float32(self.step)

    def input_table(self) -> np.ndarray:
        adc = np.arange(1 << ADC_BITS)
        hit = np.round(self.base + (np.log2(adc + 1) - LOG_MIN) * self.step)
        below = np.round(1 + (adc - 1) * (self.base - 2) / (THRESHOLD_ADC - 2))
        table = np.where(adc >= THRESHOLD_ADC, hit, below)
        table[0] = 0
        return np.clip(table, 0, 255).astype(np.uint8)

    def code_adc(self) -> np.ndarray:
        """Inverse of `input_table`: the middle of the ADC values with that code, interpolated where none has it."""
        table = self.input_table()
        known = np.unique(table)
        middle = [np.median(np.nonzero(table == code)[0]) for code in known]
        return np.round(np.interp(np.arange(256), known, middle)).astype(np.uint16)


@dataclass(frozen=True)
class Wedges:
    """Active patches of many frames: frame f owns rows first[f] … first[f+1]−1; `ids` ascend within a frame."""

    ids: np.ndarray  # uint16 [rows]
    cells: np.ndarray  # uint8 [rows, 64], cell codes
    first: np.ndarray  # int64 [frames + 1]
    hits: np.ndarray  # int64 [frames]

    @property
    def frames(self) -> int:
        return len(self.hits)


def patches_of_frame(packed: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One frame's packed hits → ascending ids of its active patches, and their cells as codes."""
    voxel = packed >> np.uint32(ADC_BITS)
    adc = packed & np.uint32((1 << ADC_BITS) - 1)
    if len(voxel) and int(voxel[-1]) >= VOXELS:
        raise ValueError(f'voxel {int(voxel[-1])} lies outside the grid of {VOXELS}')
    layer, rest = np.divmod(voxel, AZIMUTHS * TIMES)
    azimuth, time = np.divmod(rest, TIMES)
    patch = (layer * GRID[1] + azimuth // PATCH[1]) * GRID[2] + time // PATCH[2]
    position = (azimuth % PATCH[1]) * PATCH[2] + time % PATCH[2]
    ids, row = np.unique(patch, return_inverse=True)
    cells = np.zeros((len(ids), CELLS), np.uint8)
    cells[row, position] = table[adc]
    return ids.astype(np.uint16), cells


def read_wedges(path: str, split: str, scale: CodeScale) -> Wedges:
    """The frames of `path` that belong to `split` ("train" or "test"); there may be none of one of them."""
    data = np.load(path)
    hits, offsets, marks = data['hits'], data['offsets'].astype(np.int64), data['event_split']
    if (marks > 1).any():
        raise ValueError(f'{path} was made from all PYTHIA events: frames must be of one split')
    chosen = np.nonzero(marks == (1 if split == 'test' else 0))[0]
    table = scale.input_table()
    ids, cells, counts = [np.zeros(0, np.uint16)], [np.zeros((0, CELLS), np.uint8)], []
    for frame in chosen:
        packed = hits[offsets[frame] : offsets[frame + 1]]
        frame_ids, frame_cells = patches_of_frame(packed, table)
        ids.append(frame_ids)
        cells.append(frame_cells)
        counts.append(len(packed))
    first = np.cumsum([len(rows) for rows in ids]).astype(np.int64)  # the empty row in front starts it at 0
    return Wedges(np.concatenate(ids), np.concatenate(cells), first, np.array(counts, np.int64))


def neighbour_rows(wedges: Wedges) -> np.ndarray:
    """Row of each neighbour of each row, int32 [rows, neighbours]; the number of rows stands for "absent"."""
    rows = np.full((len(wedges.ids), len(NEIGHBOURS)), len(wedges.ids), np.int32)
    padded = np.empty([size + 2 for size in GRID], np.int32)
    for frame in range(wedges.frames):
        span = np.arange(wedges.first[frame], wedges.first[frame + 1])
        place = np.unravel_index(wedges.ids[span], GRID)
        padded.fill(len(wedges.ids))
        padded[tuple(at + 1 for at in place)] = span
        for column, steps in enumerate(NEIGHBOURS):
            rows[span, column] = padded[tuple(at + 1 + step for at, step in zip(place, steps))]
    return rows


class Patches:
    """Patches of one kind of collision with their neighbours; the row after the last is an empty patch."""

    def __init__(self, wedges: Wedges):
        self.cells = np.concatenate([wedges.cells, np.zeros((1, wedges.cells.shape[1]), np.uint8)])
        self.near = neighbour_rows(wedges)

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        rows = rng.integers(0, len(self.near), count)
        return self.cells[np.concatenate([rows[:, None], self.near[rows]], axis=1)]


def gap_buckets(ids: np.ndarray) -> tuple[np.ndarray, int]:
    """
    Ascending patch ids of one frame → bucket of each gap, and the raw low bits they carry in all. Gaps below
    16 are their own bucket; above, bucket 16 + k covers 16·2^k … 16·2^(k+1)−1 with k + 4 raw bits.
    """
    gaps = np.diff(ids.astype(np.int64), prepend=-1) - 1
    power = np.zeros_like(gaps)
    large = gaps >= 16
    power[large] = np.floor(np.log2(gaps[large] / 16)).astype(np.int64)
    return np.where(large, 16 + power, gaps), int((power[large] + 4).sum())


def sha256_of(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
