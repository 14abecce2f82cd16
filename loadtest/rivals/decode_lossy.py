"""
What the error-bounded compressors give back, as hits, for whoever judges more than voxels: `python decode_lossy.py
--wedges auau_test.npz --chosen 0,10,21 --out DIR`. One .npz a rival and setting with `hits` (voxel << 10 | adc, wedge
after wedge), `offsets` and `bytes` (coded, a wedge), and index.json that names them. It refuses to judge.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent / "bcae"))

import lossy_rivals
from wedges import LOG2_TABLE, Wedges

ADC_MIN, ADC_MAX = 64, 1023


def hits_of(decoded: np.ndarray) -> np.ndarray:
    """Hits of a decoded log2(ADC+1) grid, put back on what zero suppression allows."""
    values = decoded.reshape(-1)
    voxel = np.flatnonzero(values > 0)
    adc = np.clip(np.rint(np.exp2(values[voxel]) - 1), ADC_MIN, ADC_MAX)
    return (voxel.astype(np.uint32) << 10) | adc.astype(np.uint32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wedges", type=Path, required=True)
    parser.add_argument("--chosen", required=True, help="numbers of wedges, with commas")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    wedges = Wedges(given.wedges)
    chosen = [int(number) for number in given.chosen.split(",")]
    given.out.mkdir(parents=True, exist_ok=True)
    index = []
    for rival in lossy_rivals.RIVALS:
        for setting in rival.settings:
            hits, sizes = [], []
            for wedge in chosen:
                adc = wedges.dense(wedge)
                coded = rival.encode(LOG2_TABLE[adc], adc, setting)
                sizes.append(sum(len(part) for part in coded))
                hits.append(hits_of(np.asarray(rival.decode(coded, adc.shape))))
            file = f"lossy_{len(index)}.npz"
            offsets = np.cumsum([0, *map(len, hits)]).astype(np.uint32)
            np.savez(given.out / file, hits=np.concatenate(hits), offsets=offsets, bytes=np.array(sizes, np.uint32))
            index.append({"name": rival.name, "setting": f"{rival.setting_name} {setting}", "file": file})
            print(rival.name, setting, sum(sizes), flush=True)
    document = {"wedges_file": given.wedges.name, "chosen": chosen, "rivals": index}
    (given.out / "index.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
