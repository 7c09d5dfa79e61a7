"""A picture as pen and eraser find it: whole levels, ink and paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.counterfactual.brush import Brush
from cnn_core.errors import PictureError
from cnn_core.pixels import checked_pixels

if TYPE_CHECKING:
    import keras

RADIUS = 1.0  # of a brush, in pixels of a picture as large as a digit
_SIDE = 28


@dataclass(frozen=True, eq=False)
class Canvas:
    """A picture that is not blank.

    Attributes:
        levels: (height, width, channels) int16, from 0 to 255.
        paper: The levels that the eraser leaves, one for each channel.
    """

    levels: np.ndarray
    paper: tuple[int, ...]

    @cached_property
    def ink(self) -> np.ndarray:
        """(height, width) bool, where the picture differs from the paper."""
        found: np.ndarray = self._strength > 0
        return found

    @cached_property
    def _strength(self) -> np.ndarray:
        """(height, width) how far each pixel is from the paper, in levels of all channels."""
        far: np.ndarray = np.abs(self.levels - np.array(self.paper), dtype=np.int64).sum(axis=-1)
        return far

    @property
    def step(self) -> int:
        """Size of the picture as a whole multiple of a digit's size."""
        return max(1, round(min(self.levels.shape[:2]) / _SIDE))

    def brush(self, radius: float | None, *, is_eraser: bool) -> Brush:
        """Return an eraser, or a pen with the picture's strongest ink, the farthest from the paper.

        Args:
            radius: Half its width in pixels; None takes RADIUS in proportion to the picture.
            is_eraser: True for the eraser, False for the pen.
        """
        radius = RADIUS * self.step if radius is None else radius
        place = np.unravel_index(self._strength.argmax(), self._strength.shape)
        strongest = tuple(int(level) for level in self.levels[place])
        return Brush(radius, self.paper if is_eraser else strongest, is_eraser)

    def places(self, brush: Brush) -> np.ndarray:
        """Return where dabs may lie: ink for the eraser, empty ground in the middle for the pen.

        Returns:
            (height, width) bool.
        """
        grid = np.zeros(self.ink.shape, bool)
        grid[self.step // 2 :: self.step, self.step // 2 :: self.step] = True
        if brush.is_eraser:
            return grid & self.ink
        box = np.zeros(self.ink.shape, bool)
        box[self._reach(0), self._reach(1)] = True
        return grid & box & (2 * self._strength < self._strength.max())

    def _reach(self, axis: int) -> slice:
        """Return the middle five sevenths of a side, or as far as there is ink."""
        length = self.ink.shape[axis]
        inked = np.flatnonzero(self.ink.any(axis=1 - axis))
        border = length // 7
        return slice(min(border, inked[0]), max(length - border, inked[-1] + 1))


def canvas_of(model: keras.Model, image: np.ndarray, paper: tuple[float, ...]) -> Canvas:
    """Read an image for a network.

    Args:
        model: That is to look at it.
        image: (height, width, channels) in [0, 1].
        paper: Level in [0, 1] that the eraser leaves, for all channels or one for each.

    Raises:
        PictureError: The picture is blank.
        ValueError: The image does not fit the network, or a value lies outside [0, 1].
    """
    levels = as_levels(inference.as_image(model, image))
    if len(paper) not in (1, levels.shape[2]):
        raise ValueError(f"Expected paper of {levels.shape[2]} channels. Received: {paper=}")
    fill = as_levels(np.broadcast_to(np.asarray(paper, np.float64), levels.shape[2:]))
    ground = Canvas(levels, tuple(int(level) for level in fill))
    if not ground.ink.any():
        raise PictureError("The picture is blank: draw something first, then it can be changed.")
    return ground


def as_levels(pixels: np.ndarray) -> np.ndarray:
    """Pixels in [0, 1] as whole levels from 0 to 255, int16.

    Raises:
        ValueError: A pixel lies outside [0, 1].
    """
    pixels = checked_pixels(pixels, "pixels").astype(np.float64)
    return np.floor(255 * pixels + 0.5).astype(np.int16)


def as_pixels(levels: np.ndarray) -> np.ndarray:
    """Whole levels from 0 to 255 as float32 pixels in [0, 1]."""
    pixels: np.ndarray = levels.astype(np.float32) / np.float32(255)
    return pixels
