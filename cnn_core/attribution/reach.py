"""Which places of every feature map a change of the picture can reach: arithmetic on intervals.

All of it happens along rows and along columns apart, once for every place where a patch may begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cnn_core.attribution.chain import Chain, Pair, Stage, Step

# Positions go through a stage together: few enough that their blocks stay in the processor's
# cache, and in steps of eight, since each new number is compiled for.
_MOST_TOGETHER = 640
_BYTES_TOGETHER = 8 << 20
_STEP_TOGETHER = 8
# From this share of a map on, blocks are not moved to where the change is: few windows, which
# stop at the border, then cost less than blocks that grow beyond it.
_LARGE = 0.75

Ends = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Frame:
    """How blocks go through a stage along one axis; many positions have it in common.

    Attributes:
        pads: for each step, the zeros set before and behind the block; a convolution alone has any.
        sticks_out: for each step, whether the block that it takes may lie partly outside the map.
    """

    pads: tuple[Pair, ...]
    sticks_out: tuple[bool, ...]


@dataclass(frozen=True)
class Frames:
    """All frames of a stage.

    Attributes:
        down: along the rows.
        across: along the columns.
        is_fixed: whether all blocks that share their frames begin at the same place.
    """

    down: tuple[Frame, ...]
    across: tuple[Frame, ...]
    is_fixed: bool


@dataclass(frozen=True)
class Lane:
    """One axis of one stage; every array has one value for each place where the patch may begin.

    Attributes:
        frames: all that are needed.
        frame: (begins,) which of them.
        first: (begins,) where the block that comes in begins; below 0 outside of the map.
        lengths: (steps + 1, begins) of the blocks, what comes in first.
        given: the first and the last place (begins,) of the block that comes out.
        is_fixed: whether `first` is the same for all that share a frame.
    """

    frames: tuple[Frame, ...]
    frame: np.ndarray
    first: np.ndarray
    lengths: np.ndarray
    given: Ends
    is_fixed: bool


@dataclass(frozen=True)
class Blocks:
    """Where the changed places of every position stand on a map, and in a table of such places.

    Attributes:
        first: (n, 2) row and column of the map; a block lies inside of it.
        size: (n, 2) height and width.
        row: (n,) the row of the table with the first place.
        pitch: (n,) from one row of the map to the next, in rows of the table.
    """

    first: np.ndarray
    size: np.ndarray
    row: np.ndarray
    pitch: np.ndarray


@dataclass(frozen=True)
class Passage:
    """All positions on their way through one stage.

    Attributes:
        frames: those of its stage.
        places: (m, 8) int32, the positions in the order in which they go, some more than once:
            row, pitch, first row and column, height and width of what comes in, in the table; and
            the first row and column of the block that is made of it.
        chunks: (chunks, 5) int32, those that go together: the first and the one behind the last,
            the frame (rows' number times the number of the columns' frames plus the columns'
            number), and the height and width of their blocks.
    """

    frames: Frames
    places: np.ndarray
    chunks: np.ndarray


@dataclass(frozen=True)
class Reach:
    """The ways of all positions, and where they end.

    Attributes:
        passages: one for each stage.
        ends: the last blocks; with a mean at the end, one row of the table for each position.
        num_rows: of the last table.
    """

    passages: tuple[Passage, ...]
    ends: Blocks
    num_rows: int


def reach(chain: Chain, starts: np.ndarray, patch_size: int) -> Reach:
    """Follow a square patch through a network.

    Args:
        chain: the network.
        starts: (n, 2) the first row and column of each position.
        patch_size: side of the patch in pixels.
    """
    width = chain.input_shape[1]
    num_rows = chain.input_shape[0] * width
    blocks = Blocks(
        starts,
        np.full_like(starts, patch_size),
        starts[:, 0] * width + starts[:, 1],
        np.full(len(starts), width),
    )
    passages = []
    for stage, of_stage in zip(chain.stages, lanes(chain, patch_size), strict=True):
        order, chunks = _together(stage, of_stage, starts)
        at = np.column_stack([blocks.row, blocks.pitch, blocks.first, blocks.size])
        firsts = [lane.first[starts[:, axis]] for axis, lane in enumerate(of_stage)]
        places = np.column_stack([at, *firsts])[order].astype(np.int32)
        down, across = of_stage
        frames = Frames(down.frames, across.frames, down.is_fixed)
        passages.append(Passage(frames, places, chunks))
        blocks, num_rows = _arrived(of_stage, stage.shapes[-1][:2], starts, order)
    if chain.ending == "mean":
        row = np.empty(len(starts), int)
        row[order] = np.arange(len(order))
        one = np.ones_like(starts)
        blocks, num_rows = Blocks(0 * one, one, row, one[:, 0]), len(order)
    return Reach(tuple(passages), blocks, num_rows)


def _together(
    stage: Stage, of_stage: tuple[Lane, Lane], starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The positions in the order of Passage.places, and Passage.chunks."""
    down, across = of_stage
    rows, columns = starts.T
    high, wide = down.lengths[0, rows], across.lengths[0, columns]
    frame = down.frame[rows] * len(across.frames) + across.frame[columns]
    key = (frame * (high.max() + 1) + high) * (wide.max() + 1) + wide
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    most = _most_together(stage, of_stage)
    taken, chunks, count = [], [], 0
    for begin, end in zip(begins, [*begins[1:], len(order)], strict=True):
        number = -(-(end - begin) // most)  # of chunks, about as large as each other
        together = -(-(end - begin) // (number * _STEP_TOGETHER)) * _STEP_TOGETHER
        for first in range(begin, end, together):
            taken.append(np.minimum(np.arange(first, first + together), end - 1))
            one = order[first]
            chunks.append((count, count + together, frame[one], high[one], wide[one]))
            count += together
    return order[np.concatenate(taken)], np.array(chunks, np.int32)


def _most_together(stage: Stage, of_stage: tuple[Lane, Lane]) -> int:
    areas = np.prod([lane.lengths.max(axis=1) for lane in of_stage], axis=0)
    floats = max(int(area) * shape[2] for area, shape in zip(areas, stage.shapes, strict=True))
    number = _BYTES_TOGETHER // (4 * floats) // _STEP_TOGETHER * _STEP_TOGETHER
    return int(np.clip(number, _STEP_TOGETHER, _MOST_TOGETHER))


def _arrived(
    of_stage: tuple[Lane, Lane], shape: Pair, starts: np.ndarray, order: np.ndarray
) -> tuple[Blocks, int]:
    """The blocks behind a stage, and the number of rows of their table."""
    sides = list(zip(of_stage, starts.T, shape, strict=True))
    whole = np.stack([lane.lengths[-1, at] for lane, at, _ in sides], axis=1)
    begin = np.stack([lane.given[0][at] for lane, at, _ in sides], axis=1)
    first = np.maximum(begin, 0)
    size = np.minimum(begin + whole, shape) - first
    pitch, area = whole[:, 1], whole.prod(axis=1)
    ends = np.cumsum(area[order])
    row = np.empty(len(starts), int)
    row[order] = ends - area[order]
    row += (first - begin)[:, 0] * pitch + (first - begin)[:, 1]
    return Blocks(first, size, row, pitch), int(ends[-1])


@lru_cache(maxsize=256)
def lanes(chain: Chain, patch_size: int) -> tuple[tuple[Lane, Lane], ...]:
    """The rows and the columns of every stage."""
    ends = [
        (np.arange(length - patch_size + 1), np.arange(patch_size - 1, length))
        for length in chain.input_shape[:2]
    ]
    found = []
    for stage in chain.stages:
        down, across = (_moving(stage, axis, *ends[axis]) for axis in (0, 1))
        if _is_large(stage, down, 0) or _is_large(stage, across, 1):
            down, across = (_fixed(stage, axis, *ends[axis]) for axis in (0, 1))
        found.append((down, across))
        ends = [lane.given for lane in (down, across)]
    return tuple(found)


def _is_large(stage: Stage, lane: Lane, axis: int) -> bool:
    return any(
        lengths.max() > _LARGE * shape[axis]
        for lengths, shape in zip(lane.lengths, stage.shapes, strict=True)
    )


def _moving(stage: Stage, axis: int, first: np.ndarray, last: np.ndarray) -> Lane:
    """Blocks stand where the change is, and grow beyond the border."""
    return _lane(stage, axis, (first, last), np.arange(len(first)), is_fixed=False)


def _fixed(stage: Stage, axis: int, first: np.ndarray, last: np.ndarray) -> Lane:
    """Blocks are the first or the last half or three quarters of the map, or all of it."""
    length = stage.shapes[0][axis]
    half, most = -(-length // 2), -(-3 * length // 4)
    windows = np.array(
        [(0, half), (length - half, length), (0, most), (length - most, length), (0, length)]
    ).T
    first, last = _clipped((first, last), length)
    fits = (windows[0] <= first[:, None]) & (last[:, None] < windows[1])
    return _lane(stage, axis, (windows[0], windows[1] - 1), fits.argmax(axis=1), is_fixed=True)


def _lane(
    stage: Stage,
    axis: int,
    block: Ends,
    number: np.ndarray,
    *,
    is_fixed: bool,
) -> Lane:
    """Move some blocks through a stage.

    Args:
        stage: what they go through.
        axis: 0 for rows, 1 for columns.
        block: the first and last place (blocks,) of each.
        number: (begins,) which of them each place where the patch may begin has.
        is_fixed: whether the blocks stop at the border.
    """
    blocks = [block]
    for step in stage.steps:
        ends = _onward(step, axis, *blocks[-1])
        blocks.append(_clipped(ends, step.shape[axis]) if is_fixed else ends)
    _widen(stage, axis, blocks)
    pads = [_pads(step, axis, *blocks[i : i + 2]) for i, step in enumerate(stage.steps)]
    frames, frame = _frames(stage, axis, blocks, pads, is_fixed=is_fixed)
    return Lane(
        frames,
        frame[number],
        blocks[0][0][number],
        np.stack([last - first + 1 for first, last in blocks])[:, number],
        (blocks[-1][0][number], blocks[-1][1][number]),
        is_fixed,
    )


def _onward(step: Step, axis: int, first: np.ndarray, last: np.ndarray) -> Ends:
    """The outputs that see some of the places from first to last; at least one of the map."""
    kernel, stride, before = step.kernel[axis], step.stride[axis], step.before[axis]
    if step.kind == "pad":
        return first + before, last + before
    begin = np.minimum(-(-(first + before - kernel + 1) // stride), (first + before) // stride)
    return np.minimum(begin, step.shape[axis] - 1), np.maximum((last + before) // stride, 0)


def _clipped(ends: Ends, length: int) -> Ends:
    first, last = (np.clip(end, 0, length - 1) for end in ends)
    return first, last


def _widen(stage: Stage, axis: int, blocks: list[Ends]) -> None:
    """Make what the last windows see whole windows, back to the last convolution before them."""
    number = next((i for i, step in enumerate(stage.steps) if step.is_strided), None)
    if number is None:
        return
    step, (first, last), (begin, end) = stage.steps[number], *blocks[number : number + 2]
    before, stride = step.before[axis], step.stride[axis]
    ahead = first - (begin * stride - before)
    behind = end * stride - before + step.kernel[axis] - 1 - last
    convolutions = [i for i in range(number) if stage.steps[i].kind == "conv"]
    if convolutions:  # which do not leave out what no window sees
        behind = np.maximum(behind, 0)
    for i in range(convolutions[-1] + 1 if convolutions else 0, number + 1):
        blocks[i] = blocks[i][0] - ahead, blocks[i][1] + behind


def _pads(step: Step, axis: int, block: Ends, given: Ends) -> np.ndarray:
    """(2, blocks) the zeros that a convolution needs before and behind each block."""
    if step.kind != "conv" or step.is_strided:
        return np.zeros((2, len(block[0])), int)
    before, kernel = step.before[axis], step.kernel[axis]
    return np.stack([block[0] - given[0] + before, given[1] - before + kernel - 1 - block[1]])


def _frames(
    stage: Stage, axis: int, blocks: list[Ends], pads: list[np.ndarray], *, is_fixed: bool
) -> tuple[tuple[Frame, ...], np.ndarray]:
    """The frames, and which of them each of some blocks has."""
    firsts = blocks[0][0] * is_fixed
    _, which, frame = np.unique(
        np.vstack([firsts, *pads]), axis=1, return_index=True, return_inverse=True
    )
    frame = frame.reshape(-1)
    sticks_out = [
        (first < 0) | (last >= shape[axis])
        for (first, last), shape in zip(blocks, stage.shapes, strict=True)
    ]
    frames = (
        Frame(
            tuple((int(pad[0, one]), int(pad[1, one])) for pad in pads),
            tuple(bool(sticks[frame == i].any()) for sticks in sticks_out),
        )
        for i, one in enumerate(which)
    )
    return tuple(frames), frame
