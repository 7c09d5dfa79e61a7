"""What edits are looked at: strokes that a person could draw, few and smooth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnn_core.counterfactual.brush import Brush, Cell, Edit, Line, painted

_DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
# Dabs by which a stroke grows at once: a long way may pay where its first step does not.
_RUNS = (1, 3)


@dataclass(frozen=True, eq=False)
class EditSpace:
    """The limits of an edit.

    Attributes:
        base: (height, width, channels) int16, the levels before the edit.
        places: For each brush that may be used, (height, width) bool, the places where dabs may
            lie.
        step: Cells from one dab of a stroke to the next, along each axis.
        most_strokes: Largest number of strokes, at least 1.
        most_pixels: Largest number of pixels that may change.
        below: The cost that an edit has to stay below.
    """

    base: np.ndarray
    places: dict[Brush, np.ndarray]
    step: int
    most_strokes: int
    most_pixels: int
    below: float = math.inf

    def allow(self, levels: np.ndarray) -> bool:
        """Return True if a picture differs from the base by no more than allowed."""
        num_changed = (levels != self.base).any(axis=-1).sum()
        return 0 < num_changed <= self.most_pixels and self.cost(levels) < self.below

    def cost(self, levels: np.ndarray) -> int:
        """Compute the size of an edit: the sum of all changes of level."""
        return int(np.abs(levels - self.base, dtype=np.int64).sum())

    def longer(
        self, edit: Edit, levels: np.ndarray, starts: list[tuple[Brush, Cell]]
    ) -> Iterator[tuple[Edit, np.ndarray]]:
        """Yield every edit in which one stroke goes on, or has a new dab, with its levels.

        Args:
            edit: Edit to start from.
            levels: Levels with the edit.
            starts: Places where new strokes may start.
        """
        is_one_brush = len({line.brush for line in edit}) == 1
        for i, line in enumerate(edit):
            for cells, run in self._ways_on(line):
                grown = (*edit[:i], Line(line.brush, cells + run), *edit[i + 1 :])
                # Where pen and eraser meet, what comes later hides what came before.
                if is_one_brush or i == len(edit) - 1:
                    yield grown, painted(levels, (Line(line.brush, (cells[-1], *run)),))
                else:
                    yield grown, painted(self.base, grown)
        if len(edit) < self.most_strokes:
            for brush, cell in starts:
                dab = Line(brush, (cell,))
                yield (*edit, dab), painted(levels, (dab,))

    def shorter(self, edit: Edit) -> Iterator[Edit]:
        """Yield every edit that is left when a run of neighbouring dabs of one stroke is taken out.

        What is taken out of the middle leaves two strokes, if so many are allowed.
        """
        for i, line in enumerate(edit):
            count = len(line.cells)
            for first in range(count):
                for end in range(first + 1, count + 1):
                    rest = (line.cells[:first], line.cells[end:])
                    pieces = (Line(line.brush, cells) for cells in rest if cells)
                    left = (*edit[:i], *pieces, *edit[i + 1 :])
                    if 0 < len(left) <= self.most_strokes:
                        yield left

    def _ways_on(self, line: Line) -> Iterator[tuple[tuple[Cell, ...], tuple[Cell, ...]]]:
        """Return the dabs of a stroke that goes on at its last dab, and those that may follow."""
        for cells in dict.fromkeys((line.cells, line.cells[::-1])):
            for down, right in self._directions(cells):
                row, column = cells[-1]
                run = tuple(
                    (row + i * self.step * down, column + i * self.step * right)
                    for i in range(1, max(_RUNS) + 1)
                )
                is_free = [self._is_place(line.brush, cell) and cell not in cells for cell in run]
                yield from ((cells, run[:count]) for count in _RUNS if all(is_free[:count]))

    def _directions(self, cells: tuple[Cell, ...]) -> tuple[tuple[int, int], ...]:
        """Straight on and half left or right; from a single dab anywhere."""
        if len(cells) == 1:
            return _DIRECTIONS
        (row, column), (next_row, next_column) = cells[-2:]
        way = ((next_row - row) // self.step, (next_column - column) // self.step)
        at = _DIRECTIONS.index(way)
        return tuple(_DIRECTIONS[(at + turn) % 8] for turn in (0, 1, -1))

    def _is_place(self, brush: Brush, cell: Cell) -> bool:
        places = self.places[brush]
        is_inside = 0 <= cell[0] < places.shape[0] and 0 <= cell[1] < places.shape[1]
        return is_inside and bool(places[cell])
