"""The pen and the eraser on a grid of cells, by the same rule as the drawing canvas.

Each cell holds a level from 0 to 255 for each channel. A stroke covers a cell by
floor(255 * clamp(radius - d + 0.5, 0, 1) + 0.5), d being the distance of the cell's centre to the
nearest segment of the stroke, and brings each level to within 255 minus that cover of the stroke's
colour: full ink raises a level to at least the cover, an eraser lowers it to at most the rest.
Rounding to whole levels makes both sides agree to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cnn_core.pixels import checked_pixels

# Coordinates beyond this are cut, since their squares would overflow; it is far outside any grid.
_FARTHEST = 1e6


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen or the eraser.

    Attributes:
        points: (x, y) in cells, at least one; the centre of the cell in row r and column c is
            x = c + 0.5, y = r + 0.5. A single point makes a dot.
        radius: Half the width of the stroke, in cells, 0.5 to 16.
        colour: Level in [0, 1] that the stroke leaves, for all channels or one for each; of digits
            1 is the pen and 0 the eraser.
    """

    points: tuple[tuple[float, float], ...]
    radius: float
    colour: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        points = np.asarray(self.points, np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError(
                "Expected points to be finite (x, y) pairs, at least one. "
                f"Received: points.shape={points.shape}"
            )
        if not 0.5 <= self.radius <= 16:
            raise ValueError(f"Expected radius in [0.5, 16]. Received: radius={self.radius}")
        if not self.colour or not all(0 <= level <= 1 for level in self.colour):
            raise ValueError(f"Expected colour in [0, 1]. Received: colour={self.colour}")


def draw(pixels: np.ndarray, strokes: Iterable[Stroke]) -> np.ndarray:
    """Apply strokes to a picture in their order.

    Args:
        pixels: (height, width, channels) in [0, 1]; left as it is.
        strokes: Strokes of the pen and the eraser.

    Returns:
        (height, width, channels) float32 in [0, 1], whole multiples of 1/255.

    Raises:
        ValueError: pixels have another shape, or a value outside [0, 1], or a stroke's colour has
            another number of channels.

    Example:
        >>> dot = Stroke(points=((2.5, 2.5),), radius=0.5)
        >>> draw(np.zeros((5, 5, 1)), [dot])[2, :, 0].tolist()
        [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    levels = _as_levels(pixels)
    for stroke in strokes:
        if len(stroke.colour) not in (1, levels.shape[2]):
            raise ValueError(
                f"Expected a colour of {levels.shape[2]} channels. Received: colour={stroke.colour}"
            )
        colour = _rounded(np.asarray(stroke.colour))
        rest = 255 - _coverage(levels.shape[:2], stroke)[..., None]
        levels = np.clip(levels, colour - rest, colour + rest)
    return levels.astype(np.float32) / np.float32(255)


def erase(pixels: np.ndarray, points: Sequence[tuple[float, float]], radius: float) -> np.ndarray:
    """Take ink away along one stroke of the eraser.

    Args:
        pixels: (height, width, channels) in [0, 1], 1 is ink; left as it is.
        points: (x, y) in cells, at least one.
        radius: Half the width of the eraser, in cells, 0.5 to 16.

    Returns:
        (height, width, channels) float32 in [0, 1], whole multiples of 1/255.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> erase(np.ones((5, 5, 1)), [(2.5, 2.5)], 0.5)[2, :, 0].tolist()
        [1.0, 1.0, 0.0, 1.0, 1.0]
    """
    return draw(pixels, [Stroke(tuple(points), radius, colour=(0.0,))])


def _as_levels(pixels: np.ndarray) -> np.ndarray:
    pixels = checked_pixels(pixels, "pixels").astype(np.float64)
    if pixels.ndim != 3:
        raise ValueError(
            "Expected pixels of shape (height, width, channels). "
            f"Received: pixels.shape={pixels.shape}"
        )
    return _rounded(pixels)


def _coverage(shape: tuple[int, ...], stroke: Stroke) -> np.ndarray:
    points = np.clip(np.asarray(stroke.points, np.float64), -_FARTHEST, _FARTHEST)
    y, x = np.indices(shape) + 0.5
    squared = np.full(shape, np.inf)
    # One segment at a time: memory stays that of the grid, however long the stroke is.
    for start, end in pairwise(points if len(points) > 1 else points.repeat(2, axis=0)):
        squared = np.minimum(squared, _squared_distance(x, y, start, end))
    nearness = np.clip(stroke.radius - np.sqrt(squared) + 0.5, 0, 1)
    return _rounded(nearness)


def _rounded(shares: np.ndarray) -> np.ndarray:
    return np.floor(255 * shares + 0.5).astype(np.int64)


def _squared_distance(
    x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray
) -> np.ndarray:
    dx, dy = end - start
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length > 0 else np.zeros_like(x)
    along = np.clip(along, 0, 1)
    to_x, to_y = x - (start[0] + along * dx), y - (start[1] + along * dy)
    nearest: np.ndarray = to_x * to_x + to_y * to_y
    return nearest
