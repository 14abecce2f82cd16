"""
The bicephalous autoencoders the codec is measured against, as one description that several backends can run:
BCAE-2D (Huang et al., arXiv:2310.15026; m=4, n=8, d=3) and the light 3-D BCAE-HT of the same paper. It holds shapes
and order of layers only, and refuses to know a framework: `ops` gives the operations.

A backend has `conv(name, x, kernel, cin, cout, stride)`, `deconv(...)` with the same arguments, `leaky(x, slope)`,
`halve(x)`, `double(x)` and `rezero(name, main, side)`. Padding is (k−1)/2 on each side, (k−stride)/2 where strided.
"""

from dataclasses import dataclass
from typing import Any, Callable

LAYERS, AZIMUTHS, TIMES, TIMES_PADDED = 16, 192, 249, 256
LEAK = 0.2
# regression head: 6 + 3·exp(x), which keeps every value above the zero suppression's log2(65) ≈ 6.02 (published)
LOG_FLOOR, LOG_SCALE = 6.0, 3.0

WIDTH_2D = 32
ENCODER_BLOCKS_2D, DECODER_BLOCKS_2D, HALVINGS_2D = 4, 8, 3

ENCODER_CHANNELS_HT = (2, 4, 4, 8)
DECODER_CHANNELS_3D = (16, 8, 4, 2)
CODE_CHANNELS_3D = 8
KERNEL_3D, STRIDE_3D = (3, 4, 4), (1, 2, 2)


def _residual_2d(ops, name: str, x):
    inner = ops.leaky(ops.conv(f"{name}.first", x, (3, 3), WIDTH_2D, WIDTH_2D, (1, 1)))
    inner = ops.conv(f"{name}.second", inner, (3, 3), WIDTH_2D, WIDTH_2D, (1, 1))
    return ops.leaky(ops.rezero(f"{name}.alpha", inner, x))


def encode_2d(ops, x):
    """(batch, 16 layers as channels, azimuth, time) → code (batch, 32, azimuth/8, time/8)."""
    x = ops.conv("enc.in", x, (7, 7), LAYERS, WIDTH_2D, (1, 1))
    for block in range(ENCODER_BLOCKS_2D):
        if block < HALVINGS_2D:
            x = ops.halve(x)
        for part in "ab":
            x = _residual_2d(ops, f"enc.{block}{part}", x)
    return x


def _head_2d(ops, head: str, x, blocks: int):
    for block in range(blocks):
        if block < HALVINGS_2D:
            x = ops.double(x)
        for part in "ab":
            x = _residual_2d(ops, f"{head}.{block}{part}", x)
    if blocks < DECODER_BLOCKS_2D:
        # what the blocks left out would do with their ReZero factors at zero: two rectifiers each
        x = ops.leaky(x, LEAK ** (2 * (DECODER_BLOCKS_2D - blocks)))
    return ops.conv(f"{head}.out", x, (1, 1), WIDTH_2D, LAYERS, (1, 1))


def decode_2d(ops, code, blocks: int = DECODER_BLOCKS_2D):
    """
    Code → (occupancy logits, regression before its transform), both (batch, 16, azimuth, time). Fewer `blocks` (at
    least HALVINGS_2D) only while a decoder is grown in training.
    """
    return _head_2d(ops, "clf", code, blocks), _head_2d(ops, "reg", code, blocks)


def _residual_3d(ops, layer: Callable, name: str, x, cin: int, cout: int):
    main = ops.leaky(layer(f"{name}.main", x, KERNEL_3D, cin, cout, STRIDE_3D))
    main = ops.conv(f"{name}.second", main, (3, 3, 3), cout, cout, (1, 1, 1))
    side = ops.leaky(layer(f"{name}.side", x, KERNEL_3D, cin, cout, STRIDE_3D))
    return ops.leaky(ops.rezero(f"{name}.alpha", main, side))


def encode_ht(ops, x):
    """(batch, 1, 16 layers, azimuth, time) → code (batch, 8, 16, azimuth/16, time/16)."""
    cin = 1
    for block, cout in enumerate(ENCODER_CHANNELS_HT):
        x = _residual_3d(ops, ops.conv, f"enc.{block}", x, cin, cout)
        cin = cout
    return ops.conv("enc.out", x, (3, 3, 3), cin, CODE_CHANNELS_3D, (1, 1, 1))


def _head_3d(ops, head: str, x):
    cin = CODE_CHANNELS_3D
    for block, cout in enumerate(DECODER_CHANNELS_3D):
        x = _residual_3d(ops, ops.deconv, f"{head}.{block}", x, cin, cout)
        cin = cout
    return ops.conv(f"{head}.out", x, (3, 3, 3), cin, 1, (1, 1, 1))


def decode_ht(ops, code):
    """Code → (occupancy logits, regression before its transform), both (batch, 1, 16, azimuth, time)."""
    return _head_3d(ops, "clf", code), _head_3d(ops, "reg", code)


@dataclass(frozen=True)
class Network:
    """One rival: its two halves, the shape of one wedge without batch (channels first) and its published figures."""

    name: str
    encode: Callable[[Any, Any], Any]
    decode: Callable[[Any, Any], Any]
    wedge_shape: tuple[int, ...]
    code_shape: tuple[int, ...]
    published_encoder_parameters: int
    published_encoder_mmac: int

    @property
    def spatial(self) -> int:
        return len(self.wedge_shape) - 1


BCAE_2D = Network(
    "bcae-2d", encode_2d, decode_2d, (LAYERS, AZIMUTHS, TIMES_PADDED), (WIDTH_2D, 24, 32), 173_096, 1_856
)
BCAE_HT = Network(
    "bcae-ht", encode_ht, decode_ht, (1, LAYERS, AZIMUTHS, TIMES_PADDED), (CODE_CHANNELS_3D, 16, 12, 16), 10_062, 162
)
NETWORKS = {network.name: network for network in (BCAE_2D, BCAE_HT)}


class CountingOps:
    """Runs a network on shapes alone: every parameter's shape, and the multiply-accumulates of the convolutions."""

    def __init__(self):
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.macs = 0

    def _layer(self, name, out_space, filter_shape, cout, positions, taps):
        self.shapes[f"{name}.w"] = filter_shape
        self.shapes[f"{name}.b"] = (cout,)
        self.macs += positions * taps
        return (cout, *out_space)

    def conv(self, name, x, kernel, cin, cout, stride):
        out = tuple(n // s for n, s in zip(x[1:], stride))
        taps = cin * cout * _product(kernel)
        return self._layer(name, out, (*kernel, cin, cout), cout, _product(out), taps)

    def deconv(self, name, x, kernel, cin, cout, stride):
        out = tuple(n * s for n, s in zip(x[1:], stride))
        taps = cin * cout * _product(kernel)
        return self._layer(name, out, (*kernel, cout, cin), cout, _product(x[1:]), taps)

    def leaky(self, x, slope=LEAK):
        return x

    def halve(self, x):
        return (x[0], *(n // 2 for n in x[1:]))

    def double(self, x):
        return (x[0], *(2 * n for n in x[1:]))

    def rezero(self, name, main, side):
        self.shapes[name] = ()
        return side

    @property
    def parameters(self) -> int:
        return sum(_product(shape) for shape in self.shapes.values())


def _product(numbers) -> int:
    total = 1
    for n in numbers:
        total *= n
    return total


def count(network: Network) -> dict:
    """Parameters, multiply-accumulates and shapes of both halves."""
    encoder, decoder = CountingOps(), CountingOps()
    code = network.encode(encoder, network.wedge_shape)
    decoded = network.decode(decoder, code)
    return {
        "code_shape": code,
        "decoded_shape": decoded[0],
        "encoder_parameters": encoder.parameters,
        "encoder_mmac": encoder.macs / 1e6,
        "decoder_parameters": decoder.parameters,
        "decoder_mmac": decoder.macs / 1e6,
        "shapes": encoder.shapes | decoder.shapes,
    }


if __name__ == "__main__":
    for network in NETWORKS.values():
        counted = count(network)
        print(network.name, {key: value for key, value in counted.items() if key != "shapes"})
        assert counted["code_shape"] == network.code_shape
        assert counted["encoder_parameters"] == network.published_encoder_parameters
        assert round(counted["encoder_mmac"]) == network.published_encoder_mmac, counted["encoder_mmac"]
