"""
Simulated wedges for the dense rivals: hits of an .npz file (written by the simulator) as dense 16-bit ADC grids,
random crops of them, and the figures by which a decoded wedge is judged. It knows nothing of networks.

An npz file holds `hits` (uint32, voxel << 10 | adc, ascending within a wedge) and `offsets` (wedge f owns
hits[offsets[f]:offsets[f+1]]); voxel = (layer · 192 + azimuth) · 249 + time.
"""

from pathlib import Path

import numpy as np

LAYERS, AZIMUTHS, TIMES, TIMES_PADDED = 16, 192, 249, 256
VOXELS = LAYERS * AZIMUTHS * TIMES
LOG2_TABLE = np.log2(np.arange(1024) + 1).astype(np.float32)


class Wedges:
    """The wedges of one file. `hits_of(f)` gives (voxel, adc); `dense(f)` the (16, 192, 249) uint16 grid."""

    def __init__(self, path: str | Path):
        with np.load(path) as arrays:
            shape = tuple(int(n) for n in arrays["shape"])
            if shape != (LAYERS, AZIMUTHS, TIMES):
                raise ValueError(f"{path}: wedges of {shape}, not {(LAYERS, AZIMUTHS, TIMES)}")
            self.hits = arrays["hits"]
            self.offsets = arrays["offsets"].astype(np.int64)
        self.count = len(self.offsets) - 1

    def hits_of(self, wedge: int) -> tuple[np.ndarray, np.ndarray]:
        packed = self.hits[self.offsets[wedge] : self.offsets[wedge + 1]]
        return packed >> 10, (packed & 1023).astype(np.uint16)

    def dense(self, wedge: int) -> np.ndarray:
        voxel, adc = self.hits_of(wedge)
        grid = np.zeros(VOXELS, np.uint16)
        grid[voxel] = adc
        return grid.reshape(LAYERS, AZIMUTHS, TIMES)


def channels_last_store(path: str | Path, store: str | Path) -> np.ndarray:
    """All wedges as one (wedge, azimuth, time padded to 256, layer) uint16 array, kept on disk and mapped."""
    store = Path(store)
    if not store.exists():
        wedges = Wedges(path)
        partial = store.with_suffix(".partial.npy")
        shape = (wedges.count, AZIMUTHS, TIMES_PADDED, LAYERS)
        out = np.lib.format.open_memmap(partial, mode="w+", dtype=np.uint16, shape=shape)
        for wedge in range(wedges.count):
            out[wedge, :, :TIMES] = wedges.dense(wedge).transpose(1, 2, 0)
        out.flush()
        partial.rename(store)
    return np.load(store, mmap_mode="r")


def crops(store: np.ndarray, rng: np.random.Generator, batch: int, azimuths: int, times: int):
    """
    (adc uint16 [batch, azimuths, times, 16], inside float32 [batch, 1, times, 1]) from random wedges and places,
    half of them mirrored in azimuth, never empty; `inside` is 0 over the padding of the time axis.
    """
    adc = np.empty((batch, azimuths, times, LAYERS), np.uint16)
    inside = np.ones((batch, 1, times, 1), np.float32)
    taken = 0
    while taken < batch:
        wedge = rng.integers(len(store))
        a = rng.integers(AZIMUTHS - azimuths + 1)
        t = rng.integers(TIMES_PADDED - times + 1)
        crop = store[wedge, a : a + azimuths, t : t + times]
        if not crop.any():
            continue
        adc[taken] = crop[::-1] if rng.integers(2) else crop
        inside[taken, 0, :, 0] = np.arange(t, t + times) < TIMES
        taken += 1
    return adc, inside


class Judge:
    """Adds up decoded wedges; figures as published: all in log2(ADC+1), over all voxels of the wedges seen."""

    def __init__(self):
        self.absolute = self.squared = self.true = self.kept = self.both = 0.0
        self.voxels = self.charge = self.charge_decoded = self.wedges = 0

    def add(self, adc: np.ndarray, log_decoded: np.ndarray) -> None:
        """`adc` uint16 and `log_decoded` float32 (0 = no hit) of one wedge, of equal shape."""
        log_true = LOG2_TABLE[adc]
        difference = log_decoded - log_true
        hit, kept = adc > 0, log_decoded > 0
        self.absolute += float(np.abs(difference).sum(dtype=np.float64))
        self.squared += float(np.square(difference).sum(dtype=np.float64))
        self.true += int(hit.sum())
        self.kept += int(kept.sum())
        self.both += int((hit & kept).sum())
        self.charge += int(adc.sum(dtype=np.int64))
        self.charge_decoded += float(np.where(kept, np.exp2(log_decoded) - 1, 0).sum(dtype=np.float64))
        self.voxels += adc.size
        self.wedges += 1

    def figures(self) -> dict:
        return {
            "wedges": self.wedges,
            "log_mae": self.absolute / self.voxels,
            "log_mse": self.squared / self.voxels,
            "precision": self.both / max(self.kept, 1),
            "recall": self.both / max(self.true, 1),
            "charge_bias": self.charge_decoded / max(self.charge, 1) - 1,
            "occupancy": self.true / self.voxels,
        }
