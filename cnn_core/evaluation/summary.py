"""The few figures by which networks of one data set are set side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.evaluation.calibration import calibration
from cnn_core.evaluation.confusion import accuracy, classification_report, wilson_interval
from cnn_core.evaluation.curves import roc_curve


@dataclass(frozen=True)
class Summary:
    """Scores of a network in one line; all figures are shares in [0, 1].

    Attributes:
        accuracy: Share of images answered right.
        interval: Interval in which the accuracy lies with 95% confidence, lower and upper bound.
        macro_f1: Mean F1 of the classes.
        lowest_precision: Precision of the class where it is lowest.
        lowest_recall: Recall of the class where it is lowest.
        mean_auc: Mean area under the classes' ROC curves.
        calibration_error: Expected calibration error, with 15 bins.
    """

    accuracy: float
    interval: tuple[float, float]
    macro_f1: float
    lowest_precision: float
    lowest_recall: float
    mean_auc: float
    calibration_error: float


def summarise(logits: np.ndarray, labels: np.ndarray) -> Summary:
    """Measure how right a network is in every way that is one number.

    Args:
        logits: (n, classes).
        labels: (n,) integers; every class must occur.

    Returns:
        A Summary.

    Raises:
        ValueError: The labels do not fit the logits, or a class never occurs.
    """
    right, report = accuracy(logits, labels), classification_report(logits, labels)
    areas = [roc_curve(logits, labels, i).area for i in range(logits.shape[1])]
    return Summary(
        accuracy=right,
        interval=wilson_interval(right, len(labels)),
        macro_f1=report.macro.f1,
        lowest_precision=min(each.precision for each in report.classes),
        lowest_recall=min(each.recall for each in report.classes),
        mean_auc=float(np.mean(areas)),
        calibration_error=calibration(logits, labels).error,
    )
