"""
The patch tokenizer itself: an encoder that is exact by integers (trained through its own rounding), scalar
quantisation of its outputs to a few levels (FSQ, Mentzer et al. 2023, arXiv:2309.15505), the static prior that
prices the digits, and a floating decoder that sees the digits of a patch and of its neighbours. It knows nothing
of files, frames or ONNX.

Encoder, as the integer twin computes it: cells are 0 … 255; hidden = clip(round(W·cells + b) · 2^-k, 0, 255)
with |W| ≤ 64; a digit = clip(round((W'·hidden + b') · 2^-k'), 0, levels − 1). round is half to even, as ONNX's
QuantizeLinear does it. Every partial sum stays below 2^24, so float32 and int32 kernels give the same digits;
|W| ≤ 64 also keeps pairs of u8·s8 products within 16 bits, where x86 kernels without VNNI would saturate.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

WEIGHT_MAX = 64
EXACT_SUM_BOUND = 1 << 24  # integers below it are exact in float32


@dataclass(frozen=True)
class Shape:
    hidden: tuple[int, ...] = (128,)
    digits: int = 32
    levels: int = 9
    decoder: tuple[int, ...] = (320, 320)
    cells: int = 64
    neighbours: int = 6
    priors: int = 3  # neighbours whose first digit prices the first digit
    shift_hidden: int = 6
    shift_digits: int = 13
    symbol_digits: int = 2

    @property
    def symbols(self) -> int:
        return self.digits // self.symbol_digits

    @property
    def alphabet(self) -> int:
        return self.levels**self.symbol_digits

    @property
    def encoder_widths(self) -> tuple[int, ...]:
        return (self.cells, *self.hidden, self.digits)

    @property
    def decoder_widths(self) -> tuple[int, ...]:
        """One-hot own digits, a number for each neighbour's digit, one flag for each absent neighbour."""
        inputs = self.digits * self.levels + self.neighbours * (self.digits + 1)
        return (inputs, *self.decoder, 2 * self.cells)

    def shift(self, layer: int) -> int:
        return self.shift_digits if layer == len(self.hidden) else self.shift_hidden

    def top(self, layer: int) -> int:
        """Largest output of a layer."""
        return self.levels - 1 if layer == len(self.hidden) else 255


def init_encoder(shape: Shape, key: jax.Array) -> list[dict]:
    """Weights in units of WEIGHT_MAX, biases in units of the layer's output."""
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(shape.encoder_widths, shape.encoder_widths[1:])):
        key, sub = jax.random.split(key)
        weight = jax.random.normal(sub, (fan_in, fan_out)) * 0.25
        start = (shape.levels - 1) / 2 if layer == len(shape.hidden) else 32.0
        layers.append({'w': weight, 'b': jnp.full((fan_out,), start)})
    return layers


def init_decoder(shape: Shape, key: jax.Array) -> list[dict]:
    """Starts the value head at a typical log2(ADC + 1) and the occupancy head at a typical occupancy."""
    widths, layers = shape.decoder_widths, []
    for layer, (fan_in, fan_out) in enumerate(zip(widths, widths[1:])):
        key, sub = jax.random.split(key)
        # Of one-hot inputs only one in `levels` is on.
        active = shape.digits * 2 if layer == 0 else fan_in
        layers.append({'w': jax.random.normal(sub, (fan_in, fan_out)) * np.sqrt(2 / active), 'b': jnp.zeros(fan_out)})
    bias = np.concatenate([np.full(shape.cells, -1.5), np.full(shape.cells, 7.0)])
    last = {'w': layers[-1]['w'] * 0.1, 'b': jnp.asarray(bias, jnp.float32)}
    return [*layers[:-1], last]


def init_prior(shape: Shape) -> dict:
    """Logits of digit 0 given digit 0 of earlier neighbours (`levels` = absent), and of the others given digit 0."""
    first = jnp.zeros((shape.priors, shape.levels + 1, shape.levels))
    return {'first': first, 'rest': jnp.zeros((shape.levels, (shape.digits - 1) * shape.levels))}


def round_through(x: jax.Array) -> jax.Array:
    """Round half to even; the gradient passes as if it had not."""
    return x + jax.lax.stop_gradient(jnp.round(x) - x)


def clip_leaky(x: jax.Array, low: float, high: float, leak: float) -> jax.Array:
    """Clip whose gradient is `leak` outside, so that a saturated unit can come back."""
    inside = jnp.clip(x, low, high)
    return inside + leak * (x - jax.lax.stop_gradient(x)) * ((x < low) | (x > high))


def encode_soft(shape: Shape, encoder: list[dict], cells: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Training's encoder: digits (integer-valued, straight-through), and the raw digit values before clipping."""
    x = cells
    for layer, params in enumerate(encoder):
        weight = round_through(jnp.clip(params['w'], -1, 1) * WEIGHT_MAX)
        scale = 2.0 ** -shape.shift(layer)
        bias = round_through(params['b'] / scale)
        raw = (x @ weight + bias) * scale
        x = round_through(clip_leaky(raw, 0, shape.top(layer), 0.02))
    return x, raw


def integer_encoder(shape: Shape, encoder: list[dict]) -> list[dict]:
    """The same weights as integers; refuses a layer whose worst case leaves the exact range of float32."""
    layers = []
    for layer, params in enumerate(encoder):
        weight = np.round(np.clip(np.asarray(params['w'], np.float32), -1, 1) * WEIGHT_MAX).astype(np.int64)
        bias = np.round(np.asarray(params['b'], np.float32) * 2.0 ** shape.shift(layer)).astype(np.int64)
        worst = int((np.abs(weight).sum(0) * 255 + np.abs(bias)).max())
        if worst >= EXACT_SUM_BOUND:
            raise ValueError(f'layer {layer} can sum to {worst}, beyond 2^24')
        layers.append({'w': weight.astype(np.int8), 'b': bias.astype(np.int32), 'worst': worst})
    return layers


def divide_half_even(x: np.ndarray, shift: int) -> np.ndarray:
    """x / 2^shift rounded half to even, in integers only."""
    down = x >> shift
    rest = x - (down << shift)
    half = 1 << (shift - 1)
    return down + ((rest > half) | ((rest == half) & (down & 1 == 1)))


def encode_integer(shape: Shape, layers: list[dict], cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The slow twin: digits, and the digits before clipping, by int64 arithmetic alone."""
    x = cells.astype(np.int64)
    for layer, params in enumerate(layers):
        raw = divide_half_even(x @ params['w'].astype(np.int64) + params['b'].astype(np.int64), shape.shift(layer))
        x = np.clip(raw, 0, shape.top(layer))
    return x, raw


def symbols_of(shape: Shape, digits: np.ndarray) -> np.ndarray:
    """Digits → symbols, first digit most significant."""
    powers = shape.levels ** np.arange(shape.symbol_digits - 1, -1, -1)
    return (digits.reshape(len(digits), shape.symbols, shape.symbol_digits) @ powers).astype(np.uint8)


def digits_of(shape: Shape, symbols: np.ndarray) -> np.ndarray:
    powers = shape.levels ** np.arange(shape.symbol_digits - 1, -1, -1)
    return (symbols[:, :, None].astype(np.int64) // powers % shape.levels).reshape(len(symbols), shape.digits)


def spread_digits(shape: Shape, digits: jax.Array) -> jax.Array:
    """
    Digits → one-hot over their levels, [rows, digits, levels]. The gradient is the central difference between
    the neighbouring levels (one-sided at the ends), so that the encoder learns which way to move a digit.
    """
    level = np.arange(shape.levels)
    slope = np.zeros((shape.levels, shape.levels), np.float32)
    above, below = np.minimum(level + 1, shape.levels - 1), np.maximum(level - 1, 0)
    slope[level, above] += 1 / (above - below)
    slope[level, below] -= 1 / (above - below)
    one_hot = (digits[:, :, None] == level).astype(jnp.float32)
    through = (digits - jax.lax.stop_gradient(digits))[:, :, None] * (jax.lax.stop_gradient(one_hot) @ slope)
    return one_hot + through


def centred(shape: Shape, digits):
    """A digit as the decoder reads a neighbour's: −1 … 1, the middle level 0."""
    middle = (shape.levels - 1) / 2
    return (digits - middle) / middle


def decode(shape: Shape, decoder: list[dict], spread: jax.Array, near: jax.Array, absent: jax.Array) -> jax.Array:
    """
    spread: [rows, digits, levels] of the patch; near: [rows, neighbours, digits], as digits; absent: bool
    [rows, neighbours]. Gives [rows, 2 · cells]: occupancy logits, then log2(ADC + 1).
    """
    rows = len(spread)
    seen = jnp.where(absent[:, :, None], 0, centred(shape, near))
    x = jnp.concatenate([spread.reshape(rows, -1), seen.reshape(rows, -1), absent.astype(jnp.float32)], axis=1)
    for params in decoder[:-1]:
        x = jax.nn.relu(x @ params['w'] + params['b'])
    return x @ decoder[-1]['w'] + decoder[-1]['b']


def bits_of_digits(shape: Shape, prior: dict, spread: jax.Array, near_first: jax.Array) -> jax.Array:
    """
    What static tables would charge a patch, in bits, [rows]. near_first: int [rows, priors], the first digit of
    neighbours that are coded earlier, `levels` where there is none.
    """
    first = sum(prior['first'][n][near_first[:, n]] for n in range(shape.priors))
    rest = (spread[:, 0] @ prior['rest']).reshape(-1, shape.digits - 1, shape.levels)
    bits = -(spread[:, 0] * jax.nn.log_softmax(first)).sum(1)
    return (bits - (spread[:, 1:] * jax.nn.log_softmax(rest)).sum((1, 2))) / np.log(2)


def keep_digits(shape: Shape, params: dict, kept: np.ndarray, usual: np.ndarray) -> tuple[Shape, dict]:
    """The network with only the digits `kept` (in that order); the others' `usual` level is folded into biases."""
    smaller = Shape(**{**shape.__dict__, 'digits': len(kept)})
    dropped = np.setdiff1d(np.arange(shape.digits), kept)
    last = params['encoder'][-1]
    encoder = [*params['encoder'][:-1], {'w': last['w'][:, kept], 'b': last['b'][kept]}]
    weight, bias = (np.asarray(params['decoder'][0][name]) for name in 'wb')
    own_end = shape.digits * shape.levels
    near_end = own_end + shape.neighbours * shape.digits
    own = weight[:own_end].reshape(shape.digits, shape.levels, -1)
    near = weight[own_end:near_end].reshape(shape.neighbours, shape.digits, -1)
    constant = np.einsum('ndw,d->nw', near[:, dropped], centred(shape, usual[dropped].astype(np.float32)))
    bias = bias + own[dropped, usual[dropped]].sum(0) + constant.sum(0)
    width = own.shape[-1]
    parts = [own[kept].reshape(-1, width), near[:, kept].reshape(-1, width), weight[near_end:] - constant]
    first = {'w': jnp.asarray(np.concatenate(parts)), 'b': jnp.asarray(bias)}
    rest = params['prior']['rest'].reshape(shape.levels, shape.digits - 1, shape.levels)[:, np.asarray(kept[1:]) - 1]
    prior = {'first': params['prior']['first'], 'rest': rest.reshape(shape.levels, -1)}
    return smaller, {'encoder': encoder, 'decoder': [first, *params['decoder'][1:]], 'prior': prior}
