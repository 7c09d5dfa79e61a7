"""One class against the rest at every threshold: ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.evaluation.confusion import check_labels


@dataclass(frozen=True)
class Curve:
    """Curve of a class's probability as a test for the class, at every threshold.

    Attributes:
        x: (points,) false positive rate of a ROC curve, recall of a precision-recall curve.
        y: (points,) true positive rate of a ROC curve, precision of a precision-recall curve.
        thresholds: (points,) falling: at each point all images whose probability is at least the
            threshold are taken for the class; the first is infinite, where none is.
        area: Under a ROC curve (AUC), or the average precision; both are 1 for a perfect ranking.
    """

    x: np.ndarray
    y: np.ndarray
    thresholds: np.ndarray
    area: float


def roc_curve(logits: np.ndarray, labels: np.ndarray, class_index: int) -> Curve:
    """Compute the true positive rate of a class over its false positive rate.

    The area is the probability that an image of the class is ranked above one of the rest, ties
    counting one half. Points on the straight line between their neighbours are left out.

    Reference: Tom Fawcett, "An introduction to ROC analysis", 2006,
    https://doi.org/10.1016/j.patrec.2005.10.010

    Args:
        logits: (n, classes).
        labels: (n,) integers.
        class_index: The class that is told from the rest.

    Returns:
        A Curve from (0, 0) to (1, 1), its area the AUC.

    Raises:
        ValueError: The labels do not fit the logits, or are all or none of this class.
    """
    from sklearn import metrics

    is_class, odds = _ranked(logits, labels, class_index)
    if is_class.all():
        raise ValueError(
            f"Expected labels of other classes too. Received: class_index={class_index} only"
        )
    x, y, thresholds = metrics.roc_curve(is_class, odds, drop_intermediate=False)
    counts = np.rint([x * (~is_class).sum(), y * is_class.sum()])
    kept = np.pad(np.diff(counts, 2).any(axis=0), 1, constant_values=True)
    return Curve(x[kept], y[kept], _probabilities(thresholds[kept]), float(metrics.auc(x, y)))


def precision_recall_curve(logits: np.ndarray, labels: np.ndarray, class_index: int) -> Curve:
    """Compute the precision of a class over its recall.

    The area is the average precision: each step of recall times the precision at its end, since
    a straight line between two points would promise too much. Points between two of the same
    recall are left out.

    Reference: Jesse Davis and Mark Goadrich, "The Relationship Between Precision-Recall and ROC
    Curves", 2006, https://doi.org/10.1145/1143844.1143874

    Args:
        logits: (n, classes).
        labels: (n,) integers.
        class_index: The class that is told from the rest.

    Returns:
        A Curve from recall 0, where precision is taken as 1, to recall 1.

    Raises:
        ValueError: The labels do not fit the logits, or none is of this class.
    """
    from sklearn import metrics

    is_class, odds = _ranked(logits, labels, class_index)
    y, x, thresholds = metrics.precision_recall_curve(is_class, odds, drop_intermediate=True)
    area = float(metrics.average_precision_score(is_class, odds))
    return Curve(x[::-1], y[::-1], _probabilities(np.append(thresholds, np.inf)[::-1]), area)


def _ranked(
    logits: np.ndarray, labels: np.ndarray, class_index: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which images are of the class, and the log-odds of the class.

    Log-odds rank as probabilities do, and do not run into 1 where a network is very sure.
    """
    logits, labels = check_labels(logits, labels)
    if not 0 <= class_index < logits.shape[1] or class_index not in labels:
        raise ValueError(
            f"Expected class_index to be one of the labels. Received: class_index={class_index}"
        )
    values = logits.astype(np.float64)
    rest = np.logaddexp.reduce(np.delete(values, class_index, axis=1), axis=1)
    return labels == class_index, values[:, class_index] - rest


def _probabilities(odds: np.ndarray) -> np.ndarray:
    """Turn log-odds into probabilities; infinite ones, where no image is taken, stay infinite."""
    from scipy.special import expit

    return np.where(np.isinf(odds), np.inf, expit(odds))
