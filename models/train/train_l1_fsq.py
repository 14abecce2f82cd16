"""
Fits the tokenizer of trigger objects and writes its model folder: both ONNX files, the card, golden vectors and a
picture. One object is one patch of three cells; two digits and one symbol stand for each of pT, eta and phi. Nothing is
descended: the encoder's weights follow from quantiles of the training objects, and the decoder is the median code of
each symbol (trained through the rounding, the same network came out worse). It refuses to write a model whose exported
encoder differs from the integer twin.

    node models/train/l1_make_events.ts .tessera/train/l1
    python models/train/train_l1_fsq.py --data .tessera/train/l1
"""

import argparse
import importlib.metadata
import json
import os
import platform
import time

import matplotlib
import numpy as np
from onnx import TensorProto, helper

from fsq import WEIGHT_MAX, Shape, encode_integer, integer_encoder, symbols_of
from fsq_card import refuse_unequal, rounded, saturated_share, write_companions, write_graphs, write_json
from fsq_measure import codebook, run_ms, run_rows, session
from fsq_onnx import encoder_graph, finished
from fsq_tables import (
    FIRST_CONTEXTS,
    FLAG_CONTEXTS,
    FLAGS,
    LATER_CONTEXTS,
    bits_of,
    fit_contexts,
    lowered,
    table_counts,
)
from l1_objects import (
    ETA,
    ETA_STEP,
    FIELDS,
    GROUPS,
    PHI,
    PHI_STEPS,
    PT,
    SLOTS,
    Objects,
    code_value,
    input_table,
    objects_of,
    previous_rows,
)
from tpc_patches import GAP_BUCKETS, gap_buckets, sha256_of

matplotlib.use('Agg')
import matplotlib.pyplot as plt

NAME, VERSION = 'l1-fsq', 1
SHAPE = Shape(
    hidden=(64,), digits=6, levels=9, decoder=(), cells=FIELDS, neighbours=0, priors=0, shift_hidden=1, shift_digits=10
)
HINGES = 9  # segments of an axis that the fine digit runs through, up and down
SEGMENT_MIN = 9  # codes: one a level, and a ramp whose weight stays within WEIGHT_MAX
IN_FRONT = 3  # codes before the first that occurs: the absent cell's symbol is 0 and no other's
ROOM = 0.49  # of a level, that digits run beyond their first and last: so all levels are equally wide


def folded_encoder(cells: np.ndarray) -> list[dict]:
    """
    For each axis a coarse digit that counts its segments and a fine one that runs through all its levels in each, up
    and down by turns, so that neighbouring codes differ by one level of one digit. Segments are laid half by the codes'
    quantiles and half evenly, so that what is rare is not coarse. Each has a hidden unit that rises over it from 0 to
    255, for the fine digit, and one that does so around its beginning, for the coarse one.
    """
    widths, top = SHAPE.encoder_widths, SHAPE.top(0)
    w0, b0 = np.zeros(widths[:2]), np.zeros(widths[1])
    w1, b1 = np.zeros(widths[1:]), np.zeros(widths[2])
    to_hidden, to_digits = (2.0 ** SHAPE.shift(layer) / WEIGHT_MAX for layer in (0, 1))
    unit = 0
    for axis in range(FIELDS):
        codes = cells[:, axis][cells[:, axis] > 0].astype(np.float64)
        low, high = codes.min(), codes.max() + 1
        edges = [int(low) - IN_FRONT]
        for q in np.linspace(0, 1, HINGES + 1)[1:]:
            place = (np.quantile(codes, q) + low + q * (high - low)) / 2
            edges.append(max(edges[-1] + SEGMENT_MIN, round(float(place))))
        b1[2 * axis + 1] = -ROOM
        for at, (begin, end) in enumerate(zip(edges, edges[1:])):
            slope = top / (end - begin)
            w0[axis, unit], b0[unit] = slope * to_hidden, -slope * (begin - 0.5)
            w1[unit, 2 * axis + 1] = (SHAPE.levels - 1 + 2 * ROOM) / top * to_digits * (1 if at % 2 == 0 else -1)
            unit += 1
            if at == 0:
                continue
            steep = WEIGHT_MAX / 2 ** SHAPE.shift(0)
            w0[axis, unit], b0[unit] = 1.0, top / 2 - steep * (begin - 0.5)
            w1[unit, 2 * axis] = 1 / top * to_digits
            unit += 1
    return [{'w': w0, 'b': b0}, {'w': w1, 'b': b1}]


def symbol_codes(layers: list[dict], cells: np.ndarray) -> np.ndarray:
    """
    The decoder: of each symbol at each position its median code in training, uint8 [positions, 256]; symbols that did
    not occur take the middle of the codes that would make them, or else their nearest neighbour's.
    """
    table = np.zeros((FIELDS, 256), np.uint8)
    symbols = symbols_of(SHAPE, encode_integer(SHAPE, layers, cells)[0])
    every = np.repeat(np.arange(256, dtype=np.uint8)[:, None], FIELDS, axis=1)
    of_every = symbols_of(SHAPE, encode_integer(SHAPE, layers, every)[0])
    for axis in range(FIELDS):
        known = []
        for symbol in range(SHAPE.alphabet):
            codes = cells[symbols[:, axis] == symbol, axis]
            if not len(codes):
                codes = every[of_every[:, axis] == symbol, axis]
            if len(codes):
                table[axis, symbol] = int(np.median(codes))
                known.append(symbol)
        for symbol in np.setdiff1d(np.arange(SHAPE.alphabet), known):
            table[axis, symbol] = table[axis, known[int(np.abs(np.array(known) - symbol).argmin())]]
    return table


def decoder_graph(table: np.ndarray) -> bytes:
    """`symbols` uint8 [N, 3] → `cells` uint8 [N, 3]: a look-up. A symbol beyond the alphabet is an absent cell."""
    constants = {
        'codes': table.reshape(-1),
        'rows': (np.arange(FIELDS) * 256).astype(np.int32),
    }
    node = helper.make_node
    nodes = [
        node('Cast', ['symbols'], ['index'], to=TensorProto.INT32),
        node('Add', ['index', 'rows'], ['places']),
        node('Gather', ['codes', 'places'], ['cells']),
    ]
    return finished(f'{NAME} decoder', nodes, constants, ('symbols', SHAPE.symbols), ('cells', FIELDS))


def fit_tables(symbols: np.ndarray, near: np.ndarray, objects: Objects) -> dict:
    """The static tables of the card, as `fsq_tables` makes them for wedges: slots are rows, one column, one layer."""
    contexts = fit_contexts(symbols, near, SHAPE.alphabet)
    of = contexts.of(symbols, near)
    counts = [
        table_counts(of[:, at], symbols[:, at], (FIRST_CONTEXTS if at == 0 else LATER_CONTEXTS, SHAPE.alphabet))
        for at in range(symbols.shape[1])
    ]
    gaps, flags = np.zeros(GAP_BUCKETS, np.int64), np.zeros((FLAG_CONTEXTS, 1 << FLAGS), np.int64)
    for slots, sparse, flag, context in activity(objects):
        if sparse:
            gaps += np.bincount(gap_buckets(slots)[0], minlength=GAP_BUCKETS)
        else:
            np.add.at(flags, (context, flag), 1)
    return {'contexts': contexts, 'symbols': [lowered(one) for one in counts], 'gaps': lowered(gaps), 'flags': lowered(flags)}


def activity(objects: Objects):
    """Of each event: its slots, whether they are coded as gaps (under an eighth), and else flags and contexts."""
    for event in range(objects.events):
        slots = objects.slots[objects.first[event] : objects.first[event + 1]]
        if len(slots) == 0 or len(slots) * 8 < slots[-1] + 1:
            yield slots, True, None, None
            continue
        flag = np.zeros(SLOTS, np.int64)
        flag[slots] = 1 << (FLAGS - 1)
        yield slots, False, flag, np.concatenate([[0], flag[:-1]]) << (FLAGS + 1)


def payload_bits(symbols: np.ndarray, near: np.ndarray, objects: Objects, tables: dict) -> tuple[float, float]:
    """Mean bits an event of its symbols, and of which slots are taken."""
    contexts = tables['contexts'].of(symbols, near)
    content = sum(float(bits_of(counts)[contexts[:, at], symbols[:, at]].sum()) for at, counts in enumerate(tables['symbols']))
    gap_cost, flag_cost, active = bits_of(tables['gaps']), bits_of(tables['flags']), 0.0
    for slots, sparse, flag, context in activity(objects):
        if sparse:
            buckets, raw = gap_buckets(slots)
            active += gap_cost[buckets].sum() + raw
        else:
            active += flag_cost[context, flag].sum()
    return content / objects.events, active / objects.events


def fidelity(objects: Objects, decoded: np.ndarray) -> dict:
    """Of each group: 68 % of objects are decoded within these; pT relative, angles in rad (eta: units of eta)."""
    values, found = objects.values.astype(np.float64), code_value()[decoded].astype(np.float64)
    result = {}
    for name, (begin, end) in GROUPS.items():
        rows = (objects.slots >= begin) & (objects.slots < end)
        pt = np.abs(found[rows, PT] - values[rows, PT]) / np.maximum(1, values[rows, PT] - 1)
        turn = np.abs(found[rows, PHI] - values[rows, PHI])
        phi = np.minimum(turn, PHI_STEPS - turn) * 2 * np.pi / PHI_STEPS
        there = rows & (values[:, ETA] > 0)
        row = {'pt_68': float(np.quantile(pt, 0.68)), 'pt_95': float(np.quantile(pt, 0.95)), 'phi_68': float(np.quantile(phi, 0.68))}
        if there.any():
            eta = np.abs(found[there, ETA] - values[there, ETA]) * ETA_STEP
            row |= {'eta_68': float(np.quantile(eta, 0.68))}
        row |= {'eta_presence_wrong': float(((found[rows, ETA] > 0) != (values[rows, ETA] > 0)).mean())}
        result[name] = row
    return result


def draw(path: str, objects: Objects, decoded: np.ndarray) -> None:
    values, found = objects.values.astype(float), code_value()[decoded].astype(float)
    figure, axes = plt.subplots(1, 4, figsize=(16, 3.6), layout='constrained')
    for axis, label in enumerate(('pT', 'eta', 'phi')):
        axes[0].hist(objects.cells[:, axis], bins=np.arange(257), histtype='step', log=True, label=label)
    axes[0].set(xlabel='cell code', title=f'{NAME}: what it sees')
    axes[0].legend()
    axes[1].hist2d(np.log2(values[:, PT]), np.clip(found[:, PT] / values[:, PT] - 1, -0.3, 0.3), bins=(60, 61), cmin=1, norm='log')
    axes[1].set(xlabel='log2(pT / 0.5 GeV)', ylabel='relative error of pT')
    eta = values[:, ETA] > 0
    axes[2].hist(((found - values)[eta, ETA] * ETA_STEP).clip(-0.3, 0.3), bins=61, histtype='step', log=True)
    axes[2].set(xlabel='error of eta')
    turn = (found - values)[:, PHI]
    axes[3].hist(((turn + PHI_STEPS / 2) % PHI_STEPS - PHI_STEPS / 2).clip(-8, 8) * 2 * np.pi / PHI_STEPS, bins=61, histtype='step', log=True)
    axes[3].set(xlabel='error of phi, rad')
    figure.savefig(path, dpi=80)
    plt.close(figure)


def main() -> None:
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument('--data', required=True, help='folder of l1_make_events.ts')
    parse.add_argument('--out', default=f'models/{NAME}/{VERSION}')
    parse.add_argument('--seed', type=int, default=20263)
    options = parse.parse_args()
    training = objects_of(np.load(os.path.join(options.data, 'train.npy'))[:60_000])
    test = objects_of(np.load(os.path.join(options.data, 'test.npy'))[:20_000])
    # Each group counts alike, whatever its share of the objects.
    rng = np.random.default_rng(options.seed)
    groups = [np.nonzero((training.slots >= a) & (training.slots < b))[0] for a, b in GROUPS.values()]
    balanced = training.cells[np.concatenate([rng.choice(rows, 200_000) for rows in groups] + [np.arange(len(training.slots))])]
    start = time.monotonic()
    layers = integer_encoder(SHAPE, folded_encoder(balanced))
    codes = symbol_codes(layers, balanced)
    seconds = time.monotonic() - start
    graphs = {'encoder': encoder_graph(SHAPE, layers, NAME), 'decoder': decoder_graph(codes)}
    encode, decoding = session(graphs['encoder']), session(graphs['decoder'])
    random = rng.integers(0, 256, (50_000, FIELDS), dtype=np.uint8)
    for cells in (random, test.cells):
        refuse_unequal(SHAPE, layers, encode, cells)
    symbols, near = run_rows(encode, training.cells), previous_rows(training)
    tables = fit_tables(symbols, near, training)
    tested, test_near = run_rows(encode, test.cells), previous_rows(test)
    decoded = run_rows(decoding, tested)
    content, active = payload_bits(tested, test_near, test, tables)
    metrics = {
        'normal': {
            'events': test.events,
            'objects_per_event': float(np.diff(test.first).mean()),
            'bits_per_event': content + active,
            'bits_per_object': content / float(np.diff(test.first).mean()),
            'active_bits_per_event': active,
            'resolution': fidelity(test, decoded),
            **codebook(SHAPE, tested),
            'saturated_digits': saturated_share(SHAPE, layers, test.cells[:100_000]),
        },
        'encoder_ms_per_7000_patches': run_ms(encode, test.cells[:7000]),
        'decoder_ms_per_7000_patches': run_ms(decoding, tested[:7000]),
        'encoder_parameters': int(sum(layer['w'].size + layer['b'].size for layer in layers)),
        'encoder_worst_sum': max(layer['worst'] for layer in layers),
        'decoder_parameters': int(codes.size),
    }
    os.makedirs(options.out, exist_ok=True)
    draw(os.path.join(options.out, 'training.png'), test, decoded)
    widths = {'encoder': (FIELDS, SHAPE.symbols), 'decoder': (SHAPE.symbols, FIELDS)}
    files = write_graphs(options.out, graphs, widths)
    packages = ('numpy', 'onnx', 'onnxruntime')
    card = {
        'name': NAME,
        'version': VERSION,
        'instruments': ['l1-objects'],
        'patch': [1, FIELDS],
        'inputTable': input_table().tolist(),
        'codeAdc': code_value().tolist(),
        'levels': [SHAPE.levels] * SHAPE.digits,
        'symbolDigits': SHAPE.symbol_digits,
        'symbolsPerPatch': SHAPE.symbols,
        'alphabet': SHAPE.alphabet,
        **files,
        'neighbours': [],
        'contexts': tables['contexts'].as_json(),
        'symbolCounts': [counts.tolist() for counts in tables['symbols']],
        'gapCounts': tables['gaps'].tolist(),
        'activeCounts': tables['flags'].tolist(),
        'metrics': rounded(metrics),
        'provenance': {
            'made_by': 'models/train/train_l1_fsq.py',
            'licence': 'Apache-2.0',
            'note': 'Simulated trigger objects, p+p at 13 TeV, by models/train/l1_make_events.ts',
            'data': [{'kind': name, 'file': f'{name}.npy', 'sha256': sha256_of(os.path.join(options.data, f'{name}.npy'))} for name in ('train', 'test')],
            'events': {'train': training.events, 'test': test.events},
            'training_patches': len(balanced),
            'seed': options.seed,
            'hidden': list(SHAPE.hidden),
            'training_seconds': round(seconds),
            'python': platform.python_version(),
            'packages': {name: importlib.metadata.version(name) for name in packages},
        },
    }
    write_json(os.path.join(options.out, 'card.json'), card)
    write_companions(options.out, NAME, SHAPE, layers, test.cells)
    print(json.dumps(card['metrics'], indent=1), flush=True)


if __name__ == '__main__':
    main()
