"""
The picture beside a card: how the training went, and what the model does to charge, patch by patch. It refuses to
judge; the figures it draws are in the card.
"""

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt
import numpy as np

from tpc_patches import CodeScale, Wedges


def draw(path: str, name: str, scale: CodeScale, curve: list, figures: dict, truth: Wedges, decoded: np.ndarray):
    """curve: rows [phase, step, seconds, bits, error, price]; decoded: cell codes of the patches of `truth`."""
    rows = np.array(curve)
    figure, axes = plt.subplots(1, 3, figsize=(14, 4), layout='constrained')
    axes[0].plot(rows[:, 2], rows[:, 4], label='log error a patch')
    axes[0].set(xlabel='seconds', ylabel='Σ|Δ log2(ADC+1)| a patch', yscale='log', title=f'{name}: training')
    bits = axes[0].twinx()
    bits.plot(rows[:, 2], rows[:, 3], color='tab:orange', label='bits a patch')
    bits.set_ylabel('bits a patch (prior)')
    figure.legend(loc='outside lower left', ncols=2)

    axes[1].scatter(rows[:, 3], rows[:, 4], c=rows[:, 1], s=8)
    axes[1].set(xlabel='bits a patch', ylabel='log error a patch', title='rate–distortion on the way', yscale='log')

    adc = scale.code_adc().astype(np.float64)
    wanted, found = adc[truth.cells].sum(1), adc[decoded].sum(1)
    axes[2].hist2d(np.log2(wanted + 1), np.clip(found / wanted - 1, -1, 1), bins=(60, 81), cmin=1, norm='log')
    title = f'log-MAE {figures["log_mae"]:.3f} at {figures["packet_ratio_16bit_dense"]:.0f}×'
    axes[2].set(xlabel='log2(charge of a patch + 1)', ylabel='relative error', title=title)
    figure.savefig(path, dpi=80)
    plt.close(figure)
