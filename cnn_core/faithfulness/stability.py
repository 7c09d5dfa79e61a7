"""Do two maps rank the pixels alike? And does a map hold still when the picture hardly changes?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from cnn_core.faithfulness.baseline import Baseline

if TYPE_CHECKING:
    import keras

# Makes the heatmap (height, width) of a picture for a network.
MapMaker = Callable[["keras.Model", np.ndarray], np.ndarray]

NUM_COPIES = 5
NOISE = 0.05


def rank_correlation(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float | None:
    """Compute Spearman's rank correlation: do two maps put the pixels into the same order?

    1 is the same order, 0 no relation, -1 the reversed order.

    Args:
        first: (height, width).
        second: (height, width).
        where: (height, width) bool, the pixels that count.

    Returns:
        A number in [-1, 1], or None if one of the maps is constant there: it has no order.

    Example:
        >>> rank_correlation(np.array([[1, 2, 3]]), np.array([[2, 4, 9]]), np.ones((1, 3), bool))
        1.0
    """
    from scipy import stats  # half a second

    ranked = first[where], second[where]
    if any(np.ptp(values) == 0 for values in ranked):
        return None
    return float(np.clip(stats.spearmanr(*ranked).statistic, -1, 1))


def stability(
    make_map: MapMaker,
    model: keras.Model,
    image: np.ndarray,
    heatmap: np.ndarray,
    baseline: Baseline,
    *,
    num_copies: int = NUM_COPIES,
    noise: float = NOISE,
    seed: int = 0,
) -> float | None:
    """Compute how far a map keeps its order under changes that the eye hardly sees.

    The mean rank correlation of the map with those of noisy copies. Noise of the given deviation
    is added to the pixels that can be deleted, and cut to [0, 1].

    Reference: David Alvarez-Melis and Tommi S. Jaakkola, "On the Robustness of Interpretability
    Methods", 2018, https://arxiv.org/abs/1806.08049

    Args:
        make_map: Makes the map of a copy.
        model: The network explained.
        image: (height, width, channels) in [0, 1].
        heatmap: (height, width), the map of the picture itself.
        baseline: Ground of the picture; its noisy pixels are those compared.
        num_copies: Noisy copies.
        noise: Standard deviation, of a range of 1.
        seed: Seed of the noise.

    Returns:
        A number in [-1, 1], 1 for a map that does not change; None if there is no map to compare.
    """
    copies = noisy_copies(image, baseline, num_copies=num_copies, noise=noise, seed=seed)
    return mean_correlation(
        rank_correlation(heatmap, make_map(model, copy), baseline.is_deletable) for copy in copies
    )


def noisy_copies(
    image: np.ndarray,
    baseline: Baseline,
    *,
    num_copies: int = NUM_COPIES,
    noise: float = NOISE,
    seed: int = 0,
) -> np.ndarray:
    """Return the copies that stability() makes maps of: (num_copies, height, width, channels)."""
    random = np.random.default_rng(seed).standard_normal((num_copies, *image.shape), np.float32)
    copies: np.ndarray = np.clip(
        image + np.float32(noise) * random * baseline.is_deletable[..., None], 0, 1
    )
    return copies


def mean_correlation(found: Iterable[float | None]) -> float | None:
    """Compute the mean of the correlations that exist; None if none exists."""
    compared = [value for value in found if value is not None]
    return float(np.mean(compared)) if compared else None
