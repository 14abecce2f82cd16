"""
The operations of network.py in TensorFlow, channels last, computing in the type given and keeping 32-bit weights;
and their first values. It refuses training: train.py does that.
"""

import numpy as np
import tensorflow as tf

from network import LEAK, LOG_FLOOR, LOG_SCALE, Network, count

# hits' median log2(ADC+1), where the regression starts
LOG_MEDIAN = 7.7


def first_weights(network: Network, seed: int) -> dict[str, np.ndarray]:
    """
    Normal weights of variance 2/fan-in (He), zero biases and ReZero factors; the regression starts at the hits' median,
    because its exp saturates when it starts far off.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in count(network)["shapes"].items():
        if name.endswith(".w"):
            fan_in = np.prod(shape[:-2]) * (shape[-1] if _is_deconv(network, name) else shape[-2])
            weights[name] = (rng.standard_normal(shape) * np.sqrt(2 / fan_in)).astype(np.float32)
        else:
            weights[name] = np.zeros(shape, np.float32)
    weights["reg.out.b"] += np.log((LOG_MEDIAN - LOG_FLOOR) / LOG_SCALE)
    return weights


def _is_deconv(network: Network, name: str) -> bool:
    in_decoder = name.startswith(("clf.", "reg."))
    return network.spatial == 3 and in_decoder and name.endswith((".main.w", ".side.w"))


class TensorflowOps:
    def __init__(self, weights: dict[str, tf.Variable], spatial: int, compute: tf.DType):
        self.weights, self.spatial, self.compute = weights, spatial, compute

    def _of(self, name):
        return tf.cast(self.weights[name], self.compute)

    def conv(self, name, x, kernel, cin, cout, stride):
        layer = tf.nn.conv2d if self.spatial == 2 else tf.nn.conv3d
        out = layer(x, self._of(f"{name}.w"), (1, *stride, 1), "SAME")
        return tf.nn.bias_add(out, self._of(f"{name}.b"))

    def deconv(self, name, x, kernel, cin, cout, stride):
        shape = (x.shape[0], *(n * s for n, s in zip(x.shape[1:-1], stride)), cout)
        out = tf.nn.conv3d_transpose(x, self._of(f"{name}.w"), shape, (1, *stride, 1), "SAME")
        return tf.nn.bias_add(out, self._of(f"{name}.b"))

    def leaky(self, x, slope=LEAK):
        return tf.nn.leaky_relu(x, slope)

    def halve(self, x):
        return tf.nn.avg_pool2d(x, 2, 2, "VALID")

    def double(self, x):
        batch, height, width, channels = x.shape
        spread = tf.broadcast_to(x[:, :, None, :, None, :], (batch, height, 2, width, 2, channels))
        return tf.reshape(spread, (batch, 2 * height, 2 * width, channels))

    def rezero(self, name, main, side):
        return self._of(name) * main + side
