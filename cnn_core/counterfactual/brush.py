"""Strokes that grow cell by cell, painted as fast as a search needs them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from cnn_core.images.strokes import Stroke, draw

Cell = tuple[int, int]  # row and column


@dataclass(frozen=True)
class Brush:
    """The pen or the eraser of the drawing page.

    Attributes:
        radius: Half the width of its strokes, in cells.
        colour: The levels it leaves, from 0 to 255, one for each channel.
        is_eraser: True if the brush takes something away.
    """

    radius: float
    colour: tuple[int, ...]
    is_eraser: bool

    def stroke(self, cells: tuple[Cell, ...]) -> Stroke:
        """Return the stroke through the centres of some cells."""
        points = tuple((column + 0.5, row + 0.5) for row, column in cells)
        return Stroke(points, self.radius, tuple(level / 255 for level in self.colour))

    def paint(self, levels: np.ndarray, start: Cell, end: Cell) -> None:
        """Paint the way from one cell to another as `strokes.draw` does, in place.

        Args:
            levels: (height, width, channels) of whole levels from 0 to 255, of a signed type.
            start: Cell where the brush is put down.
            end: Cell where the brush is lifted; the same cell for a dot.
        """
        rest, top, left = _rest(self.radius, end[0] - start[0], end[1] - start[1])
        top, left = start[0] + top, start[1] + left
        bottom, right = top + rest.shape[0], left + rest.shape[1]
        window = levels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        rows, columns = (max(-first, 0) for first in (top, left))
        rest = rest[rows : rows + window.shape[0], columns : columns + window.shape[1]]
        colour = np.asarray(self.colour, levels.dtype)
        np.clip(window, colour - rest, colour + rest, out=window)


@dataclass(frozen=True)
class Line:
    """One stroke of a brush through neighbouring cells."""

    brush: Brush
    cells: tuple[Cell, ...]

    def paint(self, levels: np.ndarray) -> None:
        """Paint the whole stroke in place."""
        for start, end in pairwise(self.cells if len(self.cells) > 1 else 2 * self.cells):
            self.brush.paint(levels, start, end)


Edit = tuple[Line, ...]


def painted(base: np.ndarray, edit: Edit) -> np.ndarray:
    """Paint an edit on a copy of some levels."""
    levels = base.copy()
    for line in edit:
        line.paint(levels)
    return levels


@lru_cache(maxsize=256)
def _rest(radius: float, rows: int, columns: int) -> tuple[np.ndarray, int, int]:
    """Return how far from the colour a level may stay around a way, and where that starts."""
    reach = math.ceil(radius + 0.5)
    top, left = min(rows, 0) - reach, min(columns, 0) - reach
    blank = np.zeros((abs(rows) + 2 * reach + 1, abs(columns) + 2 * reach + 1, 1), np.float32)
    ends = ((0.5 - left, 0.5 - top), (columns - left + 0.5, rows - top + 0.5))
    cover = draw(blank, [Stroke(ends, radius)])
    rest = (255 - np.rint(cover * 255)).astype(np.int16)
    rest.flags.writeable = False
    return rest, top, left
