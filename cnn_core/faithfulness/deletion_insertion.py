"""Deletion and insertion: does the answer rest on the pixels that a map ranks first?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.attribution.score import ClassScore
from cnn_core.datasets import Background
from cnn_core.faithfulness.baseline import Baseline, baseline_of

if TYPE_CHECKING:
    import keras

NUM_ORDERS = 20
MAX_STEPS = 32


@dataclass(frozen=True)
class Curves:
    """Probabilities and scores step after step, a row for each order of the pixels.

    Attributes:
        shares: (steps + 1,) the share of the pixels deleted or inserted, from 0 to 1.
        probabilities: (orders, steps + 1) of the target; of the target out of the two classes
            where a margin is explained.
        scores: (orders, steps + 1) the logit or the margin.
    """

    shares: np.ndarray
    probabilities: np.ndarray
    scores: np.ndarray

    @property
    def areas(self) -> np.ndarray:
        """(orders,) the area under each curve: the mean probability on the way, in [0, 1].

        Probability and not the logit, since it has the same two ends for every picture, so that
        areas can be averaged; a logit would have to be divided by its own fall, which may be 0.
        """
        areas: np.ndarray = np.trapezoid(self.probabilities, self.shares, axis=-1)
        return areas


@dataclass(frozen=True)
class DeletionInsertionTest:
    """The curves of some maps of one picture beside those of random orders.

    Attributes:
        deletion: A row for each map; the smaller the area, the better the map.
        insertion: A row for each map; the larger the area, the better the map.
        random_deletion: A row for each random order.
        random_insertion: The same; a random order read backwards is a random order too.
        num_pixels: That can be deleted.
    """

    deletion: Curves
    insertion: Curves
    random_deletion: Curves
    random_insertion: Curves
    num_pixels: int


def deletion_insertion_test(
    model: keras.Model,
    image: np.ndarray,
    heatmaps: Sequence[np.ndarray],
    score: ClassScore,
    *,
    background: Background,
    num_orders: int = NUM_ORDERS,
    max_steps: int = MAX_STEPS,
    seed: int = 0,
) -> DeletionInsertionTest:
    """Delete and insert the pixels in the order of each map, and in random orders.

    Deletion takes pixels away in the order of falling evidence, insertion puts them onto the
    empty baseline in the same order. If the answer rests on what the map ranks first, its
    probability falls at once and rises at once. Pixels of equal evidence come in a random order.

    Reference: Vitali Petsiuk, Abir Das and Kate Saenko, "RISE: Randomized Input Sampling for
    Explanation of Black-box Models", 2018, https://arxiv.org/abs/1806.07421

    Args:
        model: A network whose last layer gives logits.
        image: (height, width, channels) in [0, 1].
        heatmaps: Heatmaps, each (height, width), the larger the more evidence; all in one batch.
        score: Score that the maps explain.
        background: See ground_of().
        num_orders: Random orders, at least 0; the same ones for the same picture and seed.
        max_steps: Largest number of steps from the full picture to the empty one, at least 1.
        seed: Seed of the random orders, also among equal values.

    Raises:
        PictureError: The picture is blank.
        ValueError: A heatmap is not of the picture's size or not finite, or a number is too small.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> test = deletion_insertion_test(
        ...     model, digit, [digit[..., 0]], ClassScore(7), background="paper"
        ... )
        >>> bool(test.deletion.areas[0] < test.random_deletion.areas.mean())
        True
    """
    for name, number, least in (("max_steps", max_steps, 1), ("num_orders", num_orders, 0)):
        if number < least:
            raise ValueError(f"Expected {name} of at least {least}. Received: {name}={number}")
    picture = inference.as_image(model, image)
    baseline = baseline_of(picture, background=background)
    for heatmap in heatmaps:
        if heatmap.shape != picture.shape[:2] or not np.isfinite(heatmap).all():
            raise ValueError(
                f"Expected finite heatmaps of shape {picture.shape[:2]}. "
                f"Received: heatmap.shape={heatmap.shape}"
            )
    random = np.random.default_rng(seed)
    places = np.flatnonzero(baseline.is_deletable)
    ways = [random.permutation(places) for _ in range(num_orders)]
    orders = [pixel_order(heatmap, baseline.is_deletable, seed=seed) for heatmap in heatmaps]
    count = len(places)
    cuts = np.unique(np.round(np.linspace(0, count, min(count, max_steps) + 1))).astype(int)
    pictures = [
        *(delete_pixels(picture, baseline, order, cuts) for order in (*orders, *ways)),
        *(delete_pixels(picture, baseline, order[::-1], count - cuts) for order in orders),
    ]
    logits = inference.logits(model, np.concatenate(pictures))
    logits = logits.reshape(len(pictures), len(cuts), -1)
    shares = cuts / count
    probabilities, scores = _probability(logits, score), np.asarray(score(logits))

    def curves(rows: slice, *, is_reversed: bool = False) -> Curves:
        step = -1 if is_reversed else 1
        return Curves(
            1 - shares[::-1] if is_reversed else shares,
            probabilities[rows, ::step],
            scores[rows, ::step],
        )

    first, last = len(orders), len(orders) + num_orders
    return DeletionInsertionTest(
        deletion=curves(slice(0, first)),
        insertion=curves(slice(last, None)),
        random_deletion=curves(slice(first, last)),
        random_insertion=curves(slice(first, last), is_reversed=True),
        num_pixels=count,
    )


def pixel_order(heatmap: np.ndarray, where: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return the pixels in the order of falling evidence, equal ones in a random order.

    Args:
        heatmap: (height, width).
        where: (height, width) bool, the pixels to order.
        seed: Seed of the order among equal values.

    Returns:
        (pixels,) indices into the flattened picture.
    """
    mixed = np.random.default_rng(seed).permutation(np.flatnonzero(where))
    order: np.ndarray = mixed[np.argsort(-heatmap.ravel()[mixed], kind="stable")]
    return order


def delete_pixels(
    image: np.ndarray, baseline: Baseline, order: np.ndarray, cuts: np.ndarray
) -> np.ndarray:
    """Delete the first pixels of an order from the picture.

    Args:
        image: (height, width, channels).
        baseline: Baseline that shows instead.
        order: (pixels,) indices into the flattened picture.
        cuts: (pictures,) how many pixels are deleted.

    Returns:
        (pictures, height, width, channels) float32.
    """
    ranks = np.full(baseline.is_deletable.size, len(order))
    ranks[order] = np.arange(len(order))
    is_deleted = ranks.reshape(1, *baseline.is_deletable.shape, 1) < np.reshape(cuts, (-1, 1, 1, 1))
    return np.where(is_deleted, baseline.image, image)


def snapshots(
    image: np.ndarray,
    heatmap: np.ndarray,
    shares: Sequence[float],
    *,
    background: Background,
    seed: int = 0,
) -> np.ndarray:
    """Return the picture on its way to the empty picture, in the order of falling evidence.

    Args:
        image: (height, width, channels) in [0, 1].
        heatmap: (height, width); a constant one gives a random order.
        shares: Shares of the pixels deleted, from 0 to 1.
        background: See ground_of().
        seed: Seed of the order among equal values.

    Returns:
        (shares, height, width, channels) float32.

    Raises:
        PictureError: The picture is blank.
    """
    baseline = baseline_of(image, background=background)
    order = pixel_order(heatmap, baseline.is_deletable, seed=seed)
    return delete_pixels(image, baseline, order, np.round(np.multiply(shares, len(order))))


def _probability(logits: np.ndarray, score: ClassScore) -> np.ndarray:
    if score.against is None:
        return inference.softmax(logits)[..., score.target]
    return inference.softmax(logits[..., [score.target, score.against]])[..., 0]
