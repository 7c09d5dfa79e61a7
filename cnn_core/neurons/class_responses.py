"""How strongly a neuron reacts to the images of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# What a box with whiskers shows.
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class ClassResponse:
    """Activations of a neuron for the images of one class.

    Attributes:
        label: The class.
        count: Count of its images, at least 1.
        mean: reaction.
        quantiles: (5,) float32, the reactions that 5, 25, 50, 75 and 95% of the images stay below.
    """

    label: int
    count: int
    mean: float
    quantiles: np.ndarray


def responses_by_class(reactions: np.ndarray, labels: np.ndarray) -> tuple[ClassResponse, ...]:
    """Describe a neuron's reactions class by class.

    Args:
        reactions: (n,) of one neuron to n images.
        labels: (n,) integers.

    Returns:
        One ClassReaction for each class that has an image, in the order of the classes.

    Raises:
        ValueError: There is no image, or there are not as many labels.
    """
    if reactions.ndim != 1 or reactions.shape != labels.shape or not len(labels):
        raise ValueError(
            "Expected reactions and labels (n,) with n of at least 1. "
            f"Received: reactions.shape={reactions.shape}, labels.shape={labels.shape}"
        )
    found = []
    for label in np.unique(labels):
        values = reactions[labels == label].astype(np.float64)
        quantiles = np.quantile(values, SHARES).astype(np.float32)
        found.append(ClassResponse(int(label), len(values), float(values.mean()), quantiles))
    return tuple(found)
