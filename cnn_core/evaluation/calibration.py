"""Whether a network's probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.evaluation.confusion import check_labels
from cnn_core.inference import softmax


@dataclass(frozen=True)
class Calibration:
    """Images grouped by the probability of their answer: what was promised and what was kept.

    Attributes:
        edges: (bins + 1,) from 0 to 1; a bin holds its upper edge.
        confidence: (bins,) mean probability of the answers in each bin; NaN if it is empty.
        accuracy: (bins,) share of right answers in each bin; NaN if it is empty.
        counts: (bins,) images in each bin.
        error: Expected calibration error, in [0, 1]: the mean distance of the two, each bin
            counting as many times as it has images.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    counts: np.ndarray
    error: float


def calibration(logits: np.ndarray, labels: np.ndarray, bins: int = 15) -> Calibration:
    """Compare the probabilities of the answers with how often answers so probable are right.

    Reference: Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", 2017,
    https://arxiv.org/abs/1706.04599

    Args:
        logits: (n, classes).
        labels: (n,) integers.
        bins: Groups of the same width, at least 1.

    Returns:
        A Calibration.

    Raises:
        ValueError: The labels do not fit the logits, or bins is below 1.

    Example:
        >>> found = calibration(np.log([[3, 1], [3, 1], [3, 1], [3, 1]]), [0, 0, 0, 1])
        >>> round(found.error, 6)
        0.0
    """
    logits, labels = check_labels(logits, labels)
    if bins < 1:
        raise ValueError(f"Expected bins of at least 1. Received: bins={bins}")
    confidence = softmax(logits).max(axis=1).astype(np.float64)
    is_right = logits.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    groups = np.searchsorted(edges[1:-1], confidence)
    counts = np.bincount(groups, minlength=bins)
    promised = np.bincount(groups, confidence, bins)
    kept = np.bincount(groups, is_right, bins)
    filled = np.where(counts > 0, counts, np.nan)
    error = float(np.abs(kept - promised).sum() / len(labels))
    return Calibration(edges, promised / filled, kept / filled, counts, error)
