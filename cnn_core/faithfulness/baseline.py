"""What remains of a picture when its evidence is taken away, and which pixels can be taken."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cnn_core.datasets import Background, check_background
from cnn_core.errors import PictureError

# Of the shorter side: blurred so far, a photograph keeps its light and loses its shapes.
BLUR = 1 / 8


@dataclass(frozen=True)
class Baseline:
    """A picture without its evidence.

    Attributes:
        image: (height, width, channels), shown where a pixel is deleted.
        is_deletable: (height, width) bool, True for the pixels that differ from the image.
    """

    image: np.ndarray
    is_deletable: np.ndarray


def baseline_of(image: np.ndarray, *, background: Background) -> Baseline:
    """Say what a deleted pixel turns into: paper below ink, the blurred picture in a photograph.

    Empty paper carries no ink that could be taken away, so only ink is deleted; without this
    every map would look good for leaving the background alone. A photograph has no paper, and a
    black hole in it would be a new shape.

    Args:
        image: (height, width, channels) in [0, 1].
        background: "paper" below strokes, or "photo".

    Raises:
        PictureError: The picture is blank.
        ValueError: There is no such background.
    """
    check_background(background)
    if background == "paper" or np.ptp(image) == 0:
        empty = np.zeros_like(image)
    else:
        deviation = BLUR * min(image.shape[:2])
        empty = cv2.GaussianBlur(image, (0, 0), deviation).reshape(image.shape)
    is_deletable = (image != empty).any(axis=-1)
    if not is_deletable.any():
        raise PictureError(
            "The picture is blank: there is nothing to take away, so no map can be put to the "
            "test. Draw something or choose a test picture."
        )
    return Baseline(empty, is_deletable)
