"""Draws docs/detector.png from exported wedges: what the simulated detector looks like, Au+Au beside p+p.

Reads the .npz files that `tessera simulate --to npz` writes (hits, offsets, region, shape); it simulates nothing.
"""

import argparse

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.colors import LogNorm  # noqa: E402

ADC_BITS = 10
BEAMS = (("Au+Au", "#b5442e"), ("p+p", "#2c6e8f"))


class Wedges:
    """Wedges of one file, unpacked one at a time."""

    def __init__(self, path):
        with np.load(path) as file:
            self.hits, self.offsets = file["hits"], file["offsets"].astype(np.int64)
            self.shape = tuple(int(n) for n in file["shape"])
        self.count = len(self.offsets) - 1
        self.adc = self.hits & ((1 << ADC_BITS) - 1)
        self.layer = (self.hits >> ADC_BITS) // (self.shape[1] * self.shape[2])

    def grid(self, wedge):
        voxels = np.zeros(int(np.prod(self.shape)), np.uint16)
        part = slice(self.offsets[wedge], self.offsets[wedge + 1])
        voxels[self.hits[part] >> ADC_BITS] = self.adc[part]
        return voxels.reshape(self.shape)


def run_lengths(mask, axis):
    """Lengths of unbroken runs of True along an axis."""
    rows = np.moveaxis(mask, axis, -1).reshape(-1, mask.shape[axis])
    edges = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    return np.nonzero(edges == -1)[1] - np.nonzero(edges == 1)[1]


def view(ax, image, title):
    image = np.ma.masked_equal(image, 0)
    drawn = ax.imshow(image, origin="lower", aspect="auto", cmap="magma_r", norm=LogNorm(64, 1023), interpolation="nearest")
    ax.set_title(title, fontsize=10)
    ax.set_xlabel("time bin (53 ns)")
    ax.set_ylabel("azimuth (pad)")
    return drawn


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("auau")
    parser.add_argument("pp")
    parser.add_argument("--out", default="docs/detector.png")
    args = parser.parse_args()
    sets = [Wedges(args.auau), Wedges(args.pp)]
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure = plt.figure(figsize=(12.5, 7.6), dpi=110, layout="constrained")
    grid = figure.add_gridspec(2, 12, height_ratios=[1.15, 1])

    sizes = [np.diff(one.offsets) for one in sets]
    # A typical wedge of each: Au+Au at its median; p+p, mostly near-empty, at its 90th percentile.
    typical = [int(np.argsort(size)[int(q * len(size))]) for size, q in zip(sizes, (0.5, 0.9))]
    drawn = None
    for column, (one, wedge, (name, _)) in enumerate(zip(sets, typical, BEAMS)):
        ax = figure.add_subplot(grid[0, 6 * column:6 * column + 6])
        share = sizes[column][wedge] / np.prod(one.shape)
        # One layer of Au+Au is full enough; p+p shows its tracks only over all layers.
        image, what = (one.grid(wedge)[8], "layer 8") if column == 0 else (one.grid(wedge).max(axis=0), "all 16 layers")
        drawn = view(ax, image, f"{name}: {what} of one wedge in one time frame (wedge occupancy {share:.2%})")
    figure.colorbar(drawn, ax=figure.axes, label="ADC", ticks=[64, 128, 256, 512, 1023], format="%d", pad=0.01)

    panels = [figure.add_subplot(grid[1, 3 * i:3 * i + 3]) for i in range(4)]
    for one, (name, colour) in zip(sets, BEAMS):
        layers, azimuth, bins = one.shape
        style = {"color": colour, "label": name, "lw": 1.6}
        occupancy = np.bincount(one.layer, minlength=layers) / (one.count * azimuth * bins)
        panels[0].step(np.arange(layers), 100 * occupancy, where="mid", **style)
        spectrum = np.bincount(one.adc, minlength=1024)[64:]
        panels[1].step(np.arange(64, 1024), spectrum / spectrum.sum(), where="mid", **{**style, "lw": 1})
        pads, times = [], []
        for wedge in range(min(one.count, 12 if name == "Au+Au" else 600)):
            mask = one.grid(wedge) > 0
            if mask.any():
                pads.append(run_lengths(mask, 1))
                times.append(run_lengths(mask, 2))
        for panel, lengths, most in ((panels[2], pads, 14), (panels[3], times, 22)):
            counts = np.bincount(np.minimum(np.concatenate(lengths), most), minlength=most + 1)[1:]
            panel.step(np.arange(1, most + 1), counts / counts.sum(), where="mid", **style)
    labels = (
        ("occupancy per layer", "layer", "%"),
        ("ADC spectrum", "ADC (64 threshold, 1023 saturation)", "share of hits"),
        ("pads of a cluster", "neighbouring pads over threshold (14: or more)", "share"),
        ("time bins of a cluster", "neighbouring bins over threshold (22: or more)", "share"),
    )
    for panel, (title, x, y) in zip(panels, labels):
        panel.set_title(title, fontsize=10)
        panel.set_xlabel(x)
        panel.set_ylabel(y)
        panel.legend(frameon=False)
    panels[0].set_yscale("log")
    panels[0].set_ylim(0.03, 30)
    panels[1].set_yscale("log")
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
