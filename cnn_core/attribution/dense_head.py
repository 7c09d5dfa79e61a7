"""Which changed units share the weights of the first dense layer, so that no weight meets a 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cnn_core.attribution.chain import Chain

# What a machine does in the time in which it moves one byte, roughly; it decides between more
# products and more sums and never what comes out.
_PRODUCTS_PER_BYTE = 8
_BUCKET = 16


class Sharing(NamedTuple):
    """How the changed places of all positions are put together for the first dense layer.

    The map is cut into groups, each some places wide and one high (or into one group, the map).

    Attributes:
        cells: (groups, most, width) int32: for each group the positions that change in it, as
            indices into all places of all blocks; the number of all places stands for no change.
        slots: (n, parts) int32: which rows of the products, flat, add up to each position.
    """

    cells: np.ndarray
    slots: np.ndarray

    @staticmethod
    def none() -> Sharing:
        """Stands for no sharing."""
        return Sharing(np.zeros((0, 0, 0), np.int32), np.zeros((0, 0), np.int32))


def sharing(
    chain: Chain, starts: np.ndarray, size: np.ndarray, *, is_whole: bool
) -> Sharing | None:
    """Put together the positions that change the same places; None where all change all.

    Args:
        chain: the network.
        starts: (n, 2) int32, where the block of each position begins on the last map.
        size: (2,) height and width of the blocks.
        is_whole: whether the blocks are the whole map.
    """
    if is_whole or chain.ending == "mean":
        return None
    rows, columns, _ = chain.places
    high, wide = (int(side) for side in size)
    tall, width = _group(chain.places, (high, wide), int(chain.dense.units))
    # All pairs of a position and a group that its block may meet.
    down = starts[:, 0, None] // tall + np.arange(-(-(high + tall - 1) // tall))
    across = starts[:, 1, None] // width + np.arange(-(-(wide + width - 1) // width))
    count = rows // tall, columns // width
    shape = (len(starts), down.shape[1], across.shape[1])
    position = np.broadcast_to(np.arange(len(starts))[:, None, None], shape).ravel()
    down, across = (
        np.broadcast_to(along, shape).ravel() for along in (down[:, :, None], across[:, None, :])
    )
    is_real = _meets(down, 1, 0, count[0]) & _meets(across, 1, 0, count[1])
    is_real &= _meets(down * tall, tall, starts[position, 0], high)
    is_real &= _meets(across * width, width, starts[position, 1], wide)
    real = np.flatnonzero(is_real)
    group = down[real] * count[1] + across[real]
    order = np.argsort(group, kind="stable")
    real, group = real[order], group[order]
    numbers = np.bincount(group, minlength=count[0] * count[1])
    most = -(-(int(numbers.max(initial=0)) + 1) // _BUCKET) * _BUCKET  # one is always left over
    rank = np.arange(len(group)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    cells = np.full((count[0] * count[1], most, tall * width), len(starts) * high * wide, np.int32)
    row = (
        down[real, None] * tall
        + np.repeat(np.arange(tall), width)
        - starts[position[real], 0, None]
    )
    column = (
        across[real, None] * width
        + np.tile(np.arange(width), tall)
        - starts[position[real], 1, None]
    )
    at = position[real, None] * (high * wide) + row * wide + column
    is_in = _meets(row, 1, 0, high) & _meets(column, 1, 0, wide)
    cells[group, rank] = np.where(is_in, at, len(starts) * high * wide)
    slots = np.full(len(position), most - 1, np.int32)
    slots[real] = group * most + rank
    return Sharing(cells, slots.reshape(len(starts), -1))


def _meets(first: np.ndarray, length: int, start: np.ndarray | int, side: int) -> np.ndarray:
    """Whether `length` places from `first` on and `side` places from `start` on overlap."""
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
