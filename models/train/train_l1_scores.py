"""
Trains the two anomaly scores of trigger objects and writes them as integers: instruments/scores/l1-objects.json.

`latent` is AXOL1TL's idea (versions 1 to 4): a variational autoencoder on the 57 numbers of an event, of which only the
encoder's means stay; the score is the sum of their squares. `feature` is in the spirit of its version 5, a distance in a
space of learnt features: the features are principal components of the objects' sizes on a logarithmic scale, and the
score is how far an event lies from what the widest of them rebuild, in spreads of what they leave. So a third lepton, which
hardly ever is, counts whatever its pT. It sees normal events only; settings are chosen by what it prints, of
training-half events alone. It refuses to write numbers whose sums could leave 32 bits.

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
# Inputs saturate at 32 spreads: one mismeasured muon shall not be all that a score sees.
INPUT_MAX, HIDDEN_MAX, OUTPUT_MAX, WEIGHT_MAX = 2048, 8191, 32767, 127
ETA_ZERO, PHI_MIDDLE = 128, 72
PT_SCALE_MIN = 1.0  # a step of 0.5 GeV, for slots that are hardly ever filled
OCTAVE = 64  # of the logarithmic scale
LOG_SCALE_MIN = 10.0  # in 1/64 of an octave
LATENT = (16, 8)
BETA = 4.0  # of the Kullback-Leibler term: so much that few latent numbers live, and they say how much there is
DROPPED = 3  # widest components, which an event may have as it likes
RESIDUAL_MIN = 0.02  # added to the variance of a component: what hardly varies shall not be all


def is_pt() -> np.ndarray:
    return np.tile(np.arange(FIELDS) == PT, SLOTS)


def log_steps(vectors: np.ndarray) -> np.ndarray:
    """
    Cells (integer + 1, 0 = absent) on a logarithmic scale, again with 1 added and 0 = absent: 64 an octave, linear within
    one, so that it is exact in whole numbers.
    """
    cell = np.maximum(1, vectors.astype(np.int64))
    octave = np.frexp(cell)[1] - 1
    return np.where(vectors == 0, 0, 1 + OCTAVE * octave + (cell * OCTAVE >> octave) - OCTAVE)


def scaling(vectors: np.ndarray, scale_min: float) -> tuple[np.ndarray, np.ndarray]:
    """Offset and factor of each input. Angles by their range, pT by its slot's spread, absent ones as 0."""
    offsets, scales = np.zeros((SLOTS, FIELDS)), np.zeros((SLOTS, FIELDS))
    grid = vectors.reshape(-1, SLOTS, FIELDS).astype(np.float64)
    pt = np.maximum(0, grid[:, :, PT] - 1)
    scales[:, PT] = np.maximum(scale_min, pt.std(0))
    offsets[:, PT] = np.round(pt.mean(0))
    offsets[:, ETA], scales[:, ETA] = ETA_ZERO, 32
    offsets[:, PHI], scales[:, PHI] = PHI_MIDDLE, PHI_STEPS / np.sqrt(12)
    factors = np.round((1 << UNIT_BITS + FACTOR_BITS) / scales)
    return offsets.reshape(-1).astype(np.int64), factors.reshape(-1).astype(np.int64)


def inputs_of(vectors: np.ndarray, offsets: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """
    uint16 [events, 57] (integer + 1, 0 = absent) -> int inputs. An absent angle is 0 (as if in the middle), an absent
    pT counts as 0 GeV.
    """
    integer = np.maximum(0, vectors.astype(np.int64) - 1)
    scaled = ((integer - offsets) * factors + (1 << FACTOR_BITS - 1)) >> FACTOR_BITS
    scaled = np.clip(scaled, -INPUT_MAX, INPUT_MAX)
    return np.where((vectors == 0) & ~is_pt(), 0, scaled)


def sizes_of(vectors: np.ndarray, offsets: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """As `inputs_of`, of the first field of each slot alone: offsets and factors are those of 19."""
    every_offset, every_factor = np.zeros((2, INPUTS), np.int64)
    every_offset[is_pt()], every_factor[is_pt()] = offsets, factors
    return inputs_of(vectors, every_offset, every_factor)[:, is_pt()]


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


def as_integers(layers: list[dict], weight_max: int) -> list[dict]:
    unit = 1 << UNIT_BITS
    made, top = [], INPUT_MAX
    for layer in layers:
        weight = np.clip(np.round(np.asarray(layer['w'], np.float64) * unit), -weight_max, weight_max).astype(np.int64)
        bias = np.round(np.asarray(layer['b'], np.float64) * unit * unit).astype(np.int64)
        if int((np.abs(weight).sum(0) * top + np.abs(bias)).max()) >= (1 << 31) - unit:
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
        if at % 500 == 499:
            print(f'{name} {at + 1} {time.monotonic() - start:.0f} s  {float(np.mean([float(v) for v in seen])):.4f}', flush=True)
            seen = []
    return params


def train_latent(vectors: np.ndarray, options: argparse.Namespace) -> dict:
    offsets, factors = scaling(vectors, PT_SCALE_MIN)
    inputs = (inputs_of(vectors, offsets, factors) / (1 << UNIT_BITS)).astype(np.float32)
    rng = np.random.default_rng(options.seed)
    keys = jax.random.split(jax.random.key(options.seed), 3)
    vae = {
        'encoder': init_layers((INPUTS, *LATENT), keys[0]),
        'spread': init_layers((INPUTS, 32, LATENT[-1]), keys[1]),
        'decoder': init_layers((LATENT[-1], 32, 64, INPUTS), keys[2]),
    }

    def rows(_):
        return inputs[rng.integers(0, len(inputs), options.batch)]

    vae = fitted(vae, latent_loss, rows, options.steps, 2e-3, options.seed, 'latent')
    return {'offsets': offsets, 'factors': factors, 'layers': as_integers(vae['encoder'], WEIGHT_MAX)}


def fit_feature(vectors: np.ndarray) -> dict:
    """In closed form: what a linear autoencoder leaves, each component of it in units of its spread."""
    steps = log_steps(vectors)
    offsets, factors = (of[is_pt()] for of in scaling(steps, LOG_SCALE_MIN))
    sizes = sizes_of(steps, offsets, factors) / (1 << UNIT_BITS)
    variance, components = np.linalg.eigh(np.cov(sizes.T))
    kept = len(variance) - DROPPED
    weights = components[:, :kept] / np.sqrt(variance[:kept] + RESIDUAL_MIN)
    # The sign of a component is nobody's choice: its largest weight is positive.
    weights *= np.sign(weights[np.abs(weights).argmax(0), np.arange(kept)])
    layer = {'w': weights, 'b': -sizes.mean(0) @ weights}
    return {'offsets': offsets, 'factors': factors, 'layers': as_integers([layer], OUTPUT_MAX)}


def scores_of(nets: dict, vectors: np.ndarray) -> dict[str, np.ndarray]:
    """In units of 1; exact."""
    scores = {}
    for name, net in nets.items():
        offsets, factors = net['offsets'], net['factors']
        if name == 'feature':
            inputs = sizes_of(log_steps(vectors), offsets, factors)
        else:
            inputs = inputs_of(vectors, offsets, factors)
        out = run_integers(net['layers'], inputs)
        scores[name] = (out**2).sum(1) / float(1 << 2 * UNIT_BITS)
    return scores


def efficiencies(scores: dict, others: dict[str, dict]) -> dict:
    """Of the training half, to choose settings by: the bench measures."""
    seen = {}
    for name, normal in scores.items():
        for rate in (1e-2, 1e-3, 1e-4):
            cut = np.quantile(normal, 1 - rate)
            seen[f'{name} at {rate:g}'] = {kind: float((of[name] > cut).mean()) for kind, of in others.items()}
    return seen


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--data', required=True, help='folder of l1_make_events.ts')
    parse.add_argument('--out', default='instruments/scores/l1-objects.json')
    parse.add_argument('--seed', type=int, default=20264)
    parse.add_argument('--steps', type=int, default=1500)
    parse.add_argument('--batch', type=int, default=1024)
    options = parse.parse_args()
    start = time.monotonic()
    vectors, choose = (np.load(os.path.join(options.data, f'{name}.npy')) for name in ('train', 'choose'))
    nets = {'latent': train_latent(vectors, options), 'feature': fit_feature(vectors)}
    others = {kind: np.load(os.path.join(options.data, f'{kind}_look.npy')) for kind in ('a4l', 'lq', 'h0', 'hc')}
    look = efficiencies(scores_of(nets, choose), {kind: scores_of(nets, one) for kind, one in others.items()})
    print(json.dumps(look, indent=1))
    pinned = np.concatenate([choose[:24], others['a4l'][:4], others['lq'][:4]])
    golden = {name: values.tolist() for name, values in scores_of(nets, pinned).items()}
    packages = ('jax', 'jaxlib', 'numpy', 'optax')
    card = {
        'format': 'tessera-object-scores/2',
        'instrument': 'l1-objects',
        'nets': {
            name: {
                'offsets': net['offsets'].tolist(),
                'factors': net['factors'].tolist(),
                'layers': [
                    {'weights': layer['w'].T.tolist(), 'bias': layer['b'].tolist()} for layer in net['layers']
                ],
            }
            for name, net in nets.items()
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
            'dropped': DROPPED,
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
