"""Two trained networks of one data set: which to set side by side, who is right where, in words."""

from __future__ import annotations

import numpy as np

from cnn_core import evaluation, models
from cnn_core.evaluation import McNemar
from cnn_core.inference import softmax
from cnn_core.models import ShippedAnswers
from dashboard.figures import numbers

ONLY_FIRST, ONLY_SECOND = "Only the first right", "Only the second right"
BOTH_WRONG = "Both wrong, differently"

EQUAL = "**Neither is ahead**: {first} and {second} are right equally often."
BETTER = "**{name} is better**"
MAY_BE_CHANCE = "**{name} is ahead, but that may be chance**"


def rivals(model_name: str) -> tuple[str, ...]:
    """Return the other trained networks of the same data set, the most telling one first.

    Raises:
        UnknownNameError: No network has this name.
    """
    row = models.get(model_name)
    others = [
        other
        for other in models.MODELS.values()
        if other != row and other.dataset == row.dataset and models.is_trained(other.name)
    ]
    others.sort(key=lambda other: row.name != other.compare_with and other.name != row.compare_with)
    return tuple(other.name for other in others)


def disagreements(first: ShippedAnswers, second: ShippedAnswers) -> dict[str, np.ndarray]:
    """Return the test images with two different predictions, by who is right.

    Args:
        first: Logits of one network.
        second: Logits of another network, for the same images.

    Returns:
        For ONLY_FIRST, ONLY_SECOND and BOTH_WRONG the indices; first those where the less sure of
        the two networks is surest.
    """
    differ = evaluation.disagreements(first.logits, second.logits)
    both = [each.logits[differ] for each in (first, second)]
    sureness = np.minimum(*(softmax(logits).max(axis=1) for logits in both))
    order = np.argsort(-sureness, kind="stable")
    is_first, is_second = (logits.argmax(axis=1) == first.labels[differ] for logits in both)
    groups = {ONLY_FIRST: is_first, ONLY_SECOND: is_second, BOTH_WRONG: ~is_first & ~is_second}
    return {title: differ[order][chosen[order]] for title, chosen in groups.items()}


def verdict(counts: McNemar, first: str, second: str) -> str:
    """Say whether one network is better than another.

    Args:
        counts: Counts of the two networks.
        first: The name of the first.
        second: The name of the second.

    Returns:
        Markdown.
    """
    if counts.only_first == counts.only_second:
        return EQUAL.format(first=first, second=second)
    ahead = first if counts.only_first > counts.only_second else second
    said = (BETTER if counts.is_significant else MAY_BE_CHANCE).format(name=ahead)
    return (
        f"{said}: a difference this large or larger would come up in "
        f"{numbers.percent(counts.p_value)} of test sets of this size if both were equally good."
    )
