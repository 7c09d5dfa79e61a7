"""How right a network is: pure functions of the logits it gave and the true classes.

counting    accuracy with its interval, the confusion matrix, the mistakes, the report by class
ranking     ROC and precision-recall curves of one class against the rest
confidence  whether the probabilities mean what they say
comparison  two networks on the same images
summary     one line for each network
"""

from __future__ import annotations

from cnn_core.evaluation.calibration import Calibration, calibration
from cnn_core.evaluation.confusion import (
    ClassificationReport,
    ClassReport,
    Mistake,
    accuracy,
    classification_report,
    confusion_matrix,
    misclassified,
    wilson_interval,
)
from cnn_core.evaluation.curves import Curve, precision_recall_curve, roc_curve
from cnn_core.evaluation.mcnemar import McNemar, disagreements, mcnemar
from cnn_core.evaluation.summary import Summary, summarise

__all__ = [
    "Calibration",
    "ClassReport",
    "ClassificationReport",
    "Curve",
    "McNemar",
    "Mistake",
    "Summary",
    "accuracy",
    "calibration",
    "classification_report",
    "confusion_matrix",
    "disagreements",
    "mcnemar",
    "misclassified",
    "precision_recall_curve",
    "roc_curve",
    "summarise",
    "wilson_interval",
]
