"""
The classical rivals on the same wedges: `python codec_rivals.py --wedges auau_test.npz --count N --json out`. Lossless:
the packed sparse list, general compressors on it and on forms arranged for them, zpaq where it is installed, and the
context-mixing bound. Lossy: ZFP, SZ3 and Blosc2 on dense log-ADC at several settings, and kept peaks at BCAE-VS's rate
arithmetic. It refuses nothing silently: what is not installed is named on standard error and under `skipped`. One row
per compressor, form and setting; ratios are totals over the wedges, on the 16-bit dense grid and against the 30-bit
packed list.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "bcae"))

import byte_forms
import kept_peaks
import lossy_rivals
from compressors import COMPRESSORS, zpaq_or_none
from wedges import VOXELS, Judge, LOG2_TABLE, Wedges

SPARSE_LIST_BITS = 30  # 20-bit voxel + 10-bit ADC
DENSE_BITS = 16


class Totals:
    """Hits, coded bytes and times of one rival over wedges."""

    def __init__(self):
        self.hits = self.bytes = self.wedges = 0
        self.encode_ms, self.decode_ms = [], []

    def add(self, hits: int, coded_bytes: float, encode_ms: float = np.nan, decode_ms: float = np.nan, wedges: int = 1):
        self.hits += hits
        self.bytes += coded_bytes
        self.wedges += wedges
        self.encode_ms.append(encode_ms / wedges)
        self.decode_ms.append(decode_ms / wedges)

    def row(self, name: str, setting: str, figures: dict | None = None) -> dict:
        bits = max(8 * self.bytes, 1)
        lossless = {"log_mae": 0.0, "precision": 1.0, "recall": 1.0, "charge_bias": 0.0}
        chosen = lossless if figures is None else {key: figures[key] for key in lossless}
        return {
            "name": name,
            "setting": setting,
            "wedges": self.wedges,
            "hits": self.hits,
            "bits_per_hit": bits / max(self.hits, 1),
            "ratio_dense": DENSE_BITS * VOXELS * self.wedges / bits,
            "ratio_sparse_list": SPARSE_LIST_BITS * self.hits / bits,
            **chosen,
            "encode_ms": _median(self.encode_ms),
            "decode_ms": _median(self.decode_ms),
        }


def _median(times: list[float]) -> float | None:
    known = [t for t in times if not np.isnan(t)]
    return float(np.median(known)) if known else None


def timed(function, *arguments):
    start = time.perf_counter()
    result = function(*arguments)
    return result, (time.perf_counter() - start) * 1e3


def lossless_row(wedges, chosen, form, compressor, together: int) -> dict:
    """One compressor on one form, `together` wedges at a time; every wedge is decoded and compared."""
    pack, unpack = byte_forms.FORMS[form]
    totals = Totals()
    for at in range(0, len(chosen) - together + 1, together):
        hits = [wedges.hits_of(w) for w in chosen[at : at + together]]
        packed, pack_ms = timed(lambda: [pack(*one) for one in hits])
        plain = b"".join(packed)
        coded, code_ms = timed(compressor.encode, plain)
        decoded, decode_ms = timed(compressor.decode, coded)
        if bytes(decoded) != plain:
            raise AssertionError(f"{compressor.name} on {form}: not lossless")
        _, unpack_ms = timed(lambda: [_same(unpack(one), both) for one, both in zip(packed, hits)])
        count = sum(len(voxel) for voxel, _ in hits)
        totals.add(count, len(coded), pack_ms + code_ms, unpack_ms + decode_ms, together)
    setting = form if together == 1 else f"{form}, {together} wedges in one go (no random access)"
    return totals.row(compressor.name, setting)


def _same(decoded, true) -> None:
    if not all(np.array_equal(d, t) for d, t in zip(decoded, true)):
        raise AssertionError("a form does not come back")


def lossless_rows(wedges, chosen, together: int, skipped: list[str]) -> list[dict]:
    rows = []
    for compressor in COMPRESSORS:
        for form in compressor.forms:
            rows.append(lossless_row(wedges, chosen, form, compressor, 1))
            report(rows[-1])
    for compressor in COMPRESSORS:
        if compressor.name in ("zstd-19", "xz -9e"):
            rows.append(lossless_row(wedges, chosen[:together], "delta bytes", compressor, together))
            report(rows[-1])
    zpaq = zpaq_or_none()
    if zpaq is None:
        skipped.append("zpaq: not installed (Debian package zpaq)")
        print("SKIPPED zpaq: not installed", file=sys.stderr)
        return rows
    for compressor in zpaq:
        for form in compressor.forms:
            rows.append(lossless_row(wedges, chosen[: max(together, 4)], form, compressor, 1))
            report(rows[-1])
            if form != "packed list":
                rows.append(lossless_row(wedges, chosen[:together], form, compressor, together))
                report(rows[-1])
    return rows


def lossy_rows(wedges, chosen) -> list[dict]:
    rows = []
    for rival in lossy_rivals.RIVALS:
        for setting in rival.settings:
            totals, judge = Totals(), Judge()
            for wedge in chosen:
                adc = wedges.dense(wedge)
                coded, encode_ms = timed(rival.encode, LOG2_TABLE[adc], adc, setting)
                decoded, decode_ms = timed(rival.decode, coded, adc.shape)
                totals.add(int((adc > 0).sum()), sum(len(part) for part in coded), encode_ms, decode_ms)
                judge.add(adc, decoded)
            rows.append(totals.row(rival.name, f"{rival.setting_name} {setting}", judge.figures()))
            report(rows[-1])
    return rows


def peak_rows(wedges, chosen, training: Wedges) -> list[dict]:
    """Kept peaks, one row a window: see kept_peaks.py for what it is and is not."""
    learnt_on = [LOG2_TABLE[training.dense(w)] for w in np.linspace(0, training.count - 1, 16).astype(int)]
    rows = []
    for window in kept_peaks.WINDOWS:
        tables = kept_peaks.learn(learnt_on, window)
        totals, judge, kept_hits = Totals(), Judge(), 0
        for wedge in chosen:
            adc = wedges.dense(wedge)
            log_adc = LOG2_TABLE[adc]
            kept, encode_ms = timed(kept_peaks.peaks, log_adc, window)
            decoded, decode_ms = timed(kept_peaks.decode, log_adc, kept, tables)
            kept_hits += int(kept.sum())
            totals.add(int((adc > 0).sum()), int(kept.sum()) * kept_peaks.KEPT_HIT_BITS / 8, encode_ms, decode_ms)
            judge.add(adc, decoded)
        share = kept_hits / totals.hits
        setting = f"window ±{window[0]} azimuths ±{window[1]} times, {100 * share:.1f} % of the hits"
        rows.append(totals.row("kept peaks (BCAE-VS-like)", setting, judge.figures()) | {"kept_share": share})
        report(rows[-1])
    return rows


def bound_row(wedges, chosen, training: Wedges, primed: int) -> dict:
    """The context-mixing bound, learnt on `primed` training wedges and then on the coded ones as it goes."""
    from context_mix import Bound

    bound = Bound()
    for k, wedge in enumerate(np.linspace(0, training.count - 1, primed).astype(int)):
        bound.cost(training.dense(wedge), 0.02 / (1 + k / 4) + 0.0006)
    mask_bits = adc_bits = 0.0
    totals = Totals()
    for wedge in chosen:
        grid = wedges.dense(wedge)
        (mask, adc), encode_ms = timed(bound.cost, grid, 0.0006)
        mask_bits, adc_bits = mask_bits + mask, adc_bits + adc
        totals.add(int((grid > 0).sum()), (mask + adc) / 8, encode_ms)
    row = totals.row("context mixing, bound", f"ideal code length, learnt on {primed} training wedges and on the go")
    row |= {"mask_bits_per_hit": mask_bits / totals.hits, "adc_bits_per_hit": adc_bits / totals.hits}
    report(row)
    return row


def representative(wedges: Wedges, count: int) -> np.ndarray:
    """`count` wedges, one from the middle of each of as many equal groups by hits: their occupancy is the file's."""
    by_hits = np.argsort(np.diff(wedges.offsets), kind="stable")
    return np.sort(by_hits[((np.arange(count) + 0.5) * wedges.count / count).astype(int)])


def report(row: dict) -> None:
    keys = ("name", "setting", "bits_per_hit", "ratio_dense", "ratio_sparse_list", "log_mae", "precision", "recall")
    print(*(f"{row[k]:.4f}" if isinstance(row[k], float) else row[k] for k in keys), sep=" · ", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wedges", type=Path, required=True, help="npz with the wedges to code")
    parser.add_argument("--training", type=Path, help="npz the bound and the peaks learn from")
    parser.add_argument("--count", type=int, default=12, help="wedges, chosen to have the occupancy of the file")
    parser.add_argument("--together", type=int, default=4, help="wedges of the rows that code several in one go")
    parser.add_argument("--primed", type=int, default=60, help="training wedges the bound learns from")
    parser.add_argument("--only", choices=("lossless", "lossy", "peaks", "bound"), action="append")
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()
    parts = given.only or ["lossless", "lossy", "peaks", "bound"]

    wedges = Wedges(given.wedges)
    chosen = representative(wedges, given.count)
    rows, skipped = [], []
    plain = Totals()
    for wedge in chosen:
        hits = len(wedges.hits_of(wedge)[0])
        plain.add(hits, hits * SPARSE_LIST_BITS / 8)
    rows.append(plain.row("packed sparse list", "20-bit voxel + 10-bit ADC"))
    report(rows[-1])
    if "lossless" in parts:
        rows += lossless_rows(wedges, chosen, given.together, skipped)
    if "lossy" in parts:
        rows += lossy_rows(wedges, chosen)
    if "peaks" in parts and given.training is not None:
        rows += peak_rows(wedges, chosen, Wedges(given.training))
    if "bound" in parts and given.training is not None:
        rows.append(bound_row(wedges, chosen, Wedges(given.training), given.primed))
    if given.training is None:
        skipped.append("kept peaks and the context-mixing bound: no training wedges given")
    document = {"wedges_file": given.wedges.name, "chosen": chosen.tolist(), "skipped": skipped, "rows": rows}
    given.json.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
