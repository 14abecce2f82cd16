"""
Trains the learnt dequantiser of the sPHENIX TPC on simulated wedges and writes its model folder: the ONNX file,
the card that says which planes it fits, and a plot. Test wedges are only measured on.

    node models/train/make_wedges.ts DATA
    python models/train/train_tpc_dequant.py --data DATA --out models/tpc-dequant/1
"""

import argparse
import json
import os
import time

os.environ.setdefault('XLA_FLAGS', '--xla_cpu_multi_thread_eigen=false')  # one core, and the same sums each time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dequant_card import calibrated, rounded, write_model
from dequant_data import Frames, Planes, Window, read_frames, read_planes, rows_of
from dequant_measure import measure_plane, session
from dequant_net import graph_of, init_net, logits_of, parameters_of

NOTE = 'Simulated sPHENIX TPC wedges in continuous readout, by models/train/make_wedges.ts'
POOL_FRAMES = (12, 40)  # Au+Au and p+p frames hits are drawn from at a time
POOL_STEPS = 48  # steps until the next frames: some hits are seen twice, most never


def arguments() -> argparse.Namespace:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--data', required=True, help='folder with auau_ and pp_, train.npz and test.npz')
    parse.add_argument('--levels', default=os.path.join(os.path.dirname(__file__), 'levels.json'))
    parse.add_argument('--out', default=None, help='model folder to write; without it the model is only measured')
    parse.add_argument('--checkpoint', default=os.path.join('.tessera', 'train', 'tpc-dequant'))
    parse.add_argument('--resume', action='store_true', help='go on from the checkpoint')
    parse.add_argument('--seed', type=int, default=20264)
    parse.add_argument('--steps', type=int, default=12000, help='steps towards median and mean together')
    parse.add_argument('--tune-steps', type=int, default=3000, help='steps towards the mean alone')
    parse.add_argument('--batch', type=int, default=4096, help='hits a step')
    parse.add_argument('--pp-share', type=float, default=0.1, help='share of p+p hits in a batch')
    parse.add_argument('--hidden', type=int, nargs='+', default=[256, 64, 32])
    parse.add_argument('--window', type=int, nargs=5, default=[2, 4, 1, 1, 0], help='reach in azimuth and time; the same in adjacent layers, and whether to look there')
    parse.add_argument('--planes', type=int, nargs='*', default=None, help='numbers of levels to train for (all)')
    parse.add_argument('--shares', type=float, nargs='*', default=None, help='share of each plane in a batch')
    parse.add_argument('--rate', type=float, default=4e-3, help='peak learning rate')
    parse.add_argument('--held', type=int, default=16, help='training frames of each kind kept for judging choices')
    parse.add_argument('--note', default=NOTE, help='one line for the card on what these data are')
    return parse.parse_args()


class Source:
    """Batches as a pure function of seed and step, so that a resumed run goes on as if never stopped."""

    def __init__(self, frames: dict[str, Frames], planes: Planes, window: Window, options: argparse.Namespace):
        self.frames, self.planes, self.window, self.options = frames, planes, window, options
        self.shares = np.array(options.shares or np.ones(len(planes.lowest)))
        self.pool_number, self.pools = -1, []

    def pool(self, number: int) -> list:
        if number != self.pool_number:
            rng = np.random.default_rng([self.options.seed, 1, number])
            chosen = [
                rng.integers(0, self.frames[kind].count - self.options.held, count)
                for kind, count in zip(('auau', 'pp'), POOL_FRAMES)
            ]
            self.pools = [self.frames[kind].pool(rows, self.window) for kind, rows in zip(('auau', 'pp'), chosen)]
            self.pool_number = number
        return self.pools

    def batch(self, step: int) -> tuple:
        rng = np.random.default_rng([self.options.seed, 2, step])
        pools = self.pool(step // POOL_STEPS)
        few = int(self.options.batch * self.options.pp_share)
        parts = []
        for (grid, places), count in zip(pools, (self.options.batch - few, few)):
            plane = rng.choice(len(self.shares), count, p=self.shares / self.shares.sum())
            chosen = places[rng.integers(0, len(places), count)]
            parts.append(rows_of(self.planes, self.window, grid, chosen, plane))
        rows, adc = (np.concatenate(column) for column in zip(*parts))
        return rows, adc.astype(np.float32)


def loss_of(planes: Planes, median: float, mean: float, net: dict, rows: jax.Array, adc: jax.Array) -> tuple:
    """
    Weights of the error in log2(ADC + 1), least at the median of what is possible, in units of what the interval's
    middle would make so that all planes count alike; and of the squared error in ADC, least at the mean.
    """
    low, size = (jnp.asarray(bound, jnp.float32) for bound in planes.bounds)
    width = jnp.log2((low + size) / low)
    own = rows[:, 0]
    share = jax.nn.sigmoid(logits_of(net, rows))
    guess = low[own] - 0.5 + share * size[own]
    wrong = jnp.abs(jnp.log2(guess + 1) - jnp.log2(adc + 1)) * 4 / width[own]
    squared = ((guess - adc) / size[own]) ** 2 * 12
    return median * wrong.mean() + mean * squared.mean(), wrong.mean()


def recipe_of(options: argparse.Namespace) -> str:
    """What a checkpoint belongs to: every option that changes the training, by name."""
    places = {'data', 'levels', 'out', 'checkpoint', 'resume', 'note'}
    return json.dumps({name: value for name, value in sorted(vars(options).items()) if name not in places})


def save(path: str, state: tuple, recipe: str, phase: int, step: int, seconds: float) -> None:
    named = {f'leaf{at}': np.asarray(leaf) for at, leaf in enumerate(jax.tree.leaves(state))}
    np.savez(path + '.new.npz', recipe=recipe, phase=phase, step=step, seconds=seconds, **named)
    os.replace(path + '.new.npz', path)  # never half a checkpoint


def load(path: str, state: tuple, recipe: str) -> tuple[tuple, int, int, float]:
    data = np.load(path)
    if str(data['recipe']) != recipe:
        raise SystemExit(f'{path} was made with other options: {data["recipe"]}')
    leaves, tree = jax.tree.flatten(state)
    leaves = [jnp.asarray(data[f'leaf{at}']).astype(leaf.dtype) for at, leaf in enumerate(leaves)]
    return jax.tree.unflatten(tree, leaves), int(data['phase']), int(data['step']), float(data['seconds'])


def phase_of(phase: int, planes: Planes, options: argparse.Namespace):
    """Phase 0 finds the median and the mean at once, phase 1 settles on the mean: it is what keeps the charge."""
    steps, peak = ((options.steps, options.rate), (options.tune_steps, options.rate / 4))[phase]
    median, mean = ((1.0, 1.0), (0.0, 1.0))[phase]
    warm = max(1, min(300, steps // 10))
    rate = optax.warmup_cosine_decay_schedule(peak / 20, peak, warm, max(steps, warm + 1), peak / 200)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.995))

    @jax.jit
    def step(net, state, rows, adc):
        (_, wrong), grads = jax.value_and_grad(lambda n: loss_of(planes, median, mean, n, rows, adc), has_aux=True)(net)
        updates, state = optimiser.update(grads, state, net)
        return optax.apply_updates(net, updates), state, wrong

    return steps, optimiser, step


def train(source: Source, planes: Planes, window: Window, options: argparse.Namespace) -> tuple[dict, float]:
    os.makedirs(options.checkpoint, exist_ok=True)
    path = os.path.join(options.checkpoint, 'checkpoint.npz')
    net = init_net(planes, window, tuple(options.hidden), jax.random.key(options.seed))
    phase_at, step_at, seconds, state = 0, 0, 0.0, None
    if options.resume and os.path.exists(path):
        empty = phase_of(0, planes, options)[1].init(net)
        (net, state), phase_at, step_at, seconds = load(path, (net, empty), recipe_of(options))
        print(f'resumed phase {phase_at} at step {step_at}')
    start, seen = time.process_time() - seconds, []
    for phase in range(phase_at, 2):
        steps, optimiser, step = phase_of(phase, planes, options)
        state = optimiser.init(net) if state is None else state
        for at in range(step_at, steps):
            net, state, wrong = step(net, state, *source.batch(at + phase * options.steps))
            seen.append(wrong)
            if at % 500 == 499 or at + 1 == steps:
                spent = time.process_time() - start
                words = f'{spent:.0f} s  error {float(np.mean(seen)):.4f} of that of the middle'
                print(f'phase {phase} step {at + 1}/{steps} {words}', flush=True)
                save(path, (net, state), recipe_of(options), phase, at + 1, spent)
                seen = []
        step_at, state = 0, None
    return net, time.process_time() - start


def main() -> None:
    options = arguments()
    planes, window = read_planes(options.levels, options.planes), Window(*options.window)
    frames = {kind: read_frames(os.path.join(options.data, f'{kind}_train.npz'), 'train') for kind in ('auau', 'pp')}
    source = Source(frames, planes, window, options)
    net, seconds = train(source, planes, window, options)
    print(f'{parameters_of(net)} parameters, {1 + len(window.steps)} bytes a row')
    if options.out is None:
        judge(net, planes, window, frames['auau'], options)
        return
    card = write_model(net, planes, window, frames, options, seconds)
    print(json.dumps(card['metrics'], indent=1))


def judge(net: dict, planes: Planes, window: Window, auau: Frames, options: argparse.Namespace) -> None:
    """For choosing options: what the model is worth on training frames that it was not trained on."""
    model = session(graph_of(net, calibrated(net, planes, window, auau), 1 + len(window.steps)))
    held = Frames(auau.hits, auau.offsets[-options.held - 1 :])
    for plane in range(len(planes.lowest)):
        print(json.dumps(rounded(measure_plane(planes, window, model, held, plane))))


if __name__ == '__main__':
    main()
