"""
What a tokenizer is trained for: occupancy, log-charge, the charge of a patch with its centroid and width, and the
bits its digits take in static tables. It refuses nothing and owns no parameters.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from fsq import Shape, bits_of_digits, clip_leaky, decode, encode_soft, spread_digits
from tpc_patches import LOG_MAX, LOG_MIN, PATCH, CodeScale

OCCUPANCY_WEIGHT = 4.0  # nats of occupancy against units of log2(ADC + 1): near what minimises the log-MAE
CHARGE_WEIGHT = 1.0  # a patch's summed charge, in relative error
CENTROID_WEIGHT = 0.5  # its centroid in cells, along each axis
WIDTH_WEIGHT = 0.1  # its second moment in cells², along each axis
OUT_OF_RANGE_WEIGHT = 1.0  # keeps digits from hiding beyond their first and last level
LOSS_SCALE = 1 / 64  # losses are sums over a patch; gradients are clipped near 1


def moment_error(shape: Shape, charge: jax.Array, wanted: jax.Array) -> jax.Array:
    """
    charge, wanted: linear charges [rows, cells]. Per row: relative error of the sum, and the shifts of centroid
    and second moment (about the true centroid) along both axes, weighted; hits' charges are at least 1.
    """
    lengths = (PATCH[1], PATCH[2])
    total = wanted.sum(1) + 1
    difference = charge - wanted
    error = CHARGE_WEIGHT * jnp.abs(difference.sum(1)) / total
    places = np.stack(np.divmod(np.arange(shape.cells), lengths[1])).astype(np.float32)
    for place in places:
        centre = (wanted @ place / jnp.maximum(wanted.sum(1), 1))[:, None]
        error += CENTROID_WEIGHT * jnp.abs((difference * (place - centre)).sum(1)) / total
        error += WIDTH_WEIGHT * jnp.abs((difference * (place - centre) ** 2).sum(1)) / total
    return error


def loss_of(shape: Shape, scale: CodeScale, params: dict, cells: jax.Array, counted: int, price: jax.Array):
    """
    cells: float [batch, 1 + neighbours, 64] codes, the patch first, its earlier neighbours next; a neighbour
    without a hit is absent. `price` is what a bit costs in units of the distortion; the first `counted` rows tell
    the rate. Gradients do not pass through the neighbours' digits: they are some other patch's to choose.
    """
    own, around = cells[:, 0], cells[:, 1:]
    digits, raw = encode_soft(shape, params['encoder'], own)
    near, _ = encode_soft(shape, jax.lax.stop_gradient(params['encoder']), around.reshape(-1, shape.cells))
    near = jax.lax.stop_gradient(near).reshape(len(own), shape.neighbours, shape.digits)
    absent = ~(around > 0).any(2)
    spread = spread_digits(shape, digits)
    out = decode(shape, params['decoder'], spread, near, absent)
    logit, value = out[:, : shape.cells], out[:, shape.cells :]

    first = jnp.where(absent, shape.levels, near[:, :, 0]).astype(jnp.int32)[:, : shape.priors]
    bits = bits_of_digits(shape, params['prior'], spread, first)
    hit = (own > 0).astype(jnp.float32)
    wanted = LOG_MIN + (own - scale.base) / scale.step
    level = clip_leaky(value, LOG_MIN, LOG_MAX, 0.1)
    occupancy = optax.sigmoid_binary_cross_entropy(logit, hit).sum(1)
    wrong = (jnp.abs(level - wanted) * hit).sum(1)
    unit = 2.0**-LOG_MIN
    moments = moment_error(shape, jax.nn.sigmoid(logit) * 2.0**level * unit, hit * 2.0**wanted * unit)
    outside = jnp.maximum(0, jnp.abs(raw - (shape.levels - 1) / 2) - shape.levels / 2).mean()
    loss = OCCUPANCY_WEIGHT * occupancy + wrong + moments + price * bits
    loss = LOSS_SCALE * (loss.mean() + OUT_OF_RANGE_WEIGHT * outside)

    kept = (logit > 0).astype(jnp.float32)
    error = jnp.where(hit > 0, jnp.abs(wanted - kept * level), kept * level).sum(1)
    seen = {
        'error': error[:counted].mean(),
        'bits': bits[:counted].mean(),
        'l1': wrong.sum() / hit.sum(),
        'prec': (kept * hit).sum() / kept.sum(),
        'rec': (kept * hit).sum() / hit.sum(),
        'moments': moments.mean(),
    }
    return loss, seen
