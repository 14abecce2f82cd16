"""
Trains a bicephalous autoencoder on simulated wedges: `python train.py --network bcae-2d --data DIR --run DIR
--cpu-minutes 75 --until 2026-01-31T12:00`. Resumable: the run folder holds weights, moments and the curve; `--models
DIR` starts an empty one from exported models; SIGTERM saves and stops. The loss is the published one: focal loss
(γ=2) on occupancy, absolute error on the regression masked by the classifier, and the classifier's weight following
their ratio. So that few CPU minutes hold many steps: random crops instead of whole wedges, and the 2-D decoder starts
with its first three blocks and is grown to eight (a ReZero block begins as no change, so nothing jumps). The end of
the schedule sees large crops and its very end computes in 32 bits. The test wedges are only looked at for the curve.
"""

import argparse
import json
import os
import signal
import time
from datetime import datetime, timezone
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from network import DECODER_BLOCKS_2D, HALVINGS_2D, LOG_FLOOR, LOG_SCALE, NETWORKS, TIMES
from tensorflow_ops import TensorflowOps, first_weights
from to_onnx import weights_of
from wedges import LOG2_TABLE, Judge, Wedges, channels_last_store, crops

FOCAL_GAMMA = 2
FIRST_CLASSIFIER_WEIGHT, CLASSIFIER_WEIGHT_INERTIA = 2000.0, 0.5
PEAK_RATE, WARM_UP_STEPS, MOMENTS = 2e-3, 200, (0.9, 0.99)
# inner convolutions move by orthogonalised momentum (Muon, K. Jordan 2024), which needs fewer steps than Adam; the
# factor brings its steps to the size of Adam's (root mean square about 0.2)
MUON_MOMENT, MUON_ROUNDS, MUON_SIZE = 0.95, 5, 0.2
GRADIENT_NORM_MAX = 1.0
# crops: (batch, azimuths, times)
FIRST, SMALL, LARGE = (4, 48, 64), (2, 48, 64), (1, 96, 128)
GROWN_FROM, LARGE_FROM, WHOLE_PRECISION_FROM = 0.5, 0.85, 0.94
EXPONENT_MAX = 2.0  # 6 + 3·e² is far above log2(1024): only there to keep a bad step finite


class Rival(tf.Module):
    """Weights, optimiser and the two compiled functions of one network."""

    def __init__(self, network, weights: dict[str, np.ndarray]):
        super().__init__()
        self.network = network
        self.w = {name: tf.Variable(value, name=name) for name, value in weights.items()}
        self.first = {name: tf.Variable(tf.zeros_like(v)) for name, v in self.w.items()}
        self.second = {name: tf.Variable(tf.zeros_like(v)) for name, v in self.w.items()}
        by_shape: dict[tuple, list[str]] = {}
        for name, value in weights.items():
            if name.endswith(".w") and not name.endswith((".in.w", ".out.w")):
                by_shape.setdefault(value.shape, []).append(name)
        self.inner_kernels = [tuple(group) for group in by_shape.values()]
        self.steps = tf.Variable(0.0)
        self.classifier_weight = tf.Variable(FIRST_CLASSIFIER_WEIGHT)
        self.grown = False
        late = tuple(f"{head}.{b}" for head in ("clf", "reg") for b in range(HALVINGS_2D, DECODER_BLOCKS_2D))
        self.late_factors = [name for name in weights if name.endswith(".alpha") and name.startswith(late)]

    def grow(self) -> None:
        """Lets a 2-D decoder's late blocks in, as no change yet; from now on the loss is the published one."""
        self.grown = True
        for name in self.late_factors:
            for part in (self.w, self.first, self.second):
                part[name].assign(tf.zeros_like(part[name]))

    def _both(self, log_adc, compute, young=False):
        """Channels-last log2(ADC+1) [batch, azimuth, time, layer] → logits and regression of that shape."""
        ops = TensorflowOps(self.w, self.network.spatial, compute)
        x = log_adc if self.network.spatial == 2 else tf.transpose(log_adc, (0, 3, 1, 2))[..., None]
        code = self.network.encode(ops, tf.cast(x, compute))
        first_blocks = (HALVINGS_2D,) if young and self.network.spatial == 2 else ()
        logits, raw = self.network.decode(ops, code, *first_blocks)
        if self.network.spatial == 3:
            logits, raw = (tf.transpose(out[..., 0], (0, 2, 3, 1)) for out in (logits, raw))
        logits, raw = tf.cast(logits, tf.float32), tf.cast(raw, tf.float32)
        return logits, LOG_FLOOR + LOG_SCALE * tf.exp(tf.minimum(raw, EXPONENT_MAX))

    def _losses(self, log_adc, inside, compute, young):
        logits, regression = self._both(log_adc, compute, young)
        log_p1, log_p0 = tf.math.log_sigmoid(logits), tf.math.log_sigmoid(-logits)
        p1 = tf.sigmoid(logits)
        hit = tf.cast(log_adc > 0, tf.float32)
        focal = hit * (1 - p1) ** FOCAL_GAMMA * log_p1 + (1 - hit) * p1**FOCAL_GAMMA * log_p0
        kept = tf.cast(logits > 0, tf.float32)
        voxels = tf.reduce_sum(inside) * float(log_adc.shape[1] * log_adc.shape[3])
        classifier = -tf.reduce_sum(focal * inside) / voxels / np.log(2).astype(np.float32)
        error = tf.reduce_sum(tf.abs(regression * kept - log_adc) * inside) / voxels
        learnt = error
        if young:
            # Early false positives would press the regression to its floor, where exp has no slope left to come back
            # by; so it learns on the true hits until the decoder is grown.
            learnt = tf.reduce_sum(tf.abs(regression - log_adc) * hit * inside) / voxels
        return classifier, error, learnt

    def _step(self, adc, inside, rate, compute, young=False):
        log_adc = tf.gather(LOG2_TABLE, tf.cast(adc, tf.int32))
        names = list(self.w)
        with tf.GradientTape() as tape:
            classifier, error, learnt = self._losses(log_adc, inside, compute, young)
            inertia = CLASSIFIER_WEIGHT_INERTIA
            ratio = tf.stop_gradient(error / tf.maximum(classifier, 1e-8))
            weight = (inertia * self.classifier_weight + ratio) / (1 + inertia)
            loss = learnt + weight * classifier
        gradients = tape.gradient(loss, [self.w[name] for name in names])
        gradients, norm = tf.clip_by_global_norm(gradients, GRADIENT_NORM_MAX)
        good = tf.math.is_finite(norm)
        self.steps.assign_add(1.0)
        self.classifier_weight.assign(tf.where(good, weight, FIRST_CLASSIFIER_WEIGHT))
        known = {n: tf.where(good, g, tf.zeros_like(g)) for n, g in zip(names, gradients) if g is not None}
        inner = [n for group in self.inner_kernels for n in group]
        self._adam({n: g for n, g in known.items() if n not in inner}, rate)
        for group in self.inner_kernels:
            self._muon({n: known[n] for n in group if n in known}, rate)
        return error, classifier, norm

    def _adam(self, gradients, rate):
        b1, b2 = MOMENTS
        scale = tf.sqrt(1 - b2**self.steps) / (1 - b1**self.steps)
        for name, gradient in gradients.items():
            m = self.first[name].assign(b1 * self.first[name] + (1 - b1) * gradient)
            v = self.second[name].assign(b2 * self.second[name] + (1 - b2) * gradient**2)
            self.w[name].assign_sub(rate * scale * m / (tf.sqrt(v) + 1e-8))

    def _muon(self, gradients, rate):
        """Kernels of one shape at once, each as a (taps · inputs, outputs) matrix."""
        directions = []
        for name, gradient in gradients.items():
            m = self.first[name].assign(MUON_MOMENT * self.first[name] + (1 - MUON_MOMENT) * gradient)
            directions.append(MUON_MOMENT * m + (1 - MUON_MOMENT) * gradient)
        shape = directions[0].shape
        x = tf.reshape(tf.stack(directions), (len(directions), -1, shape[-1]))
        tall = x.shape[1] >= x.shape[2]
        x = x if tall else tf.transpose(x, (0, 2, 1))
        x = x / (tf.norm(x, axis=(1, 2), keepdims=True) + 1e-12)
        for _ in range(MUON_ROUNDS):
            square = tf.matmul(x, x, transpose_a=True)
            x = 3.4445 * x + tf.matmul(x, -4.7750 * square + 2.0315 * tf.matmul(square, square))
        x = x if tall else tf.transpose(x, (0, 2, 1))
        step = tf.reshape(x, (len(directions), *shape)) * MUON_SIZE * float(max(x.shape[1:])) ** 0.5
        for name, one in zip(gradients, tf.unstack(step)):
            self.w[name].assign_sub(rate * one)

    @tf.function(reduce_retracing=False)
    def step_first(self, adc, inside, rate):
        return self._step(adc, inside, rate, tf.bfloat16, young=True)

    @tf.function(reduce_retracing=False)
    def step_half(self, adc, inside, rate):
        return self._step(adc, inside, rate, tf.bfloat16)

    @tf.function(reduce_retracing=False)
    def step_whole(self, adc, inside, rate):
        return self._step(adc, inside, rate, tf.float32)

    @tf.function
    def decode_wedge(self, log_adc):
        return self._both(log_adc, tf.float32)

    @tf.function
    def decode_wedge_first(self, log_adc):
        return self._both(log_adc, tf.float32, young=True)

    def state(self) -> dict[str, np.ndarray]:
        groups = {"w": self.w, "m": self.first, "v": self.second}
        arrays = {f"{group}/{name}": v.numpy() for group, part in groups.items() for name, v in part.items()}
        scalars = {"steps": self.steps.numpy(), "classifier_weight": self.classifier_weight.numpy()}
        return arrays | scalars | {"grown": np.array(self.grown)}

    def load(self, arrays) -> None:
        for group, part in {"w": self.w, "m": self.first, "v": self.second}.items():
            for name, variable in part.items():
                variable.assign(arrays[f"{group}/{name}"])
        self.steps.assign(arrays["steps"])
        self.classifier_weight.assign(arrays["classifier_weight"])
        self.grown = bool(arrays["grown"])


def judge(rival: Rival, wedges: Wedges, chosen) -> dict:
    """Figures over the chosen test wedges at the published threshold 0.5, 32-bit arithmetic, 32-bit code."""
    total = Judge()
    for wedge in chosen:
        adc = wedges.dense(wedge)
        padded = np.zeros((1, adc.shape[1], 256, adc.shape[0]), np.float32)
        padded[0, :, :TIMES] = LOG2_TABLE[adc].transpose(1, 2, 0)
        decode = rival.decode_wedge if rival.grown else rival.decode_wedge_first
        logits, regression = decode(tf.constant(padded))
        decoded = (regression.numpy() * (logits.numpy() > 0))[0, :, :TIMES].transpose(2, 0, 1)
        total.add(adc, decoded)
    return total.figures()


def rate_at(progress: float, steps: int) -> float:
    """Cosine over the call's progress, warmed up over its first steps."""
    return PEAK_RATE * min(1.0, (steps + 1) / WARM_UP_STEPS) * 0.5 * (1 + np.cos(np.pi * min(progress, 1.0)))


def save(path: Path, arrays: dict) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **arrays)
    partial.rename(path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with auau_train.npz and auau_test.npz")
    parser.add_argument("--run", type=Path, required=True, help="folder of the state, the curve and the dense store")
    parser.add_argument("--models", type=Path, help="where the run folder is empty: exported models to go on from")
    parser.add_argument("--cpu-minutes", type=float, required=True, help="of this call; the rate falls to zero by then")
    parser.add_argument("--until", type=datetime.fromisoformat, help="UTC instant by which the rate is zero as well")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--judge-every-minutes", type=float, default=4, help="CPU minutes between points of the curve")
    parser.add_argument("--judge-wedges", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    given.run.mkdir(parents=True, exist_ok=True)
    network = NETWORKS[given.network]
    rival = Rival(network, first_weights(network, given.seed))
    state, curve_file = given.run / f"{network.name}.npz", given.run / f"{network.name}.curve.json"
    curve = {"network": network.name, "points": []}
    if state.exists():
        rival.load(np.load(state))
        curve = json.loads(curve_file.read_text())
    elif given.models is not None:
        for name, value in weights_of(given.models, network).items():
            rival.w[name].assign(value)
        curve = json.loads((given.models / curve_file.name).read_text())
        rival.grown = True
        rival.steps.assign(curve["points"][-1]["steps"])
    store = channels_last_store(given.data / "auau_train.npz", given.run.parent / "auau_train_u16.npy")
    test = Wedges(given.data / "auau_test.npz")
    chosen = np.linspace(0, test.count - 1, given.judge_wedges).astype(int)
    rng = np.random.default_rng((given.seed, int(rival.steps.numpy())))

    earlier = curve["points"][-1]["cpu_minutes"] if curve["points"] else 0.0
    voxels_seen = curve["points"][-1]["wedges_seen"] if curve["points"] else 0.0
    steps_before = int(rival.steps.numpy())
    cpu_start, wall_start = time.process_time(), datetime.now(timezone.utc)
    until = given.until.replace(tzinfo=timezone.utc) if given.until else None
    judged_at, judge_cpu, smooth, asked = 0.0, 0.0, None, []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    while True:
        cpu = (time.process_time() - cpu_start - judge_cpu) / 60
        progress = cpu / given.cpu_minutes
        if until is not None:
            now = datetime.now(timezone.utc)
            progress = max(progress, (now - wall_start) / (until - wall_start))
        steps = int(rival.steps.numpy())
        done = progress >= 1 or bool(asked)
        if done or cpu - judged_at >= given.judge_every_minutes:
            before = time.process_time()
            point = {"steps": steps, "cpu_minutes": round(earlier + cpu, 2), "wedges_seen": round(voxels_seen, 1)}
            point |= {"progress": round(progress, 4), "decoder": "whole" if rival.grown else "young"}
            point |= {"train_loss": smooth} | judge(rival, test, chosen)
            curve["points"].append(point)
            curve_file.write_text(json.dumps(curve, indent=1) + "\n")
            save(state, rival.state())
            judged_at, judge_cpu = cpu, judge_cpu + time.process_time() - before
            print(json.dumps(point), flush=True)
        if done:
            return
        if not rival.grown and progress >= GROWN_FROM:
            rival.grow()
        shape = LARGE if progress >= LARGE_FROM else SMALL if rival.grown else FIRST
        adc, inside = crops(store, rng, *shape)
        step = rival.step_first
        if rival.grown:
            step = rival.step_whole if progress >= WHOLE_PRECISION_FROM else rival.step_half
        error, classifier, norm = step(adc, inside, tf.constant(rate_at(progress, steps - steps_before), tf.float32))
        voxels_seen += adc.size / store[0].size
        now = [float(error), float(classifier), float(norm)]
        smooth = now if smooth is None else [0.98 * a + 0.02 * b for a, b in zip(smooth, now)]
        if steps % 50 == 0:
            weight = float(rival.classifier_weight)
            print(steps, f"{cpu:.2f} min, {progress:.3f}", *(f"{x:.4f}" for x in (*smooth, weight)), flush=True)


if __name__ == "__main__":
    main()
