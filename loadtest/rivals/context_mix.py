"""
The strongest context-mixing bound we measure: occupancy and lossless ADC of a wedge predicted bit by bit by many
contexts, joined by gated logistic mixing (after Mahoney's PAQ) and a final adaptive correction. It gives ideal code
lengths, not bytes, learns from training wedges first and goes on learning while it codes; it is far too slow and too
heavy in state for a detector, refuses to be a codec, and stands only for what hand-made contexts can reach.

Orders: occupancy first, in raster order (layer, azimuth, time), from causal occupancy alone; then the ADC values in
the same order, from the whole occupancy and the causal values.
"""

import numpy as np
from numba import njit

LAYERS, AZIMUTHS, TIMES = 16, 192, 249
# margins of the padded grid: two layers before and one after, four azimuths and twenty times either side
PL, PA, PT = 2, 4, 20
PADDED = (LAYERS + PL + 1, AZIMUTHS + 2 * PA, TIMES + 2 * PT)
TABLE_BITS = 22
MASK_INPUTS, ADC_INPUTS = 16, 16
FEATURES = 22
COUNT_LIMIT = 1000.0


@njit(cache=True, fastmath=True)
def _mix_bit(bit, count, index, p, n, weights, gates, sets, apm, apm_at, rate, inputs, outputs):
    """
    One binary decision: `count` counters at p/n[k, index[k]], `sets` weight sets chosen by `gates`, averaged in the
    logistic domain, then one correction table. Returns the cost in bits and learns the bit.
    """
    for k in range(count):
        q = p[k, index[k]]
        confidence = n[k, index[k]]
        inputs[k] = np.log(q / (1 - q)) * (confidence + 0.1) / (confidence + 0.6)
    inputs[count] = 0.3
    total = 0.0
    for s in range(sets):
        dot = 0.0
        for k in range(count + 1):
            dot += weights[s, gates[s], k] * inputs[k]
        outputs[s] = dot
        total += dot
    total = min(max(total / sets, -11.5), 11.5)
    mixed = 1 / (1 + np.exp(-total))
    cell = (total + 12) * 2
    low = int(cell)
    share = cell - low
    corrected = apm[apm_at, low] * (1 - share) + apm[apm_at, low + 1] * share
    final = min(max(0.5 * mixed + 0.5 * corrected, 1e-5), 1 - 1e-5)
    cost = -np.log2(final if bit else 1 - final)

    for s in range(sets):
        error = bit - 1 / (1 + np.exp(-min(max(outputs[s], -11.5), 11.5)))
        for k in range(count + 1):
            weights[s, gates[s], k] += rate * error * inputs[k]
    apm[apm_at, low] += 0.02 * (1 - share) * (bit - apm[apm_at, low])
    apm[apm_at, low + 1] += 0.02 * share * (bit - apm[apm_at, low + 1])
    for k in range(count):
        c = n[k, index[k]]
        q = p[k, index[k]] + (bit - p[k, index[k]]) / (c + 1.6)
        p[k, index[k]] = min(max(q, 1e-4), 1 - 1e-4)
        if c < COUNT_LIMIT:
            n[k, index[k]] = c + 1
    return cost


@njit(cache=True)
def _window(row, t, before, after):
    """Bits row[t−before … t+after] as an integer."""
    word = 0
    for i in range(t - before, t + after + 1):
        word = word << 1 | (row[i] > 0)
    return word


@njit(cache=True)
def _ones(word):
    total = 0
    while word:
        word &= word - 1
        total += 1
    return total


@njit(cache=True)
def _slot(a, b):
    """Hash of a context to a table index; small contexts map without collision."""
    key = a * 1024 + b
    if key < (1 << TABLE_BITS):
        return key
    key = (key ^ (key >> 23)) * 0x9E3779B97F4A7C1
    key ^= key >> 29
    return (key * 0x2545F4914F6CDD1 >> 13) & ((1 << TABLE_BITS) - 1)


@njit(cache=True, fastmath=True)
def mask_cost(grid, p, n, weights, apm, rate):
    """Bits to code which voxels of the padded `grid` are hit; learns on the way."""
    index = np.zeros(MASK_INPUTS, np.int64)
    gates = np.zeros(3, np.int64)
    inputs = np.zeros(MASK_INPUTS + 1)
    outputs = np.zeros(3)
    cost = 0.0
    for l in range(PL, PL + LAYERS):
        for a in range(PA, PA + AZIMUTHS):
            own = grid[l, a]
            up, up2, up3 = grid[l, a - 1], grid[l, a - 2], grid[l, a - 3]
            in0, in1, in2 = grid[l - 1, a], grid[l - 1, a - 1], grid[l - 1, a + 1]
            in3, in4 = grid[l - 1, a - 2], grid[l - 1, a + 2]
            far = grid[l - 2, a]
            far1, far2 = grid[l - 2, a - 1], grid[l - 2, a + 1]
            own_past, run, gap = 0, 0, 63
            for t in range(PT, PT + TIMES):
                u = _window(up, t, 8, 9)  # 18 bits, t at bit 9
                u2 = _window(up2, t, 4, 4)
                u3 = _window(up3, t, 3, 3)
                i0 = _window(in0, t, 4, 5)
                i1, i2 = _window(in1, t, 2, 2), _window(in2, t, 2, 2)
                i3, i4 = _window(in3, t, 2, 2), _window(in4, t, 2, 2)
                f = _window(far, t, 2, 2)
                around_far = _ones(_window(far1, t, 2, 2)) + _ones(_window(far2, t, 2, 2)) + _ones(f)
                u_near = (u >> 4) & 1023  # t−4 … t+5
                u_mid = (u >> 6) & 63  # t−2 … t+3
                # the run of the row above that covers or follows t: where it ends, up to nine bins on
                ends = 0
                while ends < 9 and (u >> (9 - ends)) & 1:
                    ends += 1
                inner = _ones(i0) + _ones(i1) + _ones(i2) + _ones(i3) + _ones(i4)
                density = min(_ones(u), 15) * 16 + min(_ones(u2) + _ones(u3), 15)

                index[0] = _slot(own_past & 63, u_near)
                index[1] = _slot((own_past & 7) << 8 | (u2 >> 2 & 31) << 3 | (i0 >> 4 & 7), u_mid)
                index[2] = _slot((own_past & 15) << 7 | (i0 >> 2 & 127), (i1 >> 1 & 7) << 3 | (i2 >> 1 & 7))
                index[3] = _slot(own_past & 0xFFF, u_mid >> 1 & 15)
                index[4] = _slot((own_past & 3) << 9 | (u >> 9), u & 511)
                index[5] = _slot(
                    (own_past & 3) << 8 | (i0 >> 4 & 7) << 5 | (u_mid >> 2 & 3) << 3 | (i1 >> 1 & 7),
                    (i2 >> 1 & 7) << 6 | (i3 >> 1 & 7) << 3 | (i4 >> 1 & 7),
                )
                around = min(inner, 20) << 4 | min(around_far, 15)
                index[6] = _slot(min(_ones(own_past & 255), 8) << 8 | density, around)
                index[7] = _slot(
                    (own_past & 7) << 6 | u_mid, (u2 >> 3 & 7) << 6 | (i0 >> 4 & 7) << 3 | (f >> 1 & 7)
                )
                index[8] = _slot(min(run, 15) << 6 | min(gap, 31) << 1 | (u >> 9 & 1), ends << 5 | (u >> 4 & 31))
                index[9] = _slot((own_past & 3) << 5 | (l - PL), (a - PA) // 6 << 5 | (t - PT) // 8)
                index[10] = _slot((own_past & 7) << 6 | u_mid, (u2 >> 1 & 31) << 5 | (u3 >> 1 & 31))
                index[11] = _slot((own_past & 31) << 6 | u_mid, i0 >> 2 & 127)
                index[12] = _slot(
                    (own_past & 15) << 10 | (u >> 5 & 63) << 4 | (u2 >> 3 & 7) << 1 | 1,
                    (i0 >> 3 & 31) << 5 | (i2 & 31),
                )
                index[13] = _slot(min(run, 15) << 8 | min(gap, 15) << 4 | ends, min(inner, 20) << 4 | min(_ones(u2), 9))
                index[14] = _slot((i0 >> 1 & 511) << 1 | (own_past & 1), (i1 & 31) << 5 | (i2 & 31))
                index[15] = _slot((own_past & 7) << 9 | density << 1, (f & 31) << 5 | (i0 >> 3 & 31))
                gates[0] = (own_past & 7) << 6 | u_mid
                gates[1] = min(inner, 20) * 16 + min(around_far, 15)
                gates[2] = min(run, 15) * 16 + ends
                bit = 1 if own[t] > 0 else 0
                cost += _mix_bit(
                    bit, MASK_INPUTS, index, p, n, weights, gates, 3, apm, gates[0], rate, inputs, outputs
                )
                own_past = (own_past << 1 | bit) & 0xFFFF
                run, gap = (run + 1, 0) if bit else (0, min(gap + 1, 63))
    return cost


@njit(cache=True)
def _level(adc, per_octave):
    """0 for no hit, else 1 + steps of log2 above 64."""
    if adc == 0:
        return 0
    return 1 + int((np.log2(adc + 1.0) - 6.0) * per_octave)


@njit(cache=True, fastmath=True)
def adc_cost(grid, p, n, weights, apm, state, gain, rate):
    """
    Bits to code the ADC values of all hits, occupancy known; `state` and `gain` are the coefficients and the inverse
    covariance of a recursive least-squares prediction of log2(ADC+1) from the neighbours. Learns on the way.
    """
    index = np.zeros(ADC_INPUTS, np.int64)
    where = np.zeros(ADC_INPUTS, np.int64)
    gates = np.zeros(3, np.int64)
    inputs = np.zeros(ADC_INPUTS + 1)
    outputs = np.zeros(3)
    x = np.zeros(FEATURES)
    gx = np.zeros(FEATURES)
    cost = 0.0
    for l in range(PL, PL + LAYERS):
        for a in range(PA, PA + AZIMUTHS):
            row, up, up2, down = grid[l, a], grid[l, a - 1], grid[l, a - 2], grid[l, a + 1]
            inner, outer = grid[l - 1, a], grid[l + 1, a]
            since = 0
            miss = 0.3
            for t in range(PT, PT + TIMES):
                adc = row[t]
                if adc == 0:
                    since = 0
                    continue
                left = 0
                while left < 9 and row[t + left + 1] > 0:
                    left += 1
                w, ww, www = row[t - 1], row[t - 2], row[t - 3]
                nn, nw, ne, nee, n2 = up[t], up[t - 1], up[t + 1], up[t + 2], up2[t]
                above = 0
                while above < 3 and grid[l, a - 1 - above, t] > 0:
                    above += 1
                below = 0
                while below < 3 and grid[l, a + 1 + below, t] > 0:
                    below += 1
                ring = (
                    (w > 0)
                    | (row[t + 1] > 0) << 1
                    | (nn > 0) << 2
                    | (down[t] > 0) << 3
                    | (nw > 0) << 4
                    | (ne > 0) << 5
                    | (down[t - 1] > 0) << 6
                    | (down[t + 1] > 0) << 7
                )
                outside = (row[t + 2] > 0) | (ww > 0) << 1 | (n2 > 0) << 2 | (grid[l, a + 2, t] > 0) << 3
                through = (inner[t] > 0) | (outer[t] > 0) << 1

                values = (w, ww, www, nn, nw, ne, nee, n2, inner[t])
                for k in range(9):
                    x[k] = np.log2(values[k] + 1.0) - 6.0 if values[k] else 0.0
                x[9], x[10], x[11], x[12] = 1.0, w > 0, nn > 0, ww > 0
                x[13], x[14], x[15] = row[t + 1] > 0, row[t + 2] > 0, down[t] > 0
                x[16], x[17] = down[t + 1] > 0, down[t - 1] > 0
                x[18], x[19], x[20] = min(since, 4) == 0, min(left, 5) * 0.2, ne > 0
                x[21] = x[0] * x[3] if w and nn else 0.0
                prediction = 0.0
                for k in range(FEATURES):
                    prediction += state[k] * x[k]
                shown = min(max(prediction, 0.0), 3.99)
                fine, coarse = int(shown * 16), int(shown * 6)
                # the pulse above, scaled by how this row compares one bin earlier
                ratio = 0.0
                if w and nn and nw:
                    ratio = min(max(x[0] + x[3] - x[4], 0.0), 3.99)
                w8, w4, n8, n4 = _level(w, 8), _level(w, 4), _level(nn, 8), _level(nn, 4)
                i, j = min(since, 7), min(left, 7)

                where[0] = i << 3 | j
                where[1] = (w8 << 5 | _level(ww, 4)) << 2 | min(i, 3)
                where[2] = w8 << 6 | n8
                where[3] = (n8 << 5 | _level(ne, 4)) << 5 | _level(nw, 4)
                where[4] = ((w4 << 5 | n4) << 2 | min(j, 3)) << 1 | (down[t] > 0)
                where[5] = fine
                where[6] = (coarse << 3 | i) << 3 | j
                where[7] = ((w4 << 5 | _level(ww, 4)) << 5 | _level(www, 4)) << 2 | min(j, 3)
                where[8] = ((n4 << 5 | _level(n2, 4)) << 5 | w4) << 1 | (down[t] > 0)
                where[9] = (_level(inner[t], 4) << 5 | w4) << 5 | n4
                where[10] = (ring << 4 | outside) << 2 | through
                where[11] = int(ratio * 12) << 5 | coarse
                where[12] = ((l - PL) << 3 | i) << 3 | j
                where[13] = (coarse << 8 | ring) << 2 | min(i, 3)
                where[14] = ((above << 2 | below) << 3 | i) << 8 | j << 5 | w4
                where[15] = (fine << 5 | w4) << 5 | n4

                octave = 0
                while octave < 3 and adc >= 128 << octave:
                    octave += 1
                depth_max = 2 + 6 + octave
                node = 1
                for depth in range(depth_max):
                    if depth < 2:
                        bit = octave >> (1 - depth) & 1
                        place = node
                    else:
                        bit = adc >> (depth_max - 1 - depth) & 1
                        # beyond five mantissa bits the prefix says nothing: only the depth is kept
                        place = node if depth < 7 else 512 + octave * 16 + depth
                    for k in range(ADC_INPUTS):
                        index[k] = _slot(where[k] + 1, place)
                    gates[0] = min(octave if depth >= 2 else 0, 3) * 16 + depth
                    gates[1] = depth * 64 + i * 8 + j
                    gates[2] = depth * 64 + min(int(miss * 24), 15) * 4 + (w > 0) * 2 + (nn > 0)
                    cost += _mix_bit(
                        bit, ADC_INPUTS, index, p, n, weights, gates, 3, apm, gates[0], rate, inputs, outputs
                    )
                    node = node << 1 | bit

                error = np.log2(adc + 1.0) - 6.0 - prediction
                miss = 0.7 * miss + 0.3 * abs(error)
                _least_squares(x, gx, error, state, gain)
                since += 1
    return cost


@njit(cache=True, fastmath=True)
def _least_squares(x, gx, error, state, gain):
    """One step of recursive least squares, nothing forgotten: with silent features, forgetting would diverge."""
    power = 1.0
    for r in range(FEATURES):
        dot = 0.0
        for c in range(FEATURES):
            dot += gain[r, c] * x[c]
        gx[r] = dot
        power += dot * x[r]
    for r in range(FEATURES):
        state[r] += gx[r] / power * error
        for c in range(FEATURES):
            gain[r, c] -= gx[r] * gx[c] / power


class Bound:
    """The two predictors and what they have learnt. `cost(grid)` gives (mask bits, ADC bits) and learns the wedge."""

    def __init__(self):
        size = 1 << TABLE_BITS
        self.mask = _predictor(MASK_INPUTS, size)
        self.adc = _predictor(ADC_INPUTS, size)
        self.state = np.zeros(FEATURES)
        self.state[9] = 0.9
        self.gain = np.eye(FEATURES) * 10

    def cost(self, grid: np.ndarray, rate: float) -> tuple[float, float]:
        padded = np.zeros(PADDED, np.int32)
        padded[PL : PL + LAYERS, PA : PA + AZIMUTHS, PT : PT + TIMES] = grid
        return (
            mask_cost(padded, *self.mask, rate),
            adc_cost(padded, *self.adc, self.state, self.gain, rate),
        )


def _predictor(count: int, size: int):
    p = np.full((count, size), 0.5, np.float32)
    n = np.zeros((count, size), np.float32)
    weights = np.full((3, 1024, count + 1), 0.25)
    points = 1 / (1 + np.exp(-(np.arange(50) / 2 - 12)))
    apm = np.tile(points, (1024, 1))
    return p, n, weights, apm
