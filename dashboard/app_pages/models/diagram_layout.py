"""Where each layer of a network stands in its drawing: layer summaries -> boxes, in pixels.

The drawing is read from top to bottom. A layer that only changes values in place (normalisation,
activation, dropout) stands at the foot of the box of the layer it follows. Ways that run side by
side have lanes of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import reduce

from cnn_core.architecture import LayerSummary, Table

LINE, FOOT, PADDING = 15, 20, 9
BAR = 8
# The width of boxes in one lane, in two, in more.
WIDTHS, BETWEEN_LANES = (310, 218, 184), 14
GAP, GAP_OF_CURVES = 18, 40


@dataclass(frozen=True)
class Box:
    """A layer, with those at its foot.

    Attributes:
        layers: Layers from the input on; at least one.
        sources: The indices of the boxes it takes.
        left: Left of the box, as all that follows, in pixels.
        top: Distance below the upper edge of the drawing.
        width: Width of all boxes.
        height: Height with the feet.
    """

    layers: Table
    sources: tuple[int, ...]
    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        """The column through the box's middle."""
        return self.left + self.width / 2

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


def lay_out(table: Table) -> tuple[Box, ...]:
    """Give each layer its place; boxes stand in the order of the table.

    Args:
        table: The layers of a network, each behind those it takes.
    """
    groups = _groups(table)
    sources = _sources(groups)
    rows, lanes = _rows(sources), _lanes(sources)
    heights = [head_height(group[0]) + FOOT * (len(group) - 1) for group in groups]
    tops = _tops(sources, rows, lanes, heights)
    width = WIDTHS[min(len(set(lanes)), len(WIDTHS)) - 1]
    first = min(lanes)
    return tuple(
        Box(
            layers=tuple(group),
            sources=sources[i],
            left=(lanes[i] - first) * (width + BETWEEN_LANES),
            top=tops[rows[i]],
            width=width,
            height=heights[i],
        )
        for i, group in enumerate(groups)
    )


def head_height(layer: LayerSummary) -> int:
    """Return the height of a box without its feet."""
    lines = 3 + (layer.num_parameters > 0)
    return 2 * PADDING + LINE * lines + (BAR if layer.multiply_adds else 0)


def _groups(table: Table) -> list[list[LayerSummary]]:
    """Part the layers into those that get a box and those at its foot."""
    num_takers = Counter(name for layer in table for name in layer.inputs)
    groups: list[list[LayerSummary]] = []
    last_of: dict[str, list[LayerSummary]] = {}
    for layer in table:
        group = last_of.get(layer.inputs[0]) if len(layer.inputs) == 1 else None
        if group and num_takers[layer.inputs[0]] == 1 and _is_in_place(layer, group[-1]):
            group.append(layer)
        else:
            group = [layer]
            groups.append(group)
        last_of[layer.name] = group
    return groups


def _is_in_place(layer: LayerSummary, before: LayerSummary) -> bool:
    """Return True if a layer keeps the shape and looks at no neighbours."""
    return (
        layer.output_shape == before.output_shape
        and layer.receptive_field == before.receptive_field
        and layer.multiply_adds == 0
        and bool(before.inputs)  # nothing stands at the foot of the image
    )


def _sources(groups: list[list[LayerSummary]]) -> list[tuple[int, ...]]:
    index = {layer.name: i for i, group in enumerate(groups) for layer in group}
    return [tuple(index[name] for name in group[0].inputs) for group in groups]


def _rows(sources: list[tuple[int, ...]]) -> list[int]:
    """Return the length of the longest way from the input to each box."""
    rows: list[int] = []
    for taken in sources:
        rows.append(1 + max((rows[source] for source in taken), default=-1))
    return rows


def _lanes(sources: list[tuple[int, ...]]) -> list[float]:
    """Return the lane of each box: 0 is the input's, 1 the next to the right; halves are possible.

    Ways that part at a box stand side by side below it, two as they are and one to the right,
    more around its middle. Where they meet again, the lane is that of the box where they parted.
    """
    parted: list[int] = []  # for each box the last one before it that no way leads around
    lanes: list[float] = []

    def meet(one: int, other: int) -> int:
        while one != other:
            one, other = min(one, other), parted[max(one, other)]
        return one

    for i, taken in enumerate(sources):
        before = reduce(meet, taken) if taken else i
        parted.append(before)
        ways = [j for j, others in enumerate(sources) if others == taken and len(taken) == 1]
        ways.sort(key=lambda way: _order(way, sources))
        shift = 0.0
        if len(ways) > 1:
            shift = ways.index(i) - (len(ways) - 1) / 2 * (len(ways) > 2)
        lanes.append(lanes[before] + shift if taken else 0.0)
    return lanes


def _order(way: int, sources: list[tuple[int, ...]]) -> int:
    """Return the place of a way among the inputs of the layer that ends the way."""
    while True:
        takers = [i for i, taken in enumerate(sources) if way in taken]
        if len(takers) != 1:
            return 0
        if len(sources[takers[0]]) > 1:
            return sources[takers[0]].index(way)
        way = takers[0]


def _tops(
    sources: list[tuple[int, ...]], rows: list[int], lanes: list[float], heights: list[int]
) -> list[float]:
    """Return the upper edge of each row, with more room where ways part and meet."""
    num_rows = max(rows) + 1
    gaps, row_heights = [GAP] * num_rows, [0] * num_rows
    for i, row in enumerate(rows):
        row_heights[row] = max(row_heights[row], heights[i])
        if any(lanes[source] != lanes[i] for source in sources[i]):
            gaps[row] = GAP_OF_CURVES
    tops = [0.0]
    for row in range(1, num_rows):
        tops.append(tops[-1] + row_heights[row - 1] + gaps[row])
    return tops
