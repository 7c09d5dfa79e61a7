"""Which places of every feature map a change of the picture can reach: arithmetic on intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from cnn_core.attribution.chain import Chain, Step

# How a step goes from the block of changed places that it gets to the block that it gives:
# "grow" by what its windows reach; "mask" the same, after clearing what lies outside the map;
# "crop" to the windows that see the block, each looked up on its own; "whole" map to whole map.
Way = Literal["grow", "mask", "crop", "whole"]


@dataclass(frozen=True)
class Move:
    """How one step is carried out.

    Attributes:
        way: see Way.
        is_whole: whether the block that it gives is the whole map.
    """

    way: Way
    is_whole: bool


@dataclass(frozen=True)
class Reach:
    """The block of changed places in every feature map, for every position of a patch.

    Attributes:
        moves: one for each step of the chain.
        sizes: (steps + 1, 2) int32, height and width of the blocks, the picture's first.
        starts: (n, steps + 1, 2) int32, the first row and column of the blocks of each position;
            below 0, or ending beyond the map, where a block lies partly outside of it.
        is_inside: whether no block of the last map lies outside of it.
    """

    moves: tuple[Move, ...]
    sizes: np.ndarray
    starts: np.ndarray
    is_inside: bool


def reach(chain: Chain, starts: np.ndarray, size: tuple[int, int]) -> Reach:
    """Follow a change of the picture through a network.

    Args:
        chain: the network.
        starts: (n, 2) the first row and column of the changed pixels of each position.
        size: height and width of the changed pixels.
    """
    start, side = np.asarray(starts, np.int32), np.asarray(size, np.int32)
    shape = np.array(chain.input_shape[:2])
    is_inside, is_whole = True, bool((side == shape).all())
    moves, sizes, all_starts = [], [side], [start]
    for step in chain.steps:
        way = _way(step, side, is_inside=is_inside, is_whole=is_whole)
        start, side = _moved(step, start, side, way)
        is_whole = bool((side == step.shape[:2]).all()) and way in ("crop", "whole")
        is_inside = is_inside if _keeps(step) else way in ("crop", "whole")
        moves.append(Move(way, is_whole))
        sizes.append(side)
        all_starts.append(start)
    return Reach(tuple(moves), np.stack(sizes), np.stack(all_starts, axis=1), is_inside)


def _keeps(step: Step) -> bool:
    return step.kind in ("pad", "scale", "bend")


def _way(step: Step, side: np.ndarray, *, is_inside: bool, is_whole: bool) -> Way:
    if step.kind == "pad":
        return "grow" if is_inside else "mask"
    if is_whole or _keeps(step):
        return "whole" if is_whole else "grow"
    grown = side + np.array(step.kernel) - 1
    is_small = bool((grown < step.shape[:2]).all())
    if step.kind == "conv" and step.stride == (1, 1) and is_small:
        return "mask" if step.is_padded and not is_inside else "grow"
    return "crop"


def _moved(
    step: Step, start: np.ndarray, side: np.ndarray, way: Way
) -> tuple[np.ndarray, np.ndarray]:
    before, kernel, stride = (
        np.array(p, np.int32) for p in (step.before, step.kernel, step.stride)
    )
    if step.kind == "pad":
        return start + before, side
    if way == "whole" or _keeps(step):
        return start, (np.array(step.shape[:2], np.int32) if way == "whole" else side)
    first = start + before - kernel + 1  # where the first window that sees the block begins
    if way != "crop":
        return first, side + kernel - 1
    count = np.minimum((side + kernel - 2) // stride + 1, step.shape[:2]).astype(np.int32)
    return np.clip(-(-first // stride), 0, step.shape[:2] - count).astype(np.int32), count
