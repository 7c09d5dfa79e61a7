"""Two networks on the same images: where they differ, and whether that may be chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.evaluation.confusion import check_labels

# A difference that chance makes more often than this is not called one.
SIGNIFICANCE_LEVEL = 0.05


@dataclass(frozen=True)
class McNemar:
    """McNemar's test: how often two networks are right on the same images.

    Attributes:
        both_right: Images that both get right.
        only_first: Images that only the first gets right.
        only_second: Images that only the second gets right.
        both_wrong: Images that both get wrong.
        p_value: The probability of a split of the images that only one gets right at least this
            uneven, if each were as likely to be the one; 1 if there are none.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    p_value: float

    @property
    def is_significant(self) -> bool:
        """True if chance would make such a difference in less than 5% of test sets."""
        return self.p_value < SIGNIFICANCE_LEVEL


def mcnemar(first_logits: np.ndarray, second_logits: np.ndarray, labels: np.ndarray) -> McNemar:
    """Test whether the difference in accuracy of two networks may be chance.

    Only the images that one gets right and the other wrong say anything; the test is exact, from
    the binomial distribution, and two-sided.

    Reference: Quinn McNemar, "Note on the sampling error of the difference between correlated
    proportions or percentages", 1947, https://doi.org/10.1007/BF02295996

    Args:
        first_logits: (n, classes) of the first network.
        second_logits: (n, classes) of the second network, for the same images.
        labels: (n,) integers.

    Returns:
        The four counts and the p-value.

    Raises:
        ValueError: There is no image, or the labels do not fit the logits.

    Example:
        >>> found = mcnemar(np.eye(3), np.eye(3)[[1, 1, 2]], [0, 1, 2])
        >>> found.only_first, found.p_value
        (1, 1.0)
    """
    from scipy.special import bdtr

    pairs = (check_labels(logits, labels) for logits in (first_logits, second_logits))
    first, second = (logits.argmax(axis=1) == classes for logits, classes in pairs)
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    tail = bdtr(min(only_first, only_second), only_first + only_second, 0.5)
    return McNemar(
        both_right=int((first & second).sum()),
        only_first=only_first,
        only_second=only_second,
        both_wrong=int((~first & ~second).sum()),
        p_value=min(1.0, 2 * float(tail)),
    )


def disagreements(first_logits: np.ndarray, second_logits: np.ndarray) -> np.ndarray:
    """Find the images to which two networks give different answers.

    Args:
        first_logits: (n, classes) of the first network.
        second_logits: (n, classes) of the second network, for the same images.

    Returns:
        (images,) int64 indices, rising.

    Raises:
        ValueError: The two shapes differ or are not (n, classes).

    Example:
        >>> disagreements(np.eye(3), np.eye(3)[[1, 1, 2]]).tolist()
        [0]
    """
    if first_logits.ndim != 2 or first_logits.shape != second_logits.shape:
        raise ValueError(
            "Expected the logits of two networks, both (n, classes). "
            f"Received: shapes={first_logits.shape} and {second_logits.shape}"
        )
    return np.flatnonzero(first_logits.argmax(axis=1) != second_logits.argmax(axis=1))
