"""
Judges the exported rivals on the fixed test wedges as a user would run them: ONNX Runtime, 32-bit arithmetic, batch 1,
the code rounded to 16-bit floats between encoder and decoder. Figures at the published threshold 0.5 and at the one
that makes the error smallest on training wedges; also the times, and the runtime's answer against TensorFlow's.

`python measure.py --models DIR --data DIR [--count N] [--parity RUN]` writes DIR/NAME.json: the card that goes with the
models, with the threshold to use and how far the training got (from DIR/NAME.curve.json).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime

from network import NETWORKS, TIMES, TIMES_PADDED, count
from wedges import AZIMUTHS, LAYERS, LOG2_TABLE, VOXELS, Judge, Wedges

PUBLISHED_THRESHOLD = 0.5
THRESHOLDS = np.round(np.arange(0.2, 0.81, 0.05), 2)


class Coder:
    """One rival in ONNX Runtime. `decoded(adc)` gives (occupancy, log2(ADC+1)) [16, 192, 249] and the two times."""

    def __init__(self, folder: Path, name: str, threads: int):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.network = NETWORKS[name]
        self.encoder, self.decoder = (
            onnxruntime.InferenceSession(
                str(folder / f"{name}.{half}.onnx"), options, providers=["CPUExecutionProvider"]
            )
            for half in ("encoder", "decoder")
        )

    def decoded(self, adc: np.ndarray):
        x = np.zeros((LAYERS, AZIMUTHS, TIMES_PADDED), np.float32)
        x[:, :, :TIMES] = LOG2_TABLE[adc]
        start = time.perf_counter()
        code = self.encoder.run(None, {"log2_adc": x.reshape(1, *self.network.wedge_shape)})[0].astype(np.float16)
        middle = time.perf_counter()
        outputs = self.decoder.run(["occupancy", "log2_adc"], {"code": code.astype(np.float32)})
        end = time.perf_counter()
        occupancy, value = (out.reshape(LAYERS, AZIMUTHS, TIMES_PADDED)[:, :, :TIMES] for out in outputs)
        return occupancy, value, (middle - start) * 1e3, (end - middle) * 1e3


def judged(coder: Coder, wedges: Wedges, chosen, thresholds) -> tuple[dict, list, list]:
    """Figures per threshold over the chosen wedges, and the encode and decode times in ms."""
    judges = {float(t): Judge() for t in thresholds}
    encode_ms, decode_ms = [], []
    for wedge in chosen:
        adc = wedges.dense(wedge)
        occupancy, value, encoding, decoding = coder.decoded(adc)
        encode_ms.append(encoding)
        decode_ms.append(decoding)
        for threshold, judge in judges.items():
            judge.add(adc, np.where(occupancy > threshold, np.clip(value, 0, 10), 0))
    return {t: judge.figures() for t, judge in judges.items()}, encode_ms, decode_ms


def parity(coder: Coder, run: Path, adc: np.ndarray) -> dict:
    """Largest and mean difference between ONNX Runtime (16-bit weights) and TensorFlow on the training state."""
    import tensorflow as tf

    from train import Rival

    state = np.load(run / f"{coder.network.name}.npz")
    rival = Rival(coder.network, {n[2:]: state[n] for n in state.files if n.startswith("w/")})
    x = np.zeros((1, AZIMUTHS, TIMES_PADDED, LAYERS), np.float32)
    x[0, :, :TIMES] = LOG2_TABLE[adc].transpose(1, 2, 0)
    logits, value = (out.numpy()[0, :, :TIMES].transpose(2, 0, 1) for out in rival.decode_wedge(tf.constant(x)))
    occupancy, log2_adc, *_ = coder.decoded(adc)
    off = np.abs(occupancy - 1 / (1 + np.exp(-logits)))
    off_value = np.abs(np.minimum(log2_adc, 10) - np.minimum(value, 10))
    return {
        "occupancy_max": float(off.max()),
        "occupancy_mean": float(off.mean()),
        "log2_adc_max": float(off_value.max()),
        "log2_adc_mean": float(off_value.mean()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--networks", nargs="+", default=["bcae-2d"], choices=NETWORKS)
    parser.add_argument("--count", type=int, default=0, help="test wedges, evenly spaced; 0: all")
    parser.add_argument("--tune", type=int, default=10, help="training wedges the threshold is chosen on")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parity", type=Path, help="run folder to compare with")
    given = parser.parse_args()
    test, training = Wedges(given.data / "auau_test.npz"), Wedges(given.data / "auau_train.npz")
    chosen = np.linspace(0, test.count - 1, given.count or test.count).astype(int)
    for name in given.networks:
        coder = Coder(given.models, name, given.threads)
        counted = count(coder.network)
        tune, *_ = judged(coder, training, np.linspace(0, training.count - 1, given.tune).astype(int), THRESHOLDS)
        best = min(tune, key=lambda t: tune[t]["log_mae"])
        figures, encode_ms, decode_ms = judged(coder, test, chosen, sorted({PUBLISHED_THRESHOLD, best}))
        last = json.loads((given.models / f"{name}.curve.json").read_text())["points"][-1]
        card = {
            "name": name,
            "threshold": best,
            "trained": {key: last[key] for key in ("steps", "cpu_minutes", "wedges_seen")} | {"to_a_plateau": False},
            "ratio_dense": VOXELS / float(np.prod(coder.network.code_shape)),
            "encoder_parameters": counted["encoder_parameters"],
            "encoder_mmac": counted["encoder_mmac"],
            "decoder_parameters": counted["decoder_parameters"],
            "decoder_mmac": counted["decoder_mmac"],
            "test_wedges": "auau_test.npz",
            "at_published_threshold": figures[PUBLISHED_THRESHOLD],
            "at_best_threshold": figures[best],
        }
        if given.parity is not None:
            card["parity"] = parity(coder, given.parity, test.dense(0))
        print(json.dumps(card, indent=1), flush=True)
        print(f"medians: encode {np.median(encode_ms):.1f} ms, decode {np.median(decode_ms):.1f} ms", flush=True)
        (given.models / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
