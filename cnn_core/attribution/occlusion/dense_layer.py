"""Which changed units share the weights of the first dense layer, so that no weight meets a 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.attribution.occlusion.layer_chain import Chain
from cnn_core.attribution.occlusion.schedule import Blocks

# What a machine does in the time in which it moves one byte, roughly; it decides between more
# products and more sums and never what comes out.
_PRODUCTS_PER_BYTE = 8
_BUCKET = 16


class Sharing(NamedTuple):
    """Order in which the changed places of all positions enter the first dense layer.

    The map is cut into groups, each some places wide and one high (or into one group, the map).

    Attributes:
        cells: (groups, most, width) int32: for each group the positions that change in it, as
            rows of the table of changes; the row of 0 stands for no change.
        slots: (n, parts) int32: which rows of the products, flat, add up to each position. With a
            mean at the end there are no cells, and one row of the table for each position.
    """

    cells: np.ndarray
    slots: np.ndarray


def sharing(chain: Chain, blocks: Blocks, num_rows: int) -> Sharing:
    """Put together the positions that change the same places.

    Args:
        chain: The network.
        blocks: Blocks of all positions, on the last map and in the table of changes.
        num_rows: Number of rows of that table; the next row is a row of 0.
    """
    if chain.ending == "mean":
        return Sharing(np.zeros((0, 0, 0), np.int32), blocks.row[:, None].astype(np.int32))
    rows, columns, _ = chain.places
    (high, wide), (top, left) = blocks.size.T, blocks.first.T
    most = int(high.max()), int(wide.max())
    tall, width = _group(chain.places, most, int(chain.dense.units))
    in_a_row = columns // width
    # All pairs of a position and a group that its block may meet.
    down = top[:, None] // tall + np.arange(-(-(most[0] + tall - 1) // tall))
    across = left[:, None] // width + np.arange(-(-(most[1] + width - 1) // width))
    is_met = _meets(down * tall, tall, top[:, None], high[:, None])[:, :, None]
    is_met = is_met & _meets(across * width, width, left[:, None], wide[:, None])[:, None, :]
    group = down[:, :, None] * in_a_row + across[:, None, :]
    slots = group.shape[1] * group.shape[2]
    met = np.flatnonzero(is_met)
    met = met[np.argsort(group.ravel()[met], kind="stable")]
    group, position = group.ravel()[met], met // slots
    numbers = np.bincount(group, minlength=(rows // tall) * in_a_row)
    together = -(-(int(numbers.max(initial=0)) + 1) // _BUCKET) * _BUCKET  # one is left over
    rank = np.arange(len(group)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    row = (group // in_a_row * tall - top[position])[:, None]
    row = row + np.repeat(np.arange(tall), width)
    column = (group % in_a_row * width - left[position])[:, None]
    column = column + np.tile(np.arange(width), tall)
    at = blocks.row[position, None] + row * blocks.pitch[position, None] + column
    is_in = _meets(row, 1, 0, high[position, None]) & _meets(column, 1, 0, wide[position, None])
    cells = np.full((len(numbers), together, tall * width), num_rows, np.int32)
    cells[group, rank] = np.where(is_in, at, num_rows)
    slot = np.full(len(blocks.row) * slots, together - 1, np.int32)
    slot[met] = group * together + rank
    return Sharing(cells, slot.reshape(-1, slots))


def _meets(
    first: np.ndarray, length: int, start: np.ndarray | int, side: np.ndarray | int
) -> np.ndarray:
    """Return True if `length` places from `first` on and `side` places from `start` on overlap."""
    is_met: np.ndarray = (first < start + side) & (start < first + length)
    return is_met


def _group(places: tuple[int, int, int], block: tuple[int, int], units: int) -> tuple[int, int]:
    """Height and width of the groups at the least cost: of a row's parts, or of the whole map."""
    rows, columns, channels = places

    def cost(tall: int, width: int) -> float:
        parts = min(-(-(block[0] + tall - 1) // tall), rows // tall)
        parts *= min(-(-(block[1] + width - 1) // width), columns // width)
        taken = tall * width * channels
        return parts * (taken * units / _PRODUCTS_PER_BYTE + 4 * (2 * taken + 3 * units))

    widths = [width for width in range(1, columns + 1) if columns % width == 0]
    return min([*((1, width) for width in widths), (rows, columns)], key=lambda g: cost(*g))
