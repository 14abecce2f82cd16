"""
Trigger objects as patches: the cell-code scale of their tokenizer, and a reader that turns vectors of 57 numbers into
the active patches of each event. It knows nothing of networks.

A vector has 19 slots (MET, 4 e/gamma, 4 muons, 10 jets) of three cells (pT, eta, phi): integer + 1, 0 = absent.
"""

from dataclasses import dataclass

import numpy as np

SLOTS, FIELDS = 19, 3
GROUPS = {'met': (0, 1), 'egamma': (1, 5), 'muon': (5, 9), 'jet': (9, 19)}
PT, ETA, PHI = range(3)
PT_STEP_GEV, ETA_STEP, PHI_STEPS = 0.5, 0.0435, 144
BITS, TABLE_BITS = 12, 13  # of pT; of integer + 1, as the instrument counts ADC bits
# One code a value up to FINE_END (all of phi, eta up to 1.4), two values a code up to EVEN_END (all of eta), then
# codes of equal ratio up to the last: 6 % of pT each, above 128 GeV.
FINE_END, EVEN_END = 160, 256


def input_table() -> np.ndarray:
    value = np.arange(1 << TABLE_BITS)
    even = FINE_END + (value - FINE_END + 1) // 2
    top = FINE_END + (EVEN_END - FINE_END) // 2
    ratio = top + np.round((255 - top) * np.log2(np.maximum(value, EVEN_END) / EVEN_END) / (BITS - np.log2(EVEN_END)))
    table = np.where(value <= FINE_END, value, np.where(value <= EVEN_END, even, ratio))
    return np.clip(table, 0, 255).astype(np.uint8)


def code_value() -> np.ndarray:
    """Inverse of `input_table`: the middle of the values with that code."""
    table = input_table()
    return np.array([0] + [np.median(np.nonzero(table == code)[0]) for code in range(1, 256)]).astype(np.uint16)


@dataclass(frozen=True)
class Objects:
    """Active patches of many events: event e owns rows first[e] … first[e+1]−1; slots ascend within an event."""

    slots: np.ndarray  # int64 [rows]
    values: np.ndarray  # uint16 [rows, 3]
    cells: np.ndarray  # uint8 [rows, 3], cell codes
    first: np.ndarray  # int64 [events + 1]

    @property
    def events(self) -> int:
        return len(self.first) - 1


def objects_of(vectors: np.ndarray) -> Objects:
    """vectors: uint16 [events, 57]."""
    grid = vectors.reshape(-1, SLOTS, FIELDS)
    active = (grid > 0).any(2)
    event, slots = np.nonzero(active)
    values = grid[event, slots]
    first = np.concatenate([[0], np.cumsum(active.sum(1))])
    return Objects(slots, values, input_table()[values], first)


def previous_rows(objects: Objects) -> np.ndarray:
    """
    Row of the patch in the slot before, as neighbours along (last axis, row, layer): int32 [rows, 3]. Slots lie
    along the rows; the number of rows stands for "absent".
    """
    count = len(objects.slots)
    near = np.full((count, 3), count, np.int32)
    event = np.repeat(np.arange(objects.events), np.diff(objects.first))
    follows = (event[1:] == event[:-1]) & (objects.slots[1:] == objects.slots[:-1] + 1)
    near[1:, 1][follows] = np.nonzero(follows)[0]
    return near
