"""
Trains one operating point of the sPHENIX TPC patch tokenizer on simulated wedges and writes its model folder: both
ONNX files, the card, golden vectors and a picture of the training. A point starts from another one's network, which
is trained first where it is missing. It refuses to write a model whose exported encoder differs from the integer twin.

    python models/train/train_tpc_fsq.py --point 62 --auau DATA/auau_*.npz --pp DATA/pp_*.npz
"""

import argparse
import json
import os
import time
from dataclasses import dataclass

os.environ.setdefault('XLA_FLAGS', '--xla_cpu_multi_thread_eigen=false')  # one core, and the same sums each time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fsq import Shape, encode_integer, init_decoder, init_encoder, init_prior, integer_encoder, keep_digits
from fsq_card import write_model
from fsq_loss import loss_of
from tpc_patches import CodeScale, Patches, Wedges, read_wedges

NOTE = 'Simulated sPHENIX TPC wedges in continuous readout, by models/train/make_wedges.ts'


@dataclass(frozen=True)
class Point:
    """
    An operating point, named by the ratio (16-bit dense) a whole packet reaches: bits a patch by the training's
    own prior, digits (about two bits in each train well; more that say less buy less), what a bit costs at the start
    in units of the distortion, the point to start from, steps of encoder and decoder together, steps of the decoder
    alone, patches a step, the peak learning rate, and the step to stop at (the schedule is cut there).
    """

    bits: float
    digits: int
    price: float
    start: str | None
    steps: int
    tune_steps: int
    batch: int = 512
    rate: float = 4e-3
    stop: int | None = None


POINTS = {
    'start': Point(72.0, 32, 0.1, None, 12000, 0, 1024, 5e-3, stop=9000),  # no model: what the others start from
    '31': Point(72.0, 32, 0.03, 'start', 4000, 800),
    '62': Point(35.8, 16, 0.3, 'start', 7000, 1200),
    '100': Point(21.6, 10, 0.5, '62', 8000, 1200),
    '200': Point(9.85, 4, 2.2, '100', 5000, 800),
}
DIGIT_BITS_MIN = 0.03  # a digit that says less is left out
PRICE_GAIN = 0.0015  # how fast the price of a bit follows the rate: in some hundreds of steps
PRICE_PUSH = 1.5  # how far it answers at once; without this the rate overshoots, since digits move slowly
SETTLING = 0.05  # share of the steps before it does, when training starts from nothing


def arguments() -> argparse.Namespace:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--point', choices=list(POINTS), required=True, help='operating point')
    parse.add_argument('--auau', nargs='+', required=True, help='npz of Au+Au frames, training and test')
    parse.add_argument('--pp', nargs='+', required=True, help='npz of p+p frames, training and test')
    parse.add_argument('--out', default='models', help='where the model folder goes')
    parse.add_argument('--checkpoints', default='.tessera/train', help='where the folders of checkpoints are')
    parse.add_argument('--resume', action='store_true', help='go on from the checkpoint')
    parse.add_argument('--seed', type=int, default=20261)
    parse.add_argument('--bits', type=float, help='bits a patch by the prior (default: by the point)')
    parse.add_argument('--steps', type=int, help='steps of encoder and decoder together (by the point)')
    parse.add_argument('--tune-steps', type=int, help='steps of the decoder alone, encoder frozen (by the point)')
    parse.add_argument('--batch', type=int, help='patches a step (by the point)')
    parse.add_argument('--pp-share', type=float, default=0.1, help='share of p+p patches in a batch')
    parse.add_argument('--hidden', type=int, nargs='+', default=[128])
    parse.add_argument('--decoder', type=int, nargs='+', default=[320, 320])
    parse.add_argument('--levels', type=int, default=9)
    parse.add_argument('--digits', type=int, help='digits; idle ones are left out (by the point)')
    parse.add_argument('--price', type=float, help='what a bit costs at the start (by the point)')
    parse.add_argument('--base', type=int, default=128, help='cell code of a hit at threshold')
    parse.add_argument('--rate', type=float, help='peak learning rate (by the point)')
    parse.add_argument('--note', default=NOTE, help='one line for the card on what these data are')
    return parse.parse_args()


def options_of(name: str, asked: argparse.Namespace) -> argparse.Namespace:
    """The options of one point; what was asked for by hand is for the point asked for, not for its ancestors."""
    point = POINTS[name]
    options = argparse.Namespace(**vars(asked))
    for field in ('bits', 'digits', 'price', 'steps', 'tune_steps', 'batch', 'rate'):
        if name != asked.point or getattr(asked, field) is None:
            setattr(options, field, getattr(point, field))
    options.point, options.start, options.stop = name, point.start, point.stop
    options.name = f'tpc-fsq-{name}'
    options.checkpoint = os.path.join(asked.checkpoints, options.name)
    options.out = os.path.join(asked.out, options.name, '1')
    return options


def trained_path(options: argparse.Namespace, name: str) -> str:
    return os.path.join(options.checkpoints, f'tpc-fsq-{name}', 'trained.npz')


def batches(auau: Patches, pp: Patches, options: argparse.Namespace, phase: int, step: int) -> np.ndarray:
    """The batch of a step: a pure function of the seed, so that a resumed run goes on as if never stopped."""
    rng = np.random.default_rng([options.seed, phase, step])
    pp_rows = int(options.batch * options.pp_share)
    return np.concatenate([auau.draw(rng, options.batch - pp_rows), pp.draw(rng, pp_rows)])


def recipe_of(options: argparse.Namespace) -> str:
    """What a checkpoint belongs to: every option that changes the training, by name."""
    places = {'out', 'checkpoint', 'checkpoints', 'resume', 'note', 'auau', 'pp'}
    return json.dumps({name: value for name, value in sorted(vars(options).items()) if name not in places})


def save(path: str, shape: Shape, state: tuple, marks: dict) -> None:
    named = {f'leaf{at}': np.asarray(leaf) for at, leaf in enumerate(jax.tree.leaves(state))}
    np.savez(path + '.new.npz', shape=json.dumps(shape.__dict__), **marks, **named)
    os.replace(path + '.new.npz', path)  # never half a checkpoint


def load(path: str, state_of) -> tuple[Shape, tuple, dict]:
    """`state_of` makes an empty state of a shape, whose tree the file's leaves fill."""
    data = np.load(path)
    fields = json.loads(str(data['shape']))
    shape = Shape(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})
    leaves, tree = jax.tree.flatten(state_of(shape))
    leaves = [jnp.asarray(data[f'leaf{at}']).astype(leaf.dtype) for at, leaf in enumerate(leaves)]
    marks = {name: data[name] for name in data.files if not name.startswith('leaf') and name != 'shape'}
    return shape, jax.tree.unflatten(tree, leaves), marks


def init_params(shape: Shape, seed: int) -> dict:
    key_encoder, key_decoder = jax.random.split(jax.random.key(seed))
    return {
        'encoder': init_encoder(shape, key_encoder),
        'decoder': init_decoder(shape, key_decoder),
        'prior': init_prior(shape),
    }


def optimiser_of(phase: int, options: argparse.Namespace) -> optax.GradientTransformation:
    """Phase 0 trains all; phase 1 the decoder alone, at half the rate, on the digits as they will be."""
    steps = (options.steps, options.tune_steps)[phase]
    peak = options.rate if phase == 0 else options.rate / 2
    warm = max(1, min(300, steps // 10))
    rate = optax.warmup_cosine_decay_schedule(peak / 20, peak, warm, max(steps, warm + 1), peak / 200)
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.995))


def step_of(phase: int, shape: Shape, scale: CodeScale, options: argparse.Namespace):
    optimiser = optimiser_of(phase, options)
    counted = options.batch - int(options.batch * options.pp_share)

    @jax.jit
    def step(params, state, price, gain, cells):
        cells = cells.astype(jnp.float32)
        base, before = price
        now = jnp.where(gain > 0, base * jnp.exp(PRICE_PUSH * before), base)
        (_, seen), grads = jax.value_and_grad(
            lambda p: loss_of(shape, scale, p, cells, counted, now), has_aux=True
        )(params)
        if phase == 1:
            grads = {**grads, **{part: jax.tree.map(jnp.zeros_like, grads[part]) for part in ('encoder', 'prior')}}
        updates, state = optimiser.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        bounded = [{'w': jnp.clip(layer['w'], -1, 1), 'b': layer['b']} for layer in params['encoder']]
        excess = jnp.clip(seen['bits'] / options.bits - 1, -0.5, 0.5)
        price = (base * jnp.exp(gain * excess), 0.9 * before + 0.1 * excess)
        return {**params, 'encoder': bounded}, state, price, seen

    return step


def without_idle_digits(shape: Shape, params: dict, cells: np.ndarray, most: int) -> tuple[Shape, dict]:
    """At most `most` digits, an even number, in order of how much they say, the first in front, idle ones left out."""
    digits, _ = encode_integer(shape, integer_encoder(shape, params['encoder']), cells)
    share = np.stack([np.bincount(column, minlength=shape.levels) for column in digits.T]) / len(digits)
    bits = -(share * np.log2(np.maximum(share, 1e-12))).sum(1)
    print('bits of digits ' + ' '.join(f'{value:.2f}' for value in bits), flush=True)
    order = np.concatenate([[0], 1 + np.argsort(-bits[1:], kind='stable')])
    count = min(most, int((bits[order] >= DIGIT_BITS_MIN).sum()))
    count = max(shape.symbol_digits, -(-count // shape.symbol_digits) * shape.symbol_digits)
    return keep_digits(shape, params, order[:count], share.argmax(1))


def train(auau: Patches, pp: Patches, scale: CodeScale, options: argparse.Namespace):
    os.makedirs(options.checkpoint, exist_ok=True)
    path = os.path.join(options.checkpoint, 'checkpoint.npz')
    shape = Shape(
        hidden=tuple(options.hidden),
        decoder=tuple(options.decoder),
        levels=options.levels,
        digits=options.digits,
    )
    sample = auau.cells[:: max(1, len(auau.cells) // 40_000)]
    seconds, phase_at, step_at, curve = 0.0, 0, 0, []
    price = (jnp.float32(options.price), jnp.float32(0))  # of a bit, and the rate's relative excess of late
    if options.start:
        shape, (params,), _ = load(trained_path(options, options.start), lambda shape: (init_params(shape, 0),))
        shape, params = without_idle_digits(shape, params, sample, options.digits)
    else:
        params = init_params(shape, options.seed)
    state = optimiser_of(0, options).init(params)
    if options.resume and os.path.exists(path):
        phase_at = int(np.load(path)['phase'])

        def state_of(shape):
            empty = init_params(shape, 0)
            return empty, optimiser_of(phase_at, options).init(empty), (jnp.float32(0), jnp.float32(0))

        shape, (params, state, price), marks = load(path, state_of)
        if str(marks['recipe']) != recipe_of(options):
            raise SystemExit(f'{path} was made with other options: {marks["recipe"]}')
        step_at, seconds, curve = int(marks['step']), float(marks['seconds']), marks['curve'].tolist()
        print(f'resumed phase {phase_at} at step {step_at}')
    start = time.monotonic() - seconds
    for phase in range(phase_at, 2):
        steps = (options.stop or options.steps, options.tune_steps)[phase]
        step = step_of(phase, shape, scale, options)
        recent = []
        for at in range(step_at, steps):
            gain = jnp.float32(PRICE_GAIN if options.start or at > SETTLING * steps else 0)
            params, state, price, seen = step(params, state, price, gain, batches(auau, pp, options, phase, at))
            recent.append(seen)
            if at % 500 == 499 or at + 1 == steps:
                mean = {name: float(np.mean([float(one[name]) for one in recent])) for name in seen}
                recent, spent = [], time.monotonic() - start
                curve.append([phase, at + 1, spent, mean['bits'], mean['error'], float(price[0])])
                words = ' '.join(f'{name} {value:.4f}' for name, value in mean.items())
                words += f' price {float(price[0]):.3f}'
                print(f'phase {phase} step {at + 1}/{steps} {spent:.0f} s  {words}', flush=True)
                marks = {'phase': phase, 'step': at + 1, 'seconds': spent, 'curve': np.array(curve)}
                save(path, shape, (params, state, price), {**marks, 'recipe': recipe_of(options)})
        if phase == 0:
            if options.stop is None:
                shape, params = without_idle_digits(shape, params, sample, options.digits)
                state = optimiser_of(1, options).init(params)
            save(os.path.join(options.checkpoint, 'trained.npz'), shape, (params,), {})
        step_at = 0
    return shape, params, curve, time.monotonic() - start


def joined(parts: list[Wedges]) -> Wedges:
    starts = np.cumsum([0] + [len(part.ids) for part in parts])
    first = np.concatenate([part.first[:-1] + start for part, start in zip(parts, starts)] + [starts[-1:]])
    columns = ([getattr(part, name) for part in parts] for name in ('ids', 'cells', 'hits'))
    ids, cells, hits = (np.concatenate(column) for column in columns)
    return Wedges(ids, cells, first, hits)


def read(options: argparse.Namespace, scale: CodeScale) -> dict[str, dict[str, Wedges]]:
    data = {
        kind: {split: joined([read_wedges(path, split, scale) for path in paths]) for split in ('train', 'test')}
        for kind, paths in (('auau', options.auau), ('pp', options.pp))
    }
    for kind, splits in data.items():
        for split, wedges in splits.items():
            print(f'{kind} {split}: {wedges.frames} frames, {len(wedges.ids)} patches', flush=True)
            if not len(wedges.ids):
                raise SystemExit(f'no {split} frames of {kind} in the files given')
    return data


def main() -> None:
    asked = arguments()
    scale = CodeScale(asked.base)
    data = read(asked, scale)
    patches = {kind: Patches(splits['train']) for kind, splits in data.items()}
    line = [asked.point]
    while (start := POINTS[line[-1]].start) is not None and not os.path.exists(trained_path(asked, start)):
        line.append(start)
    for name in reversed(line):
        options = options_of(name, asked)
        print(f'{options.name}: from {options.start or "nothing"}', flush=True)
        shape, params, curve, seconds = train(patches['auau'], patches['pp'], scale, options)
        if options.stop is None:
            card = write_model(shape, scale, params, patches, data, options, curve, seconds)
            print(json.dumps(card['metrics'], indent=1), flush=True)


if __name__ == '__main__':
    main()
