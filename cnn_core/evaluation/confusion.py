"""What counting tells: accuracy and its interval, confusion matrix, mistakes, the report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cnn_core.inference import Prediction, check_finite, softmax


@dataclass(frozen=True)
class Mistake:
    """One image that the network gets wrong.

    Attributes:
        index: Index of the image in its split.
        label: Its true class.
        answer: The class the network gave, the one with the largest logit.
        second: The second most probable class.
        confidence: Probability of the answer, in [0, 1].
        second_probability: Probability of the second class, in [0, 1].
        margin: Logit of the answer minus logit of the true class; 0 only in a tie.
    """

    index: int
    label: int
    answer: int
    second: int
    confidence: float
    second_probability: float
    margin: float


@dataclass(frozen=True)
class ClassReport:
    """Precision, recall and F1 of one class.

    Attributes:
        precision: The share of the images given this answer that are of this class, in [0, 1].
        recall: The share of the images of this class that are given this answer, in [0, 1].
        f1: The harmonic mean of precision and recall, in [0, 1].
        support: Number of images of this class.
    """

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassificationReport:
    """Precision, recall and F1 of every class.

    Attributes:
        classes: ClassReport of every class, in the order of the logits.
        macro: The averages over the classes, each class counting the same; support is their sum.
    """

    classes: tuple[ClassReport, ...]
    macro: ClassReport


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Compute the share of images whose largest logit is that of their true class.

    Args:
        logits: (n, classes).
        labels: (n,) integers.

    Returns:
        A share in [0, 1].

    Raises:
        ValueError: There is no image, or the labels do not fit the logits.

    Example:
        >>> accuracy(np.eye(3), [0, 1, 1])
        0.6666666666666666
    """
    logits, labels = check_labels(logits, labels)
    return float((logits.argmax(axis=1) == labels).mean())


def wilson_interval(share: float, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Compute the interval in which a share lies with 95% confidence.

    Reference: Edwin B. Wilson, "Probable Inference, the Law of Succession, and Statistical
    Inference", 1927, https://doi.org/10.1080/01621459.1927.10502953

    Args:
        share: Seen share of successes, in [0, 1].
        count: Trials, at least 1.
        z: Standard normal quantile; the default gives 95%.

    Returns:
        Lower and upper bound, both in [0, 1].

    Raises:
        ValueError: share or count is out of range.

    Example:
        >>> low, high = wilson_interval(0.9, 100)
        >>> round(low, 3), round(high, 3)
        (0.826, 0.945)
    """
    if not 0 <= share <= 1 or count < 1:
        raise ValueError(
            "Expected share in [0, 1] and count of at least 1. "
            f"Received: share={share}, count={count}"
        )
    denominator = 1 + z**2 / count
    centre = (share + z**2 / (2 * count)) / denominator
    half = z / denominator * (share * (1 - share) / count + z**2 / (4 * count**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def confusion_matrix(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Count the images of each true class (row) that were given each answer (column).

    Args:
        logits: (n, classes).
        labels: (n,) integers.

    Returns:
        (classes, classes) int64; the diagonal counts the right answers.

    Raises:
        ValueError: There is no image, or the labels do not fit the logits.

    Example:
        >>> confusion_matrix(np.eye(3), [0, 1, 1]).tolist()
        [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    """
    logits, labels = check_labels(logits, labels)
    classes = logits.shape[1]
    flat = labels * classes + logits.argmax(axis=1)
    return np.bincount(flat, minlength=classes**2).reshape(classes, classes)


def misclassified(logits: np.ndarray, labels: np.ndarray) -> tuple[Mistake, ...]:
    """List the images that the network gets wrong, in the order of the split.

    Args:
        logits: (n, classes).
        labels: (n,) integers.

    Returns:
        One Mistake for each wrong image.

    Raises:
        ValueError: There is no image, or the labels do not fit the logits.
    """
    logits, labels = check_labels(logits, labels)
    prediction = Prediction(logits, softmax(logits))
    wrong = np.flatnonzero(prediction.classes != labels)
    order = np.argsort(-logits, axis=1, kind="stable")
    return tuple(
        Mistake(
            index=int(i),
            label=int(labels[i]),
            answer=int(order[i, 0]),
            second=int(order[i, 1]),
            confidence=float(prediction.probabilities[i, order[i, 0]]),
            second_probability=float(prediction.probabilities[i, order[i, 1]]),
            margin=float(logits[i, order[i, 0]] - logits[i, labels[i]]),
        )
        for i in wrong
    )


def classification_report(logits: np.ndarray, labels: np.ndarray) -> ClassificationReport:
    """Say of each class how far its answers can be trusted, and how many of its images are found.

    Precision is 0 for a class that is never answered and recall for one that never occurs, where
    the definitions would divide 0 by 0; F1 is 0 where both are.

    Args:
        logits: (n, classes).
        labels: (n,) integers.

    Returns:
        A ClassReport for each class and their plain average.

    Raises:
        ValueError: There is no image, or the labels do not fit the logits.
    """
    matrix = confusion_matrix(logits, labels)
    right, answered, support = np.diag(matrix), matrix.sum(axis=0), matrix.sum(axis=1)
    precision, recall = right / np.maximum(answered, 1), right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(answered + support, 1)
    classes = tuple(
        ClassReport(float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i in range(len(matrix))
    )
    macro = ClassReport(
        float(precision.mean()), float(recall.mean()), float(f1.mean()), len(labels)
    )
    return ClassificationReport(classes, macro)


def check_labels(logits: Any, labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return logits as an array and labels as int64 if every measure here can take them.

    Args:
        logits: (n, classes).
        labels: (n,) whole numbers in [0, classes), of any type.

    Raises:
        ValueError: The shapes differ, there is no image, or a label is no class.
        DivergedNetworkError: A logit is NaN or infinite.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    if not labels.size or logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            "Expected logits (n, classes) and labels (n,) with n of at least 1. "
            f"Received: logits.shape={logits.shape}, labels.shape={labels.shape}"
        )
    is_class = np.isin(labels, np.arange(logits.shape[1]))
    if not is_class.all():
        raise ValueError(
            f"Expected labels from 0 to {logits.shape[1] - 1}, whole numbers. "
            f"Received: {labels[~is_class][0]}"
        )
    return check_finite(logits), labels.astype(np.int64)
