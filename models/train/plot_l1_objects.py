"""Draws docs/l1_objects.png: what the simulated trigger's objects look like, the normal stream beside four signals.

Reads the .npy files that l1_make_events.ts writes; it simulates nothing.
"""

import argparse
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from l1_objects import ETA, ETA_STEP, FIELDS, GROUPS, PT, PT_STEP_GEV, SLOTS  # noqa: E402

SAMPLES = (
    ("test", "normal stream", "#444444"), ("a4l_look", "A → 4ℓ", "#b5442e"), ("lq_look", "LQ → bτ", "#2c6e8f"),
    ("h0_look", "h⁰ → ττ", "#5a8f2c"), ("hc_look", "h± → τν", "#8f5a2c"),
)
NAMES = {"met": "MET", "egamma": "e/γ", "muon": "muon", "jet": "jet"}


def pts(vectors):
    """GeV, 0 where there is no object: [events, 19]."""
    return np.maximum(0, vectors.reshape(-1, SLOTS, FIELDS)[:, :, PT].astype(float) - 1) * PT_STEP_GEV


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--out", default="docs/l1_objects.png")
    args = parser.parse_args()
    sets = {name: np.load(os.path.join(args.data, f"{name}.npy")) for name, _, _ in SAMPLES}
    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axes = plt.subplots(2, 3, figsize=(12.5, 7), dpi=110, layout="constrained")
    rate, ht, met, count, muons, eta = axes.ravel()
    normal = pts(sets["test"])
    for group, (begin, end) in GROUPS.items():
        leading = normal[:, begin:end].max(1)
        cuts = np.arange(1, 300)
        rate.plot(cuts, [(leading >= cut).mean() for cut in cuts], label=NAMES[group])
    rate.set(title="normal stream: share with a leading object above", xlabel="threshold, GeV", yscale="log", ylim=(1e-4, 1.2))
    rate.legend(frameon=False)
    for name, title, colour in SAMPLES:
        pt = pts(sets[name])
        style = {"histtype": "step", "density": True, "color": colour, "label": title, "lw": 1.4}
        begin, end = GROUPS["jet"]
        ht.hist(pt[:, begin:end].sum(1), bins=np.arange(0, 900, 20), **style)
        met.hist(pt[:, 0], bins=np.arange(0, 250, 5), **style)
        count.hist((pt[:, begin:end] > 0).sum(1), bins=np.arange(12) - 0.5, **style)
        begin, end = GROUPS["muon"]
        muons.hist((pt[:, begin:end] > 0).sum(1), bins=np.arange(6) - 0.5, **style)
        grid = sets[name].reshape(-1, SLOTS, FIELDS)[:, GROUPS["jet"][0]:, ETA]
        eta.hist(((grid[grid > 0].astype(float) - 1) - 128) * ETA_STEP, bins=np.linspace(-5.2, 5.2, 61), **style)
    for ax, title, x in (
        (ht, "summed pT of jets", "HT, GeV"), (met, "missing transverse energy", "MET, GeV"),
        (count, "jets above 15 GeV (10 at most)", "jets"), (muons, "muons (4 at most)", "muons"),
        (eta, "jets along η", "η"),
    ):
        ax.set(title=title, xlabel=x, ylabel="share" if ax in (count, muons) else "density")
        if ax is not eta and ax is not count:
            ax.set_yscale("log")
    ht.legend(frameon=False)
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
