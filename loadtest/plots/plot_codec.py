"""
Draws docs/codec.png from what `tessera bench codec --json` wrote: ratio against log-MAE and against the centroid error
of clusters, every rung and every rival on the same Au+Au wedges, and the harder set beside. It measures nothing.
"""

import argparse
import json
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

# What is drawn how; the first pattern that matches a contender's name decides.
FAMILIES = (
    (r"^tokens, ", dict(color="#b5442e", marker="o", label="tokens rung")),
    (r"dequantised", dict(color="#1b6b4a", marker="D", label="planes, learnt dequantiser")),
    (r"^occupancy", dict(color="#2c6e8f", marker="s", label="occupancy and planes")),
    (r"^tokens of", dict(color="#6a4c93", marker="P", label="tokens riding with planes")),
    (r"^BCAE", dict(color="#111111", marker="X", label="BCAE, trained here for minutes")),
    (r"^xz of occupancy", dict(color="#8c8c3a", marker="<", label="xz of the occupancy + SZ3 of values")),
    (r"^sz3", dict(color="#c48b2c", marker=">", label="SZ3")),
    (r"^zfp, fixed accuracy", dict(color="#c9bb27", marker="v", label="ZFP")),
    (r"^blosc2.*truncated", dict(color="#a0766b", marker="^", label="Blosc2, cut values")),
    (r"^kept peaks", dict(color="#7d8491", marker="*", label="kept peaks (BCAE-VS’s arithmetic)")),
)
# Where a point's name stands, in points from it; the rest to the upper right.
PLACES = {
    "tokens rung": (-6, 6),
    "tokens riding with planes": (-8, 0),
    "occupancy and planes": (7, -4),
    "BCAE, trained here for minutes": (9, 0),
}
POINTS = ("tokens riding with planes", "BCAE, trained here for minutes")
PUBLISHED_RATIO = 31.125  # 16-bit voxels over 16-bit code values of BCAE++, BCAE-HT and BCAE-2D
MAE_FLOOR = 3e-3


def family_of(name):
    for pattern, style in FAMILIES:
        if re.search(pattern, name):
            return style
    return None


def points(rows, of_set, value):
    """{family label: (style, [(ratio, value, name)])} of a set, by error."""
    found = {}
    for row in rows:
        if row.get("set") != of_set or "contender" not in row or row["× 16-bit dense"] is None:
            continue
        style = family_of(row["contender"])
        y = value(row)
        if style is None or y is None or y <= 0:
            continue
        found.setdefault(style["label"], (style, []))[1].append((row["× 16-bit dense"], y, row["contender"]))
    return found


def draw(ax, families, named=True):
    for label, (style, chosen) in families.items():
        chosen.sort(key=lambda point: point[1])
        x, y = [p[0] for p in chosen], [p[1] for p in chosen]
        line = "" if label in POINTS else "-"
        size = 9 if style["marker"] in "XP" else 6
        ax.plot(x, y, line, color=style["color"], marker=style["marker"], ms=size, lw=1.2, mec="white", mew=0.5, label=label)
        if not named:
            continue
        for ratio, error, name in chosen:
            short = short_name(name)
            if short:
                place = PLACES.get(label, (6, 5))
                ax.annotate(
                    short, (ratio, error), textcoords="offset points", xytext=place, fontsize=7, color=style["color"],
                    ha="right" if place[0] < 0 else "left", va="center",
                )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid(True, which="major", color="#e4e4e4", lw=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel("ratio to 16-bit dense voxels")


def short_name(name):
    """What is written beside a point: levels of planes, the ratio a token model was made for, a network's name."""
    if match := re.match(r"tokens, tpc-fsq-(\d+)/", name):
        return f"{match[1]}×"
    if match := re.search(r"(\d+) levels$", name):
        return match[1]
    if name == "occupancy":
        return "1"
    if name.startswith("BCAE"):
        return name.split(",")[0]
    return "tokens + planes" if re.match(r"tokens of .* planes", name) else ""


def ticks(axis, values, text="{:g}"):
    axis.set_major_locator(matplotlib.ticker.FixedLocator(values))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: text.format(v)))
    axis.set_minor_locator(matplotlib.ticker.NullLocator())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("result", help="JSON of the bench")
    parser.add_argument("--out", default="docs/codec.png")
    args = parser.parse_args()
    with open(args.result, encoding="utf-8") as file:
        result = json.load(file)
    rows = result["rows"]
    centroid = {(row["set"], row["clusters of"]): row["centroid σ, pads"] for row in rows if "clusters of" in row}
    noise = centroid.get(("auau_test", "raw, noise drawn again"))

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 5.2), dpi=110, layout="constrained")
    draw(left, points(rows, "auau_test", lambda row: max(row["log-MAE"], MAE_FLOOR) if row["log-MAE"] > 0 else None))
    left.set_title("Au+Au: error of every voxel (right and below is better)", fontsize=10)
    left.set_ylabel("log-MAE: mean |Δ log2(ADC+1)|")
    left.axvline(PUBLISHED_RATIO, color="#777777", lw=0.8, ls=":")
    left.text(PUBLISHED_RATIO, 0.55, "BCAE’s published 31.1× ", fontsize=7, color="#555555", ha="right", va="top")

    draw(middle, points(rows, "auau_test", lambda row: centroid.get((row["set"], row["contender"]))))
    middle.set_title("Au+Au: error of clusters found again", fontsize=10)
    middle.set_ylabel("centroid σ, pads")
    if noise is not None:
        middle.axhline(noise, color="#777777", lw=0.8, ls="--")
        middle.text(250, noise, "electronic noise drawn once more", fontsize=7, color="#555555", ha="right", va="bottom")

    draw(right, points(rows, "narrow_test", lambda row: row["log-MAE"] or None))
    right.set_title("narrow pulses, few clusters: the harder set", fontsize=10)
    right.set_ylabel("log-MAE: mean |Δ log2(ADC+1)|")
    left.set_xlim(9, 260)
    left.set_ylim(MAE_FLOOR, 0.6)
    middle.set_xlim(9, 260)
    middle.set_ylim(0.04, 0.6)
    right.set_ylim(1e-3, 0.5)
    ticks(left.xaxis, [10, 20, 30, 50, 100, 200])
    ticks(middle.xaxis, [10, 20, 30, 50, 100, 200])
    ticks(right.xaxis, [10, 20, 50, 100, 200, 400])
    for ax in (left, right):
        ticks(ax.yaxis, [0.001, 0.003, 0.01, 0.03, 0.1, 0.3])
    ticks(middle.yaxis, [0.05, 0.1, 0.2, 0.3, 0.5])
    handles, labels = left.get_legend_handles_labels()
    columns = (len(labels) + 1) // 2
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=8)
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
