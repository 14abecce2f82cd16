"""
Writes a trained rival as two ONNX models, NAME.encoder.onnx and NAME.decoder.onnx, and reads their weights back. The
weights are stored as 16-bit floats and widened on load (the runtime folds that away), all arithmetic is 32-bit; so
the files stay small and what is measured is what is kept. The training's curve goes with them. It refuses to train or
judge.

`python to_onnx.py --network bcae-2d --run RUN --out DIR`

Encoder: `log2_adc` float32 [batch, 16, 192, 256] (BCAE-HT: [batch, 1, 16, 192, 256]), log2(ADC+1), times 249–255 zero
→ `code` float32 [batch, 32, 24, 32] ([batch, 8, 16, 12, 16]), to be kept as 16-bit floats.
Decoder: `code` → `occupancy` (probability of a hit) and `log2_adc` (value where there is one), of the wedge's shape.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import LEAK, LOG_FLOOR, LOG_SCALE, NETWORKS, Network

OPSET, IR_VERSION = 17, 9


class OnnxOps:
    """Collects nodes; values are names of tensors. Weights arrive channels last and leave channels first."""

    def __init__(self, weights: dict[str, np.ndarray], spatial: int):
        self.weights, self.spatial = weights, spatial
        self.nodes, self.initializers = [], []
        self.made = 0

    def node(self, kind: str, inputs: list[str], **attributes) -> str:
        self.made += 1
        name = f"t{self.made}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, name: str, value: np.ndarray) -> str:
        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def weight(self, name: str, value: np.ndarray) -> str:
        stored = self.constant(name, np.ascontiguousarray(value.astype(np.float16)))
        return self.node("Cast", [stored], to=TensorProto.FLOAT)

    def conv(self, name, x, kernel, cin, cout, stride):
        order = (self.spatial + 1, self.spatial, *range(self.spatial))
        return self._convolution("Conv", name, x, kernel, stride, order)

    def deconv(self, name, x, kernel, cin, cout, stride):
        # stored (…, outputs, inputs); ONNX wants (inputs, outputs, …), so the order of axes is the same as above
        order = (self.spatial + 1, self.spatial, *range(self.spatial))
        return self._convolution("ConvTranspose", name, x, kernel, stride, order)

    def _convolution(self, kind, name, x, kernel, stride, order):
        w = self.weight(f"{name}.w", self.weights[f"{name}.w"].transpose(order))
        b = self.weight(f"{name}.b", self.weights[f"{name}.b"])
        pads = [(k - s + 1) // 2 for k, s in zip(kernel, stride)] * 2
        return self.node(kind, [x, w, b], kernel_shape=kernel, strides=stride, pads=pads)

    def leaky(self, x, slope=LEAK):
        return self.node("LeakyRelu", [x], alpha=slope)

    def halve(self, x):
        return self.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])

    def double(self, x):
        if not any(one.name == "double" for one in self.initializers):
            self.constant("double", np.array([1, 1, 2, 2], np.float32))
        return self.node("Resize", [x, "", "double"], mode="nearest", coordinate_transformation_mode="asymmetric")

    def rezero(self, name, main, side):
        scaled = self.node("Mul", [main, self.weight(name, self.weights[name].reshape(1))])
        return self.node("Add", [scaled, side])

    def model(self, name: str, inputs, outputs) -> onnx.ModelProto:
        def value(one):
            return helper.make_tensor_value_info(one[0], TensorProto.FLOAT, ["batch", *one[1]])

        graph = helper.make_graph(self.nodes, name, [value(i) for i in inputs], [value(o) for o in outputs])
        graph.initializer.extend(self.initializers)
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="tessera-rivals")
        onnx.checker.check_model(model)
        return model


def encoder_model(network: Network, weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    ops = OnnxOps(weights, network.spatial)
    code = network.encode(ops, "log2_adc")
    ops.nodes.append(helper.make_node("Identity", [code], ["code"]))
    return ops.model(f"{network.name} encoder", [("log2_adc", network.wedge_shape)], [("code", network.code_shape)])


def decoder_model(network: Network, weights: dict[str, np.ndarray], blocks: int | None = None) -> onnx.ModelProto:
    ops = OnnxOps(weights, network.spatial)
    logits, raw = network.decode(ops, "code") if blocks is None else network.decode(ops, "code", blocks)
    ops.nodes.append(helper.make_node("Sigmoid", [logits], ["occupancy"]))
    scaled = ops.node("Mul", [ops.node("Exp", [raw]), ops.constant("log_scale", np.array([LOG_SCALE], np.float32))])
    floor = ops.constant("log_floor", np.array([LOG_FLOOR], np.float32))
    ops.nodes.append(helper.make_node("Add", [scaled, floor], ["log2_adc"]))
    outputs = [(name, network.wedge_shape) for name in ("occupancy", "log2_adc")]
    return ops.model(f"{network.name} decoder", [("code", network.code_shape)], outputs)


def weights_of(folder: Path, network: Network) -> dict[str, np.ndarray]:
    """The weights of the two models in `folder`, channels last, as training wants them."""
    back = (*range(2, network.spatial + 2), 1, 0)
    weights = {}
    for half in ("encoder", "decoder"):
        for one in onnx.load(folder / f"{network.name}.{half}.onnx").graph.initializer:
            value = numpy_helper.to_array(one)
            if one.name.endswith(".w"):
                weights[one.name] = value.transpose(back).astype(np.float32)
            elif one.name.endswith(".b"):
                weights[one.name] = value.astype(np.float32)
            elif one.name.endswith(".alpha"):
                weights[one.name] = value.reshape(()).astype(np.float32)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    network = NETWORKS[given.network]
    state = np.load(given.run / f"{network.name}.npz")
    weights = {name[2:]: state[name] for name in state.files if name.startswith("w/")}
    given.out.mkdir(parents=True, exist_ok=True)
    for half, model in (("encoder", encoder_model(network, weights)), ("decoder", decoder_model(network, weights))):
        path = given.out / f"{network.name}.{half}.onnx"
        onnx.save(model, path)
        print(path, path.stat().st_size, "bytes")
    curve = f"{network.name}.curve.json"
    (given.out / curve).write_text((given.run / curve).read_text())


if __name__ == "__main__":
    main()
