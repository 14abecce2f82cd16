"""
Draws how far a rival's training got: test log-MAE, precision and recall against CPU minutes, from the curve its run
wrote. `python plot_curve.py --curve RUN/bcae-2d.curve.json --out bcae-2d.curve.png`. It judges nothing itself.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    curve = json.loads(given.curve.read_text())
    points = curve["points"]
    minutes = [p["cpu_minutes"] for p in points]
    figure, left = pyplot.subplots(figsize=(7, 4))
    right = left.twinx()
    left.plot(minutes, [p["log_mae"] for p in points], "o-", color="black", label="log-MAE")
    right.plot(minutes, [p["precision"] for p in points], "--", color="tab:blue", label="precision")
    right.plot(minutes, [p["recall"] for p in points], "--", color="tab:red", label="recall")
    grown = next((p["cpu_minutes"] for p in points if p.get("decoder") == "whole"), None)
    if grown is not None:
        left.axvline(grown, color="grey", linewidth=0.8)
        left.text(grown, left.get_ylim()[1], " whole decoder", va="top", color="grey")
    left.set_xlabel("CPU minutes of training")
    left.set_ylabel("log-MAE over all voxels, test wedges")
    left.set_ylim(bottom=0)
    right.set_ylabel("precision, recall of occupancy")
    right.set_ylim(0, 1)
    last = points[-1]
    left.set_title(
        f"{curve['network']}: {last['steps']} steps, {last['wedges_seen']:.0f} wedges' worth of crops, "
        f"{last['cpu_minutes']:.0f} CPU minutes"
    )
    lines = left.get_lines()[:1] + right.get_lines()
    left.legend(lines, [line.get_label() for line in lines], loc="lower right")
    figure.tight_layout()
    figure.savefig(given.out, dpi=110)


if __name__ == "__main__":
    main()
