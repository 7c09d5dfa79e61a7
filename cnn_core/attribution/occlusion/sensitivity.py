"""Occlusion: cover a part of the image and see how the answer moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cnn_core import inference
from cnn_core.attribution.occlusion.incremental import covered_logits
from cnn_core.attribution.occlusion.layer_chain import chain_of
from cnn_core.attribution.score import ClassScore

if TYPE_CHECKING:
    import keras

# From this share of the picture on, most of every map changes: whole images take about as long.
_LARGEST_SHARE = 1 / 7

FILLS = ("black", "white", "mean", "blur", "background")
# What can be seen to fall, and its unit.
UNITS = {"logit": "logits", "probability": "of probability"}


@dataclass(frozen=True)
class OcclusionMap:
    """The network's whole answer for every position of the patch.

    Attributes:
        tops: (rows,) first pixel row covered at each position.
        lefts: (columns,) first pixel column covered at each position.
        patch_size: Side of the square patch in pixels.
        filling: (height, width, channels) the picture that shows inside the patch.
        logits: (rows, columns, classes) with the patch at each position.
        base_logits: (classes,) of the untouched image.
        why_whole: Why the whole image was run at every position, as in "its layer add joins
            branches"; empty if only what each patch can reach was run.
    """

    tops: np.ndarray
    lefts: np.ndarray
    patch_size: int
    filling: np.ndarray
    logits: np.ndarray
    base_logits: np.ndarray
    why_whole: str = ""

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
        """Compute how far the score falls with the patch at each position.

        Args:
            score: The logit or margin looked at.
            as_probability: Take probabilities instead of logits.

        Returns:
            (rows, columns) float32 in logits, or in probability. Above 0: what is covered speaks
            for the target.
        """
        if as_probability:
            return score(self.base_probabilities) - score(self.probabilities)
        return score(self.base_logits) - score(self.logits)

    def heatmap(self, score: ClassScore, *, as_probability: bool = False) -> np.ndarray:
        """Compute the mean drop over all positions of the patch that cover a pixel.

        Returns:
            (height, width) float32 in logits, or in probability; 0 where no position reaches.
        """
        drops = self.drops(score, as_probability=as_probability)
        down, across = (
            _cover(starts, self.patch_size, length)
            for starts, length in zip((self.tops, self.lefts), self.filling.shape[:2], strict=True)
        )
        total = down.T @ drops @ across
        count = np.outer(down.sum(axis=0), across.sum(axis=0))
        return (total / np.maximum(count, 1)).astype(np.float32)


def occlusion_sensitivity(
    model: keras.Model,
    image: np.ndarray,
    patch_size: int = 4,
    stride: int = 1,
    fill: str | np.ndarray = "black",
) -> OcclusionMap:
    """Cover the image with a square patch, position after position, and keep every answer.

    A position whose pixels already equal the filling cannot change the answer; it is not run.
    Of the others only what the patch can reach is computed, if the network's layers stand in one
    line and are of the usual kinds and the patch covers less than a seventh of the picture;
    why_whole says so where that is not. The numbers are the same within 1e-5, which is what
    float32 leaves open for the whole network too.

    Reference: Matthew D. Zeiler and Rob Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014, https://arxiv.org/abs/1311.2901

    Args:
        model: A network whose last layer gives logits.
        image: (height, width, channels) in [0, 1].
        patch_size: Side of the patch in pixels, from 1 to the image's shorter side.
        stride: Pixels from one position to the next, at least 1; a last position always covers the
            border.
        fill: "black" (0, the paper of MNIST), "white" (1), "mean" (the image's mean), "blur"
            (the image itself, blurred by half the patch size) or "background" (of each channel the
            median along the image's border: what a digit stands on); or a picture of the image's
            shape.

    Returns:
        An OcclusionMap.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> found = occlusion_sensitivity(model, digit, patch_size=8, stride=4)
        >>> found.logits.shape, found.base_logits.argmax()
        ((6, 6, 10), np.int64(7))
    """
    base = inference.as_image(model, image)
    height, width = base.shape[:2]
    if not 1 <= patch_size <= min(height, width) or stride < 1:
        raise ValueError(
            f"Expected patch_size from 1 to {min(height, width)} and stride of at least 1. "
            f"Received: patch_size={patch_size}, stride={stride}"
        )
    if isinstance(fill, str):
        filling = _filling(base, fill, patch_size)
    else:
        filling = inference.as_image(model, fill)
    tops, lefts = (_starts(length, patch_size, stride) for length in (height, width))
    differs = (base != filling).any(axis=-1).astype(float)
    down, across = _cover(tops, patch_size, height), _cover(lefts, patch_size, width)
    changed = np.argwhere(down @ differs @ across.T > 0)
    starts = np.stack([tops[changed[:, 0]], lefts[changed[:, 1]]], axis=1)
    chain = chain_of(model)
    why_whole = chain if isinstance(chain, str) else ""
    if not why_whole and patch_size**2 > _LARGEST_SHARE * height * width:
        why_whole = "a patch this large changes most of what every layer sees"
    if why_whole or not len(starts):
        answers = inference.logits(model, _covered(base, filling, starts, patch_size))
        base_logits, answers = answers[0], answers[1:]
    else:
        base_logits, answers = covered_logits(model, base, filling, starts, patch_size)
    logits = np.tile(base_logits, (len(tops), len(lefts), 1))
    logits[changed[:, 0], changed[:, 1]] = answers
    return OcclusionMap(tops, lefts, patch_size, filling, logits, base_logits, why_whole)


def occlusion(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    patch_size: int = 4,
    stride: int = 1,
    fill: str = "black",
    quantity: str = "logit",
) -> tuple[np.ndarray, np.ndarray]:
    """How far the score, or its probability, falls on average when a patch covers the pixel.

    Above 0: the pixel speaks for the target; below 0: against it. Covering is an edit that the
    network never saw in training, so a large patch can say more of the edit than of the image.

    Reference: Matthew D. Zeiler and Rob Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014, https://arxiv.org/abs/1311.2901
    """
    found = occlusion_sensitivity(model, image, patch_size, stride, fill)
    return found.heatmap(score, as_probability=quantity == "probability"), found.base_logits


def _starts(length: int, patch_size: int, stride: int) -> np.ndarray:
    last = length - patch_size
    return np.array(sorted({*range(0, last + 1, stride), last}))


def _cover(starts: np.ndarray, patch_size: int, length: int) -> np.ndarray:
    """(positions, length), 1 where a position covers a row or column and 0 elsewhere."""
    at = np.arange(length) - starts[:, None]
    covers: np.ndarray = ((at >= 0) & (at < patch_size)).astype(float)
    return covers


def _covered(
    image: np.ndarray, filling: np.ndarray, starts: np.ndarray, patch_size: int
) -> np.ndarray:
    """Yield the image, and then the image with a patch at each position."""
    covered = np.repeat(image[None], len(starts) + 1, axis=0)
    for one, (top, left) in zip(covered[1:], starts, strict=True):
        window = np.s_[top : top + patch_size, left : left + patch_size]
        one[window] = filling[window]
    return covered


def _filling(image: np.ndarray, fill: str, patch_size: int) -> np.ndarray:
    if fill == "blur":
        return cv2.GaussianBlur(image, (0, 0), max(patch_size / 2, 0.5)).reshape(image.shape)
    if fill == "background":
        border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
        return np.broadcast_to(np.median(border, axis=0), image.shape).astype(np.float32)
    levels = {"black": 0.0, "white": 1.0, "mean": float(image.mean())}
    if fill not in levels:
        raise ValueError(f"Expected fill to be one of {', '.join(FILLS)}. Received: fill={fill!r}")
    return np.full_like(image, levels[fill])
