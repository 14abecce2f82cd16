"""
The learnt dequantiser: a small dense network over a hit's neighbourhood, as JAX function and as ONNX graph (opset
17, standard operators). It gives a position inside the hit's own interval and can give nothing else.
"""

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dequant_data import Planes, Window

CODE_SCALE = np.float32(1 / 64)  # cell codes as inputs of order one
OPSET = 17
IR_VERSION = 9  # read by every onnxruntime since 1.15


def init_dense(widths: tuple[int, ...], key: jax.Array) -> list[dict]:
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        key, sub = jax.random.split(key)
        layers.append({'w': jax.random.normal(sub, (fan_in, fan_out)) * np.sqrt(2 / fan_in), 'b': jnp.zeros(fan_out)})
    return layers


def init_net(planes: Planes, window: Window, hidden: tuple[int, ...], key: jax.Array) -> dict:
    """
    `cells` and `seen` weight the neighbours' codes and whether they are hits; `own` is a first layer's bias for
    each interval: own level and plane in one.
    """
    neighbours, intervals = len(window.steps), int(planes.first[-1])
    keys = jax.random.split(key, 4)
    spread = np.sqrt(1 / neighbours)
    return {
        'cells': jax.random.normal(keys[0], (neighbours, hidden[0])) * spread * 0.5,
        'seen': jax.random.normal(keys[1], (neighbours, hidden[0])) * spread,
        'own': jax.random.normal(keys[2], (intervals, hidden[0])) * 0.5,
        'dense': init_dense((*hidden, 1), keys[3]),
    }


def logits_of(net: dict, rows: jax.Array) -> jax.Array:
    """rows uint8 [n, 1 + neighbours] → logit [n] of the position in the own interval."""
    neighbours = rows[:, 1:].astype(jnp.float32)
    seen = jnp.minimum(neighbours, 1)
    x = neighbours * CODE_SCALE @ net['cells'] + seen @ net['seen'] + net['own'][rows[:, 0]]
    for layer in net['dense']:
        x = jax.nn.relu(x) @ layer['w'] + layer['b']
    return x[:, 0]


def parameters_of(net: dict) -> int:
    return int(sum(leaf.size for leaf in jax.tree.leaves(net)))


def graph_of(net: dict, shift: np.ndarray, width: int) -> bytes:
    """
    `rows` uint8 [N, 1 + neighbours] → `position` uint8 [N, 1], 0 … 255 of the own interval. `shift` is added to
    the logit, by interval. An interval number beyond the last counts as the last: hostile bytes cannot fail a run.
    """
    own = np.asarray(net['own'], np.float32)
    table = np.concatenate([own, np.asarray(shift, np.float32)[:, None]], axis=1)
    hidden = own.shape[1]
    constants = {
        'ends': np.array([1, width - 1], np.int64),
        'row': np.array([-1], np.int64),
        'parts': np.array([hidden, 1], np.int64),
        'table': table,
        'own_last': np.int32(len(table) - 1),
        'zero': np.float32(0),
        'one': np.float32(1),
        'weight0': np.concatenate([np.asarray(net['cells']) * CODE_SCALE, np.asarray(net['seen'])]).astype(np.float32),
        'cells_end': np.float32(256),
        'last': np.float32(255),
    }
    nodes = [
        helper.make_node('Split', ['rows', 'ends'], ['own_byte', 'cell_bytes'], axis=1),
        helper.make_node('Cast', ['own_byte'], ['own_number'], to=TensorProto.INT32),
        helper.make_node('Min', ['own_number', 'own_last'], ['own_known']),
        helper.make_node('Reshape', ['own_known', 'row'], ['own_index']),
        helper.make_node('Gather', ['table', 'own_index'], ['own_row']),
        helper.make_node('Split', ['own_row', 'parts'], ['bias', 'shift'], axis=1),
        helper.make_node('Cast', ['cell_bytes'], ['cells'], to=TensorProto.FLOAT),
        helper.make_node('Min', ['cells', 'one'], ['seen']),
        helper.make_node('Concat', ['cells', 'seen'], ['input'], axis=1),
        helper.make_node('Gemm', ['input', 'weight0', 'bias'], ['raw0']),
    ]
    dense = net['dense']
    for at, layer in enumerate(dense):
        constants |= {f'w{at}': np.asarray(layer['w'], np.float32), f'b{at}': np.asarray(layer['b'], np.float32)}
        nodes += [
            helper.make_node('Relu', [f'raw{at}'], [f'x{at}']),
            helper.make_node('Gemm', [f'x{at}', f'w{at}', f'b{at}'], [f'raw{at + 1}']),
        ]
    nodes += [
        helper.make_node('Add', [f'raw{len(dense)}', 'shift'], ['logit']),
        helper.make_node('Sigmoid', ['logit'], ['share']),
        helper.make_node('Mul', ['share', 'cells_end'], ['place']),
        helper.make_node('Clip', ['place', 'zero', 'last'], ['bounded']),
        helper.make_node('Cast', ['bounded'], ['position'], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        'tpc-dequant',
        [helper.make_tensor_value_info('rows', TensorProto.UINT8, ['N', width])],
        [helper.make_tensor_value_info('position', TensorProto.UINT8, ['N', 1])],
        initializer=[numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid('', OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name='tessera')
    onnx.checker.check_model(model)
    return model.SerializeToString()


