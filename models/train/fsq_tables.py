"""
The static tables that price a packet's tokens, as `src/codec/tokens.ts` uses them: which patches are active, a
patch's first symbol under the classes of its earlier neighbours, and each later symbol under the class of the first
and of the one earlier symbol of the patch that tells most about it. Counted on training wedges
only; it refuses nothing and decides nothing about networks.
"""

import numpy as np

from tpc_patches import GAP_BUCKETS, GRID, NEIGHBOURS, Wedges, gap_buckets

TABLE_BITS = 12  # static tables are normalised to 12-bit frequencies
TOTAL_MAX = 1 << 13  # counts of one table in the card: finer than its frequencies, small in print
OWN_CLASSES, PARENT_CLASSES, NEAR_CLASSES, FIRST_CONTEXTS = 8, 8, 8, 32
LATER_CONTEXTS = OWN_CLASSES * PARENT_CLASSES
PARENT_ROWS = 500_000  # rows that decide which symbol tells most about another
EARLIER = 3  # neighbours coded before a patch, in front of NEIGHBOURS: time, azimuth, layer
FLAGS = 4  # patches along time whose activity is one symbol
FLAG_CONTEXTS = 1 << (2 * FLAGS + 1)


def cluster(counts: np.ndarray, groups: int, rounds: int = 40) -> np.ndarray:
    """
    Labels 0 … groups−1 of the rows of `counts` [rows, symbols] so that rows that share a table lose few bits:
    Lloyd's algorithm with Kullback–Leibler cost, started from runs of rows in order of their mean symbol.
    """
    weight = counts.sum(1)
    share = (counts + 1e-3) / (counts + 1e-3).sum(1, keepdims=True)
    order = np.argsort(share @ np.arange(counts.shape[1]), kind='stable')
    place = np.cumsum(weight[order]) / max(1, weight.sum())
    label = np.zeros(len(counts), np.int64)
    label[order] = np.minimum(groups - 1, (place * groups).astype(np.int64))
    for _ in range(rounds):
        table = np.stack([counts[label == group].sum(0) for group in range(groups)]) + 0.05
        cost = -share @ np.log2(table / table.sum(1, keepdims=True)).T
        moved = cost.argmin(1)
        if np.array_equal(moved, label):
            break
        label = moved
    return label


def bits_of(counts: np.ndarray) -> np.ndarray:
    """Cost in bits of each symbol (last axis) under the 12-bit frequencies of `counts`, every symbol at least 1."""
    total = np.maximum(1, counts.sum(-1, keepdims=True))
    frequency = np.maximum(1, np.round(counts / total * (1 << TABLE_BITS)))
    return -np.log2(frequency / frequency.sum(-1, keepdims=True))


def lowered(counts: np.ndarray) -> np.ndarray:
    """Counts scaled so that no table (last axis) exceeds TOTAL_MAX; none that occurred becomes 0."""
    total = counts.sum(-1, keepdims=True)
    scaled = np.round(counts * (TOTAL_MAX / np.maximum(total, TOTAL_MAX))).astype(np.int64)
    return np.where(counts > 0, np.maximum(1, scaled), 0)


def is_sparse(ids: np.ndarray) -> bool:
    """Under an eighth of the patches up to the last active one, as `src/codec/tokens.ts` decides it."""
    return len(ids) == 0 or len(ids) * 8 < int(ids[-1]) + 1


def frames_of(wedges: Wedges):
    for frame in range(wedges.frames):
        yield wedges.ids[wedges.first[frame] : wedges.first[frame + 1]]


def flag_symbols(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Activity of one frame, four patches along time a symbol (the earliest most significant), and each one's
    context: the symbol one azimuth before, the one a layer before, and the flag just before.
    """
    active = np.zeros(GRID[0] * GRID[1] * GRID[2], np.int64)
    active[ids] = 1
    symbols = active.reshape(*GRID[:2], -1, FLAGS) @ (1 << np.arange(FLAGS - 1, -1, -1))
    above, before, last = (np.zeros_like(symbols) for _ in range(3))
    above[:, 1:], before[1:], last[..., 1:] = symbols[:, :-1], symbols[:-1], symbols[..., :-1] & 1
    return symbols.ravel(), ((above << (FLAGS + 1)) | (before << 1) | last).ravel()


class Contexts:
    """Which table a symbol takes: classes of symbols, and the map from earlier neighbours' classes."""

    def __init__(self, own: np.ndarray, near: np.ndarray):
        # Bytes: there is one a symbol of every training patch.
        self.own, self.near = own.astype(np.uint8), near.astype(np.uint8)
        self.first = np.zeros(NEAR_CLASSES**EARLIER, np.uint8)
        self.parent = [0]
        self.parent_class = [np.zeros(len(own), np.uint8)]

    def of(self, symbols: np.ndarray, near: np.ndarray) -> np.ndarray:
        """symbols: [rows, positions], near: [rows, neighbours] as `neighbour_rows`. Gives [rows, positions]."""
        contexts = np.empty_like(symbols)
        contexts[:, 0] = self.first[self.near_index(symbols[:, 0], near)]
        own = self.own[symbols[:, 0]] * np.uint8(PARENT_CLASSES)
        for at in range(1, symbols.shape[1]):
            contexts[:, at] = own + self.parent_class[at][symbols[:, self.parent[at]]]
        return contexts

    def near_index(self, first_symbols: np.ndarray, near: np.ndarray) -> np.ndarray:
        classes = np.append(self.near[first_symbols], np.uint8(0))  # the row past the last is absent
        index = np.zeros(len(near), np.int16)
        for column in range(EARLIER):
            index = index * NEAR_CLASSES + classes[near[:, column]]
        return index

    def as_json(self) -> dict:
        return {
            'own': self.own.tolist(),
            'near': self.near.tolist(),
            'first': self.first.tolist(),
            'parent': self.parent,
            'parentClass': [one.tolist() for one in self.parent_class],
        }


def table_counts(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(rows.astype(np.int64) * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)


def entropy_bits(counts: np.ndarray) -> float:
    """Bits of all symbols (last axis) given their row."""
    share = counts / np.maximum(1, counts.sum(-1, keepdims=True))
    return float(-(counts * np.log2(np.maximum(share, 1e-12))).sum())


def fit_parent(contexts: Contexts, symbols: np.ndarray, at: int, alphabet: int) -> None:
    """Chooses the earlier symbol under which, with the own class, symbol `at` costs least, and its classes."""
    few = symbols[:: max(1, len(symbols) // PARENT_ROWS)].astype(np.int64)
    own = contexts.own[few[:, 0]].astype(np.int64)

    def joint(parent: int) -> np.ndarray:
        counts = table_counts(few[:, parent] * OWN_CLASSES + own, few[:, at], (alphabet * OWN_CLASSES, alphabet))
        return counts.reshape(alphabet, OWN_CLASSES, alphabet)

    bits = [entropy_bits(joint(parent)) for parent in range(at)]
    parent = int(np.argmin(bits))
    contexts.parent.append(parent)
    classes = cluster(joint(parent).reshape(alphabet, -1), PARENT_CLASSES)
    contexts.parent_class.append(classes.astype(np.uint8))


def fit_contexts(symbols: np.ndarray, near: np.ndarray, alphabet: int) -> Contexts:
    first = symbols[:, 0].astype(np.int64)
    rest = [table_counts(first, column, (alphabet, alphabet)) for column in symbols.T[1:].astype(np.int64)]
    rest = rest or [table_counts(first, first, (alphabet, alphabet))]
    own = cluster(np.concatenate(rest, axis=1), OWN_CLASSES)
    padded = np.concatenate([first, [alphabet]])
    seen = sum(table_counts(padded[near[:, n]], first, (alphabet + 1, alphabet)) for n in range(EARLIER))
    contexts = Contexts(own, 1 + cluster(seen[:alphabet], NEAR_CLASSES - 1))
    together = table_counts(contexts.near_index(first, near), first, (NEAR_CLASSES**EARLIER, alphabet))
    contexts.first = cluster(together, FIRST_CONTEXTS).astype(np.uint8)
    for at in range(1, symbols.shape[1]):
        fit_parent(contexts, symbols, at, alphabet)
    return contexts


def fit_tables(symbols: list[np.ndarray], near: list[np.ndarray], groups: list[Wedges], alphabet: int) -> dict:
    """Everything the card needs to price tokens; the lists hold one entry a kind of collision."""
    starts = np.cumsum([0] + [len(one) for one in symbols])
    rows = np.concatenate([np.where(one == len(one), starts[-1], one + start) for one, start in zip(near, starts)])
    together = np.concatenate(symbols)
    contexts = fit_contexts(together, rows, alphabet)
    of = contexts.of(together, rows)
    counts = [
        table_counts(of[:, at], together[:, at], (FIRST_CONTEXTS if at == 0 else LATER_CONTEXTS, alphabet))
        for at in range(together.shape[1])
    ]
    gaps, flags = np.zeros(GAP_BUCKETS, np.int64), np.zeros((FLAG_CONTEXTS, 1 << FLAGS), np.int64)
    for wedges in groups:
        for ids in frames_of(wedges):
            if is_sparse(ids):
                gaps += np.bincount(gap_buckets(ids)[0], minlength=GAP_BUCKETS)
            else:
                active, context = flag_symbols(ids)
                flags += table_counts(context, active, flags.shape)
    symbols_lowered = [lowered(one) for one in counts]
    return {'contexts': contexts, 'symbols': symbols_lowered, 'gaps': lowered(gaps), 'flags': lowered(flags)}


def payload_bits(symbols: np.ndarray, near: np.ndarray, wedges: Wedges, tables: dict) -> tuple[np.ndarray, np.ndarray]:
    """Estimated bits of each frame's token layer, [frames]: of its symbols, and of which patches are active."""
    contexts = tables['contexts'].of(symbols, near)
    of_row = sum(
        bits_of(counts)[contexts[:, at], symbols[:, at]] for at, counts in enumerate(tables['symbols'])
    )
    gap_cost, flag_cost = bits_of(tables['gaps']), bits_of(tables['flags'])
    content, active = np.zeros(wedges.frames), np.zeros(wedges.frames)
    for frame, ids in enumerate(frames_of(wedges)):
        content[frame] = of_row[wedges.first[frame] : wedges.first[frame + 1]].sum()
        if is_sparse(ids):
            buckets, raw = gap_buckets(ids)
            active[frame] = gap_cost[buckets].sum() + raw
        else:
            flags, context = flag_symbols(ids)
            active[frame] = flag_cost[context, flags].sum()
    return content, active
