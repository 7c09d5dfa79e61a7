"""Occlusion: cover a part of the image and see how the answer moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cnn_core import inference
from cnn_core.attribution.score import ClassScore

if TYPE_CHECKING:
    import keras

FILLS = ("black", "white", "mean", "blur")


@dataclass(frozen=True)
class OcclusionMap:
    """The network's whole answer for every position of the patch.

    Attributes:
        tops: (rows,) first pixel row covered at each position.
        lefts: (columns,) first pixel column covered at each position.
        patch_size: side of the square patch in pixels.
        filling: (height, width, channels) the picture that shows inside the patch.
        logits: (rows, columns, classes) with the patch at each position.
        base_logits: (classes,) of the untouched image.
    """

    tops: np.ndarray
    lefts: np.ndarray
    patch_size: int
    filling: np.ndarray
    logits: np.ndarray
    base_logits: np.ndarray

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(rows, columns, classes) float32, the softmax of logits."""
        return inference.softmax(self.logits)

    @cached_property
    def base_probabilities(self) -> np.ndarray:
        """(classes,) float32, the softmax of base_logits."""
        return inference.softmax(self.base_logits)

    @property
    def winners(self) -> np.ndarray:
        """(rows, columns) int64, the class that wins with the patch at each position."""
        return self.logits.argmax(axis=-1)

    def drops(self, score: ClassScore, *, as_probability: bool = False) -> np.ndarray:
        """How far the score falls when each position is covered.

        Args:
            score: the logit or margin looked at.
            as_probability: take probabilities instead of logits.

        Returns:
            (rows, columns) float32 in logits, or in probability. Above 0: what is covered speaks
            for the target.
        """
        if as_probability:
            return score(self.base_probabilities) - score(self.probabilities)
        return score(self.base_logits) - score(self.logits)

    def heatmap(self, score: ClassScore, *, as_probability: bool = False) -> np.ndarray:
        """The mean drop over all positions of the patch that cover a pixel.

        Returns:
            (height, width) float32 in logits, or in probability; 0 where no position reaches.
        """
        total = np.zeros(self.filling.shape[:2])
        count = np.zeros(self.filling.shape[:2])
        drops = self.drops(score, as_probability=as_probability)
        for row, top in enumerate(self.tops):
            for column, left in enumerate(self.lefts):
                window = np.s_[top : top + self.patch_size, left : left + self.patch_size]
                total[window] += drops[row, column]
                count[window] += 1
        return (total / np.maximum(count, 1)).astype(np.float32)


def occlusion_sensitivity(
    model: keras.Model,
    image: np.ndarray,
    patch_size: int = 4,
    stride: int = 1,
    fill: str = "black",
) -> OcclusionMap:
    """Cover the image with a square patch, position after position, and keep every answer.

    A position whose pixels already equal the filling cannot change the answer; it is not run.

    Reference: Matthew D. Zeiler and Rob Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014, https://arxiv.org/abs/1311.2901

    Args:
        model: a network whose last layer gives logits.
        image: (height, width, channels) in [0, 1].
        patch_size: side of the patch in pixels, from 1 to the image's shorter side.
        stride: pixels from one position to the next, at least 1; a last position always covers
            the border.
        fill: "black" (0, the paper of MNIST), "white" (1), "mean" (the image's mean) or
            "blur" (the image itself, blurred by half the patch size).

    Returns:
        An OcclusionMap.

    Raises:
        ValueError: an argument is out of its range.
    """
    base = inference.as_image(model, image)
    height, width = base.shape[:2]
    if not 1 <= patch_size <= min(height, width) or stride < 1:
        raise ValueError(
            f"Expected patch_size from 1 to {min(height, width)} and stride of at least 1. "
            f"Received: patch_size={patch_size}, stride={stride}"
        )
    filling = _filling(base, fill, patch_size)
    tops, lefts = (_starts(length, patch_size, stride) for length in (height, width))
    windows = [
        np.s_[top : top + patch_size, left : left + patch_size] for top in tops for left in lefts
    ]
    changed = [i for i, at in enumerate(windows) if not np.array_equal(base[at], filling[at])]
    covered = np.repeat(base[None], len(changed) + 1, axis=0)
    for covering, i in zip(covered[1:], changed, strict=True):
        covering[windows[i]] = filling[windows[i]]
    answers = inference.logits(model, covered)
    logits = np.repeat(answers[:1], len(windows), axis=0)
    logits[changed] = answers[1:]
    shape = (len(tops), len(lefts), -1)
    return OcclusionMap(tops, lefts, patch_size, filling, logits.reshape(shape), answers[0])


def occlusion(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    patch_size: int = 4,
    stride: int = 1,
    fill: str = "black",
) -> np.ndarray:
    """How far the score falls, on average, when a patch covers the pixel.

    Above 0: the pixel speaks for the target; below 0: against it. Covering is an edit that the
    network never saw in training, so a large patch can say more of the edit than of the image.

    Reference: Matthew D. Zeiler and Rob Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014, https://arxiv.org/abs/1311.2901
    """
    found = occlusion_sensitivity(model, image, patch_size, stride, fill)
    return found.heatmap(score)


def _starts(length: int, patch_size: int, stride: int) -> np.ndarray:
    last = length - patch_size
    return np.array(sorted({*range(0, last + 1, stride), last}))


def _filling(image: np.ndarray, fill: str, patch_size: int) -> np.ndarray:
    if fill == "blur":
        return cv2.GaussianBlur(image, (0, 0), max(patch_size / 2, 0.5)).reshape(image.shape)
    levels = {"black": 0.0, "white": 1.0, "mean": float(image.mean())}
    if fill not in levels:
        raise ValueError(f"Expected fill to be one of {', '.join(FILLS)}. Received: fill={fill!r}")
    return np.full_like(image, levels[fill])
