"""
Trains the two anomaly scores of trigger objects and writes them as integers: instruments/scores/l1-objects.json.

`latent` is AXOL1TL's idea (versions 1 to 4): a variational autoencoder on the 57 numbers of an event, of which only the
encoder's means stay; the score is the sum of their squares. `feature` is that of its version 5: features learnt by
themselves (VICReg, arXiv:2105.04906: two views of an event, turned, mirrored and smeared, should agree, and no feature
should copy another), and the distance of an event's features from what a narrow autoencoder makes of them. It sees
normal events only, and refuses to write numbers whose integer twin leaves 32 bits.

    node models/train/l1_make_events.ts .tessera/train/l1
    python models/train/train_l1_scores.py --data .tessera/train/l1
"""

import argparse
import importlib.metadata
import json
import os
import platform
import time

os.environ.setdefault('XLA_FLAGS', '--xla_cpu_multi_thread_eigen=false')  # one core, and the same sums each time

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fsq import round_through
from fsq_card import rounded
from l1_objects import ETA, FIELDS, PHI, PHI_STEPS, PT, SLOTS
from tpc_patches import sha256_of

INPUTS = SLOTS * FIELDS
UNIT_BITS = 6  # numbers between layers are in 1/64
FACTOR_BITS = 8  # inputs: (integer - offset) * factor / 2^8, in 1/64
# Inputs saturate at 10 spreads: one mismeasured muon shall not be all that a score sees.
INPUT_MAX, HIDDEN_MAX, OUTPUT_MAX, WEIGHT_MAX = 640, 8191, 32767, 127
ETA_ZERO, PHI_MIDDLE = 128, 72
PT_SCALE_MIN = 1.0  # a step of 0.5 GeV, for slots that are hardly ever filled
LATENT = (32, 16, 8)
FEATURES = (32, 16)
REBUILD = (12, 4, 12, 16)
BETA = 0.02  # of the Kullback-Leibler term
VICREG = (25.0, 25.0, 1.0)  # agreement, variance, covariance
SMEAR = 0.1  # of pT between the views of an event


def scaling(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offset and factor of each input. Angles by their range, pT by its slot's spread with absent ones as 0."""
    offsets, scales = np.zeros((SLOTS, FIELDS)), np.zeros((SLOTS, FIELDS))
    grid = vectors.reshape(-1, SLOTS, FIELDS).astype(np.float64)
    pt = np.maximum(0, grid[:, :, PT] - 1)
    scales[:, PT] = np.maximum(PT_SCALE_MIN, pt.std(0))
    offsets[:, PT] = np.round(pt.mean(0))
    offsets[:, ETA], scales[:, ETA] = ETA_ZERO, 32
    offsets[:, PHI], scales[:, PHI] = PHI_MIDDLE, PHI_STEPS / np.sqrt(12)
    factors = np.round((1 << UNIT_BITS + FACTOR_BITS) / scales)
    return offsets.reshape(-1).astype(np.int64), factors.reshape(-1).astype(np.int64)


def is_pt() -> np.ndarray:
    return np.tile(np.arange(FIELDS) == PT, SLOTS)


def inputs_of(vectors: np.ndarray, offsets: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """
    uint16 [events, 57] (integer + 1, 0 = absent) → int inputs. An absent angle is 0 (as if in the middle), an absent
    pT counts as 0 GeV.
    """
    integer = np.maximum(0, vectors.astype(np.int64) - 1)
    scaled = ((integer - offsets) * factors + (1 << FACTOR_BITS - 1)) >> FACTOR_BITS
    scaled = np.clip(scaled, -INPUT_MAX, INPUT_MAX)
    return np.where((vectors == 0) & ~is_pt(), 0, scaled)


def init_layers(widths: tuple[int, ...], key: jax.Array) -> list[dict]:
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        key, sub = jax.random.split(key)
        layers.append({'w': jax.random.normal(sub, (fan_in, fan_out)) / np.sqrt(fan_in), 'b': jnp.zeros(fan_out)})
    return layers


def apply_rounded(layers: list[dict], x: jax.Array) -> jax.Array:
    """As the integers will do it, gradients passing through; no ReLU after the last layer."""
    unit = float(1 << UNIT_BITS)
    for at, layer in enumerate(layers):
        weight = round_through(jnp.clip(layer['w'] * unit, -WEIGHT_MAX, WEIGHT_MAX)) / unit
        x = round_through((x @ weight + layer['b']) * unit) / unit
        if at < len(layers) - 1:
            x = jnp.clip(x, 0, HIDDEN_MAX / unit)
    return x


def apply_plain(layers: list[dict], x: jax.Array) -> jax.Array:
    for at, layer in enumerate(layers):
        x = x @ layer['w'] + layer['b']
        if at < len(layers) - 1:
            x = jax.nn.relu(x)
    return x


def as_integers(layers: list[dict]) -> list[dict]:
    unit = 1 << UNIT_BITS
    made, top = [], OUTPUT_MAX
    for layer in layers:
        weight = np.clip(np.round(np.asarray(layer['w'], np.float64) * unit), -WEIGHT_MAX, WEIGHT_MAX).astype(np.int64)
        bias = np.round(np.asarray(layer['b'], np.float64) * unit * unit).astype(np.int64)
        if int((np.abs(weight).sum(0) * top + np.abs(bias)).max()) >= 1 << 31:
            raise ValueError('a sum can leave 32 bits')
        made.append({'w': weight, 'b': bias})
        top = HIDDEN_MAX
    return made


def run_integers(layers: list[dict], x: np.ndarray) -> np.ndarray:
    """The slow twin of the scores' kernel: int64 throughout, halves rounded up."""
    for at, layer in enumerate(layers):
        x = (x @ layer['w'] + layer['b'] + (1 << UNIT_BITS - 1)) >> UNIT_BITS
        last = at == len(layers) - 1
        x = np.clip(x, -OUTPUT_MAX if last else 0, OUTPUT_MAX if last else HIDDEN_MAX)
    return x


def latent_loss(params: dict, x: jax.Array, key: jax.Array) -> jax.Array:
    mean = apply_rounded(params['encoder'], x)
    spread = jnp.clip(apply_plain(params['spread'], x), -8, 4)
    drawn = mean + jnp.exp(spread / 2) * jax.random.normal(key, mean.shape)
    wrong = optax.huber_loss(apply_plain(params['decoder'], drawn), x, delta=4.0)
    # Sizes only: an event's turn is nothing to remember.
    wrong = (wrong * is_pt()).sum(1)
    divergence = 0.5 * (jnp.exp(spread) + mean**2 - 1 - spread).sum(1)
    return (wrong + BETA * divergence).mean()


def view_of(vectors: jax.Array, offsets: jax.Array, factors: jax.Array, key: jax.Array) -> jax.Array:
    """vectors: float [events, 57]. The event turned, mirrored or not, each pT smeared; as inputs in units of 1."""
    turn_key, side_key, pt_key = jax.random.split(key, 3)
    grid = vectors.reshape(-1, SLOTS, FIELDS)
    there = grid > 0
    integer = jnp.maximum(0, grid - 1)
    turn = jax.random.randint(turn_key, (len(grid), 1), 0, PHI_STEPS)
    side = jax.random.bernoulli(side_key, 0.5, (len(grid), 1))
    pt = integer[:, :, PT] * (1 + SMEAR * jax.random.normal(pt_key, integer.shape[:2]))
    eta = jnp.where(side, 2 * ETA_ZERO - integer[:, :, ETA], integer[:, :, ETA])
    phi = (integer[:, :, PHI] + turn) % PHI_STEPS
    moved = jnp.stack([pt, eta, phi], 2).reshape(-1, INPUTS)
    scaled = (moved - offsets) * factors / (1 << UNIT_BITS + FACTOR_BITS)
    limit = INPUT_MAX / (1 << UNIT_BITS)
    return jnp.where(there.reshape(-1, INPUTS) | is_pt(), jnp.clip(scaled, -limit, limit), 0)


def feature_loss(params: dict, one: jax.Array, other: jax.Array) -> jax.Array:
    """VICReg on an expanded head, which is thrown away."""
    a, b = (apply_plain(params['head'], jax.nn.relu(apply_rounded(params['features'], x))) for x in (one, other))

    def spread_of(x):
        x = x - x.mean(0)
        covariance = x.T @ x / (len(x) - 1)
        variance = jnp.maximum(0, 1 - jnp.sqrt(jnp.diag(covariance) + 1e-4)).mean()
        return variance, ((covariance**2).sum() - (jnp.diag(covariance) ** 2).sum()) / x.shape[1]

    (va, ca), (vb, cb) = spread_of(a), spread_of(b)
    weights = VICREG
    return weights[0] * ((a - b) ** 2).mean() + weights[1] * (va + vb) / 2 + weights[2] * (ca + cb) / 2


def fitted(params, loss, draw, steps: int, rate: float, seed: int, name: str):
    schedule = optax.warmup_cosine_decay_schedule(rate / 50, rate, steps // 20, steps, rate / 200)
    optimiser = optax.chain(optax.clip_by_global_norm(5.0), optax.adam(schedule))
    state = optimiser.init(params)

    @jax.jit
    def step(params, state, batch, key):
        value, grads = jax.value_and_grad(loss)(params, batch, key)
        updates, state = optimiser.update(grads, state, params)
        return optax.apply_updates(params, updates), state, value

    key, start, seen = jax.random.key(seed), time.monotonic(), []
    for at in range(steps):
        key, sub = jax.random.split(key)
        params, state, value = step(params, state, draw(at), sub)
        seen.append(value)
        if at % 1000 == 999:
            print(f'{name} {at + 1} {time.monotonic() - start:.0f} s  {float(np.mean([float(v) for v in seen])):.4f}', flush=True)
            seen = []
    return params


def train(vectors: np.ndarray, options: argparse.Namespace) -> dict:
    offsets, factors = scaling(vectors)
    unit = 1 << UNIT_BITS
    inputs = (inputs_of(vectors, offsets, factors) / unit).astype(np.float32)
    rng = np.random.default_rng(options.seed)
    keys = jax.random.split(jax.random.key(options.seed), 6)

    def rows(of: np.ndarray):
        return lambda _: of[rng.integers(0, len(of), options.batch)]

    vae = {
        'encoder': init_layers((INPUTS, *LATENT), keys[0]),
        'spread': init_layers((INPUTS, 32, LATENT[-1]), keys[1]),
        'decoder': init_layers((LATENT[-1], 32, 64, INPUTS), keys[2]),
    }
    vae = fitted(vae, latent_loss, rows(inputs), options.steps, 2e-3, options.seed, 'latent')
    views = {'features': init_layers((INPUTS, *FEATURES), keys[3]), 'head': init_layers((FEATURES[-1], 64, 64), keys[4])}
    shift, factor = jnp.asarray(offsets, jnp.float32), jnp.asarray(factors, jnp.float32)

    def two_views(params, batch, key):
        one, other = jax.random.split(key)
        batch = batch.astype(jnp.float32)
        return feature_loss(params, view_of(batch, shift, factor, one), view_of(batch, shift, factor, other))

    views = fitted(views, two_views, rows(vectors), options.steps, 2e-3, options.seed + 1, 'features')
    seen = np.asarray(jax.lax.map(lambda x: apply_rounded(views['features'], x), inputs.reshape(-1, 1000, INPUTS)))
    seen = seen.reshape(-1, FEATURES[-1])
    # Features of spread 1 around 0, by the last layer itself: distances then need no weights.
    last, centre, width = views['features'][-1], seen.mean(0), seen.std(0)
    features = [*views['features'][:-1], {'w': last['w'] / width, 'b': (last['b'] - centre) / width}]
    seen = ((seen - centre) / width).astype(np.float32)

    def rebuild_loss(params, batch, _):
        return ((apply_rounded(params, batch) - batch) ** 2).mean()

    rebuild = init_layers((FEATURES[-1], *REBUILD), keys[5])
    rebuild = fitted(rebuild, rebuild_loss, rows(seen), options.steps, 2e-3, options.seed + 2, 'rebuild')
    nets = {'latent': vae['encoder'], 'features': features, 'rebuild': rebuild}
    return {'offsets': offsets, 'factors': factors, 'nets': {name: as_integers(net) for name, net in nets.items()}}


def scores_of(model: dict, vectors: np.ndarray) -> dict[str, np.ndarray]:
    """In units of 1; exact."""
    x, nets = inputs_of(vectors, model['offsets'], model['factors']), model['nets']
    mean, seen = run_integers(nets['latent'], x), run_integers(nets['features'], x)
    away = seen - run_integers(nets['rebuild'], seen)
    square = float(1 << 2 * UNIT_BITS)
    return {'latent': (mean**2).sum(1) / square, 'feature': (away**2).sum(1) / square}


def efficiencies(scores: dict, others: dict[str, dict]) -> dict:
    """A first look only: the bench measures."""
    seen = {}
    for name, normal in scores.items():
        for rate in (1e-2, 1e-3):
            cut = np.quantile(normal, 1 - rate)
            seen[f'{name} at {rate:g}'] = {kind: float((of[name] > cut).mean()) for kind, of in others.items()}
    return seen


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--data', required=True, help='folder of l1_make_events.ts')
    parse.add_argument('--out', default='instruments/scores/l1-objects.json')
    parse.add_argument('--seed', type=int, default=20264)
    parse.add_argument('--steps', type=int, default=8000)
    parse.add_argument('--batch', type=int, default=1024)
    options = parse.parse_args()
    start = time.monotonic()
    vectors = np.load(os.path.join(options.data, 'train.npy'))
    model = train(vectors, options)
    test = np.load(os.path.join(options.data, 'test.npy'))
    others = {kind: np.load(os.path.join(options.data, f'{kind}_look.npy')) for kind in ('a4l', 'lq', 'h0', 'hc')}
    normal = scores_of(model, test)
    look = efficiencies(normal, {kind: scores_of(model, one) for kind, one in others.items()})
    print(json.dumps(look, indent=1))
    pinned = np.concatenate([test[:24], others['a4l'][:4], others['lq'][:4]])
    golden = {name: values.tolist() for name, values in scores_of(model, pinned).items()}
    packages = ('jax', 'jaxlib', 'numpy', 'optax')
    card = {
        'format': 'tessera-object-scores/1',
        'instrument': 'l1-objects',
        'offsets': model['offsets'].tolist(),
        'factors': model['factors'].tolist(),
        'nets': {
            name: [{'weights': layer['w'].T.tolist(), 'bias': layer['b'].tolist()} for layer in net]
            for name, net in model['nets'].items()
        },
        'golden': {'vectors': pinned.tolist(), **golden},
        'fit': {
            'made_by': 'models/train/train_l1_scores.py',
            'licence': 'Apache-2.0',
            'note': 'Simulated trigger objects, p+p at 13 TeV, normal events only, by models/train/l1_make_events.ts',
            'data': {'file': 'train.npy', 'sha256': sha256_of(os.path.join(options.data, 'train.npy')), 'events': len(vectors)},
            'seed': options.seed,
            'steps': options.steps,
            'batch': options.batch,
            'beta': BETA,
            'training_seconds': round(time.monotonic() - start),
            'python': platform.python_version(),
            'packages': {name: importlib.metadata.version(name) for name in packages},
        },
    }
    text = json.dumps(rounded(card), separators=(',', ':'))
    for key in ('"instrument"', '"offsets"', '"factors"', '"nets"', '"golden"', '"fit"', '{"weights"'):
        text = text.replace(key, '\n ' + key)
    with open(options.out, 'w', encoding='utf8') as target:
        target.write(text + '\n')


if __name__ == '__main__':
    main()
