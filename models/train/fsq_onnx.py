"""
The tokenizer as two ONNX graphs of standard operators (opset 17), written node by node. The encoder is a
QuantizeLinear/DequantizeLinear graph: a runtime may fuse it into integer kernels or run it in float32, and both
give the same digits. It refuses to judge the model; `fsq_measure` does.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fsq import Shape, centred
from tpc_patches import LOG_MIN, CodeScale

OPSET = 17
ABSENT = 255  # every symbol of a neighbour that has no hit
IR_VERSION = 9  # read by every onnxruntime since 1.15


def encoder_graph(shape: Shape, layers: list[dict], name: str = 'tpc-fsq') -> bytes:
    """`cells` uint8 [N, 64] → `symbols` uint8 [N, symbols]; all scales are powers of two, hence exact."""
    constants = {
        'one': np.float32(1),
        'zero_u8': np.uint8(0),
        'zero_i8': np.int8(0),
        'zero_i32': np.int32(0),
        'level_max': np.uint8(shape.levels - 1),
        'pack': packing(shape),
    }
    nodes = [helper.make_node('DequantizeLinear', ['cells', 'one', 'zero_u8'], ['x0'])]
    for layer, params in enumerate(layers):
        weight, bias, scale = f'weight{layer}', f'bias{layer}', f'scale{layer}'
        constants |= {weight: params['w'], bias: params['b'], scale: np.float32(2.0 ** -shape.shift(layer))}
        nodes += [
            helper.make_node('DequantizeLinear', [weight, scale, 'zero_i8'], [f'w{layer}']),
            helper.make_node('DequantizeLinear', [bias, scale, 'zero_i32'], [f'b{layer}']),
            helper.make_node('Gemm', [f'x{layer}', f'w{layer}', f'b{layer}'], [f'raw{layer}']),
            # QuantizeLinear rounds half to even and saturates at 0 and 255 in one pass.
            helper.make_node('QuantizeLinear', [f'raw{layer}', 'one', 'zero_u8'], [f'q{layer}']),
        ]
        if layer < len(layers) - 1:
            nodes.append(helper.make_node('DequantizeLinear', [f'q{layer}', 'one', 'zero_u8'], [f'x{layer + 1}']))
    nodes += [
        helper.make_node('Clip', [f'q{len(layers) - 1}', 'zero_u8', 'level_max'], ['digits']),
        helper.make_node('Cast', ['digits'], ['digit_values'], to=TensorProto.FLOAT),
        helper.make_node('MatMul', ['digit_values', 'pack'], ['symbol_values']),
        helper.make_node('Cast', ['symbol_values'], ['symbols'], to=TensorProto.UINT8),
    ]
    return finished(f'{name} encoder', nodes, constants, ('cells', shape.cells), ('symbols', shape.symbols))


def decoder_graph(shape: Shape, decoder: list[dict], scale: CodeScale, threshold: float) -> bytes:
    """
    `symbols` uint8 [N, symbols · (1 + neighbours)] (a patch's own, then each neighbour's, 255 where it is absent) →
    `cells` uint8 [N, 64]: a cell is a hit where its occupancy logit exceeds `threshold`, and then carries the code
    of its value (base … 255). A symbol beyond the alphabet counts as no digit at all, so that hostile bytes
    cannot fail a run.
    """
    width = shape.symbol_digits * shape.levels
    spread = np.zeros((256, width), np.float32)
    near = np.zeros((256, shape.symbol_digits), np.float32)
    for symbol in range(shape.alphabet):
        for digit in range(shape.symbol_digits):
            value = symbol // shape.levels ** (shape.symbol_digits - 1 - digit) % shape.levels
            spread[symbol, digit * shape.levels + value] = 1
            near[symbol, digit] = centred(shape, np.float32(value))
    absent = np.zeros((256,), np.float32)
    absent[ABSENT] = 1
    weight, bias = (np.asarray(decoder[-1][name], np.float32).copy() for name in 'wb')
    # The value head gives log2(ADC + 1); codes are affine in it. The 0.5 makes Cast's truncation a rounding.
    weight[:, shape.cells :] *= scale.step
    bias[shape.cells :] = (bias[shape.cells :] - LOG_MIN) * scale.step + scale.base + 0.5
    bias[: shape.cells] -= threshold
    constants = {
        'spread': spread,
        'near_digit': near,
        'is_absent': absent,
        'own_and_near': np.array([shape.symbols, shape.symbols * shape.neighbours], np.int64),
        'first_of_each': np.arange(shape.neighbours, dtype=np.int64) * shape.symbols,
        'own_shape': np.array([-1, shape.symbols * width], np.int64),
        'near_shape': np.array([-1, shape.neighbours * shape.digits], np.int64),
        'head_sizes': np.array([shape.cells, shape.cells], np.int64),
        'code_min': np.float32(scale.base),
        'code_max': np.float32(255.5),
        'none': np.float32(0),
    }
    nodes = [
        helper.make_node('Cast', ['symbols'], ['symbol_index'], to=TensorProto.INT32),
        helper.make_node('Split', ['symbol_index', 'own_and_near'], ['own', 'near'], axis=1),
        helper.make_node('Gather', ['spread', 'own'], ['own_levels']),
        helper.make_node('Reshape', ['own_levels', 'own_shape'], ['own_row']),
        helper.make_node('Gather', ['near_digit', 'near'], ['near_digits']),
        helper.make_node('Reshape', ['near_digits', 'near_shape'], ['near_row']),
        helper.make_node('Gather', ['near', 'first_of_each'], ['near_first'], axis=1),
        helper.make_node('Gather', ['is_absent', 'near_first'], ['absent_row']),
        helper.make_node('Concat', ['own_row', 'near_row', 'absent_row'], ['x0'], axis=1),
    ]
    for layer, params in enumerate(decoder):
        last = layer == len(decoder) - 1
        constants[f'w{layer}'] = weight if last else np.asarray(params['w'], np.float32)
        constants[f'b{layer}'] = bias if last else np.asarray(params['b'], np.float32)
        nodes.append(helper.make_node('Gemm', [f'x{layer}', f'w{layer}', f'b{layer}'], [f'raw{layer}']))
        if not last:
            nodes.append(helper.make_node('Relu', [f'raw{layer}'], [f'x{layer + 1}']))
    nodes += [
        helper.make_node('Split', [f'raw{len(decoder) - 1}', 'head_sizes'], ['occupancy', 'value'], axis=1),
        helper.make_node('Clip', ['value', 'code_min', 'code_max'], ['code']),
        helper.make_node('Greater', ['occupancy', 'none'], ['hit']),
        helper.make_node('Where', ['hit', 'code', 'none'], ['kept']),
        helper.make_node('Cast', ['kept'], ['cells'], to=TensorProto.UINT8),
    ]
    width_in = shape.symbols * (1 + shape.neighbours)
    return finished('tpc-fsq decoder', nodes, constants, ('symbols', width_in), ('cells', shape.cells))


def packing(shape: Shape) -> np.ndarray:
    """The matrix that joins each run of digits into one symbol, first digit most significant."""
    pack = np.zeros((shape.digits, shape.symbols), np.float32)
    for digit in range(shape.digits):
        power = shape.symbol_digits - 1 - digit % shape.symbol_digits
        pack[digit, digit // shape.symbol_digits] = shape.levels**power
    return pack


def finished(name: str, nodes: list, constants: dict, source: tuple, target: tuple) -> bytes:
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(source[0], TensorProto.UINT8, ['N', source[1]])],
        [helper.make_tensor_value_info(target[0], TensorProto.UINT8, ['N', target[1]])],
        initializer=[numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    opset = [helper.make_opsetid('', OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name='tessera')
    onnx.checker.check_model(model)
    return model.SerializeToString()
