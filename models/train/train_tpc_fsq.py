"""
Trains the sPHENIX TPC patch tokenizer on simulated wedges and writes its model folder: both ONNX files, the
card, and golden vectors. It refuses to write a model whose exported encoder differs from the integer twin.

    node models/train/make_wedges.ts DATA
    python models/train/train_tpc_fsq.py --auau DATA/auau_*.npz --pp DATA/pp_*.npz --out models/tpc-fsq/1
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

from fsq import Shape, clip_leaky, decode_dense, encode_soft, init_dense, init_encoder, integer_encoder
from fsq import spread_digits
from fsq_card import write_model
from tpc_patches import LOG_MAX, LOG_MIN, CodeScale, Wedges, read_wedges

OCCUPANCY_WEIGHT = 4.0  # nats of occupancy against units of log2(ADC + 1): near what minimises the log-MAE
OUT_OF_RANGE_WEIGHT = 0.02  # keeps digits from hiding beyond their first and last level
NOTE = 'Simulated sPHENIX TPC wedges in continuous readout, by models/train/make_wedges.ts'


def arguments() -> argparse.Namespace:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--auau', nargs='+', required=True, help='npz of Au+Au frames, training and test')
    parse.add_argument('--pp', nargs='+', required=True, help='npz of p+p frames, training and test')
    parse.add_argument('--out', required=True, help='model folder to write')
    parse.add_argument('--checkpoint', default=None, help='folder for checkpoints (default .tessera/train/tpc-fsq)')
    parse.add_argument('--resume', action='store_true', help='go on from the checkpoint')
    parse.add_argument('--seed', type=int, default=20261)
    parse.add_argument('--steps', type=int, default=18000, help='steps of encoder and decoder together')
    parse.add_argument('--tune-steps', type=int, default=2000, help='steps of the decoder alone, encoder frozen')
    parse.add_argument('--batch', type=int, default=2048, help='patches a step')
    parse.add_argument('--pp-share', type=float, default=0.15, help='share of p+p patches in a batch')
    parse.add_argument('--hidden', type=int, nargs='+', default=[128])
    parse.add_argument('--decoder', type=int, nargs='+', default=[256, 256])
    parse.add_argument('--base', type=int, default=128, help='cell code of a hit at threshold')
    parse.add_argument('--rate', type=float, default=16e-3, help='peak learning rate')
    parse.add_argument('--note', default=NOTE, help='one line for the card on what these data are')
    return parse.parse_args()


def loss_of(shape: Shape, scale: CodeScale, params: dict, cells: jax.Array) -> tuple[jax.Array, dict]:
    """cells: float [batch, 64] codes. Occupancy by cross-entropy, log2(ADC + 1) by L1 on the hits."""
    digits, raw = encode_soft(shape, params['encoder'], cells)
    out = decode_dense(params['decoder'], spread_digits(shape, digits))
    logit, value = out[:, : shape.cells], out[:, shape.cells :]
    hit = (cells > 0).astype(jnp.float32)
    target = LOG_MIN + (cells - scale.base) / scale.step
    occupancy = optax.sigmoid_binary_cross_entropy(logit, hit).mean()
    wrong = jnp.abs(clip_leaky(value, LOG_MIN, LOG_MAX, 0.1) - target) * hit
    outside = jnp.maximum(0, jnp.abs(raw - (shape.levels - 1) / 2) - shape.levels / 2).mean()
    loss = OCCUPANCY_WEIGHT * occupancy + wrong.mean() + OUT_OF_RANGE_WEIGHT * outside
    kept = (logit > 0).astype(jnp.float32)
    seen = {
        'occ': occupancy,
        'l1': wrong.sum() / hit.sum(),
        'prec': (kept * hit).sum() / kept.sum(),
        'rec': (kept * hit).sum() / hit.sum(),
    }
    return loss, seen


def batches(auau: np.ndarray, pp: np.ndarray, options: argparse.Namespace, phase: int, step: int) -> np.ndarray:
    """The batch of a step: a pure function of the seed, so that a resumed run goes on as if never stopped."""
    rng = np.random.default_rng([options.seed, phase, step])
    pp_rows = int(options.batch * options.pp_share)
    chosen = auau[rng.integers(0, len(auau), options.batch - pp_rows)]
    return np.concatenate([chosen, pp[rng.integers(0, len(pp), pp_rows)]]).astype(np.float32)


def value_start(decoder: list[dict], shape: Shape) -> list[dict]:
    """Starts the value head at a typical log2(ADC + 1) and the occupancy head at a typical occupancy."""
    bias = np.concatenate([np.full(shape.cells, -1.5), np.full(shape.cells, 7.0)])
    last = {'w': decoder[-1]['w'] * 0.1, 'b': jnp.asarray(bias, jnp.float32)}
    return [*decoder[:-1], last]


def recipe_of(options: argparse.Namespace) -> str:
    """What a checkpoint belongs to: every option that changes the training, by name."""
    places = {'out', 'checkpoint', 'resume', 'note', 'auau', 'pp'}
    return json.dumps({name: value for name, value in sorted(vars(options).items()) if name not in places})


def save(path: str, state: tuple, recipe: str, phase: int, step: int, seconds: float) -> None:
    leaves = jax.tree.leaves(state)
    named = {f'leaf{at}': np.asarray(leaf) for at, leaf in enumerate(leaves)}
    np.savez(path + '.new.npz', recipe=recipe, phase=phase, step=step, seconds=seconds, **named)
    os.replace(path + '.new.npz', path)  # never half a checkpoint


def load(path: str, state: tuple, recipe: str) -> tuple[tuple, int, int, float]:
    data = np.load(path)
    if str(data['recipe']) != recipe:
        raise SystemExit(f'{path} was made with other options: {data["recipe"]}')
    leaves, tree = jax.tree.flatten(state)
    leaves = [jnp.asarray(data[f'leaf{at}']).astype(leaf.dtype) for at, leaf in enumerate(leaves)]
    return jax.tree.unflatten(tree, leaves), int(data['phase']), int(data['step']), float(data['seconds'])


def phase_of(phase: int, steps: int, shape: Shape, scale: CodeScale, options: argparse.Namespace):
    """Phase 0 trains all; phase 1 the decoder alone, at half the rate, on the digits as they will be."""
    peak = options.rate if phase == 0 else options.rate / 2
    warm = max(1, min(300, steps // 10))
    rate = optax.warmup_cosine_decay_schedule(peak / 20, peak, warm, max(steps, warm + 1), peak / 200)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.995))

    @jax.jit
    def step(params, state, cells):
        (_, seen), grads = jax.value_and_grad(lambda p: loss_of(shape, scale, p, cells), has_aux=True)(params)
        updates, state = optimiser.update(grads, state, params)
        if phase == 1:
            updates = {**updates, 'encoder': jax.tree.map(jnp.zeros_like, updates['encoder'])}
        params = optax.apply_updates(params, updates)
        bounded = [{'w': jnp.clip(layer['w'], -1, 1), 'b': layer['b']} for layer in params['encoder']]
        return {**params, 'encoder': bounded}, state, seen

    return optimiser, step


def train(auau: np.ndarray, pp: np.ndarray, shape: Shape, scale: CodeScale, options: argparse.Namespace):
    folder = options.checkpoint or os.path.join('.tessera', 'train', 'tpc-fsq')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, 'checkpoint.npz')
    key_encoder, key_decoder = jax.random.split(jax.random.key(options.seed))
    widths = (shape.digits * shape.levels, *shape.decoder, 2 * shape.cells)
    decoder = value_start(init_dense(widths, key_decoder), shape)
    params = {'encoder': init_encoder(shape, key_encoder), 'decoder': decoder}
    plan = [options.steps, options.tune_steps]
    phase_at, step_at, seconds, state = 0, 0, 0.0, None
    if options.resume and os.path.exists(path):
        empty = phase_of(0, plan[0], shape, scale, options)[0].init(params)
        (params, state), phase_at, step_at, seconds = load(path, (params, empty), recipe_of(options))
        print(f'resumed phase {phase_at} at step {step_at}')
    start = time.monotonic() - seconds
    for phase in range(phase_at, 2):
        optimiser, step = phase_of(phase, plan[phase], shape, scale, options)
        state = optimiser.init(params) if state is None else state
        for at in range(step_at, plan[phase]):
            params, state, seen = step(params, state, batches(auau, pp, options, phase, at))
            if at % 500 == 499 or at + 1 == plan[phase]:
                words = ' '.join(f'{name} {float(value):.4f}' for name, value in seen.items())
                print(
                    f'phase {phase} step {at + 1}/{plan[phase]} {time.monotonic() - start:.0f} s  {words}', flush=True
                )
                save(path, (params, state), recipe_of(options), phase, at + 1, time.monotonic() - start)
        step_at, state = 0, None
    return params, time.monotonic() - start


def main() -> None:
    options = arguments()
    shape = Shape(hidden=tuple(options.hidden), decoder=tuple(options.decoder))
    scale = CodeScale(options.base)
    reading = time.monotonic()
    kinds = {'auau': options.auau, 'pp': options.pp}
    data = {
        kind: {split: joined([read_wedges(path, split, scale) for path in paths]) for split in ('train', 'test')}
        for kind, paths in kinds.items()
    }
    for kind, splits in data.items():
        for split, wedges in splits.items():
            print(f'{kind} {split}: {wedges.frames} frames, {len(wedges.ids)} patches')
            if not len(wedges.ids):
                raise SystemExit(f'no {split} frames of {kind} in the files given')
    print(f'read in {time.monotonic() - reading:.0f} s')
    params, seconds = train(data['auau']['train'].cells, data['pp']['train'].cells, shape, scale, options)
    layers = integer_encoder(shape, params['encoder'])
    card = write_model(shape, scale, layers, params['decoder'], data, options, seconds)
    print(json.dumps(card['metrics'], indent=1))


def joined(parts: list[Wedges]) -> Wedges:
    starts = np.cumsum([0] + [len(part.ids) for part in parts])
    first = np.concatenate([part.first[:-1] + start for part, start in zip(parts, starts)] + [starts[-1:]])
    columns = ([getattr(part, name) for part in parts] for name in ('ids', 'cells', 'hits'))
    ids, cells, hits = (np.concatenate(column) for column in columns)
    return Wedges(ids, cells, first, hits)


if __name__ == '__main__':
    main()
