"""Which places of every feature map a change of the picture can reach: arithmetic on intervals.

All of it happens along rows and along columns apart, once for every place where a patch may begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.attribution.occlusion.layer_chain import Chain, Pair, Stage, Step
from cnn_core.model_cache import cached_per_model

# From this share of a map on, blocks are not moved to where the change is: few windows, which
# stop at the border, then cost less than blocks that grow beyond it.
_LARGE = 0.75

Ends = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class PaddingPlan:
    """Padding and crop of blocks on their way through a stage along one axis.

    Attributes:
        pads: For each step, the zeros set before and behind the block; a convolution alone has any.
        sticks_out: For each step, whether the block that it takes may lie partly outside the map.
    """

    pads: tuple[Pair, ...]
    sticks_out: tuple[bool, ...]


@dataclass(frozen=True)
class AxisPlan:
    """One axis of one stage; every array has one value for each place where the patch may begin.

    Attributes:
        padding_plans: All that are needed.
        padding_plan: (begins,) which of them.
        first: (begins,) where the block that comes in begins; below 0 outside of the map.
        lengths: (steps + 1, begins) of the blocks, what comes in first.
        given: The first and the last place (begins,) of the block that comes out.
        is_fixed: True if `first` is the same for all that share a padding_plan.
    """

    padding_plans: tuple[PaddingPlan, ...]
    padding_plan: np.ndarray
    first: np.ndarray
    lengths: np.ndarray
    given: Ends
    is_fixed: bool


@cached_per_model(max_entries=256)
def axis_plans(chain: Chain, patch_size: int) -> tuple[tuple[AxisPlan, AxisPlan], ...]:
    """Return the rows and the columns of every stage."""
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
        ends = [axis_plan.given for axis_plan in (down, across)]
    return tuple(found)


def _is_large(stage: Stage, axis_plan: AxisPlan, axis: int) -> bool:
    return any(
        lengths.max() > _LARGE * shape[axis]
        for lengths, shape in zip(axis_plan.lengths, stage.shapes, strict=True)
    )


def _moving(stage: Stage, axis: int, first: np.ndarray, last: np.ndarray) -> AxisPlan:
    """Blocks stand where the change is, and grow beyond the border."""
    return _axis_plan(stage, axis, (first, last), np.arange(len(first)), is_fixed=False)


def _fixed(stage: Stage, axis: int, first: np.ndarray, last: np.ndarray) -> AxisPlan:
    """Blocks are the first or the last half or three quarters of the map, or all of it."""
    length = stage.shapes[0][axis]
    half, most = -(-length // 2), -(-3 * length // 4)
    windows = np.array(
        [(0, half), (length - half, length), (0, most), (length - most, length), (0, length)]
    ).T
    first, last = _clipped((first, last), length)
    fits = (windows[0] <= first[:, None]) & (last[:, None] < windows[1])
    return _axis_plan(stage, axis, (windows[0], windows[1] - 1), fits.argmax(axis=1), is_fixed=True)


def _axis_plan(
    stage: Stage,
    axis: int,
    block: Ends,
    number: np.ndarray,
    *,
    is_fixed: bool,
) -> AxisPlan:
    """Move some blocks through a stage.

    Args:
        stage: Stage that the blocks go through.
        axis: 0 for rows, 1 for columns.
        block: The first and last place (blocks,) of each.
        number: (begins,) which of them each place where the patch may begin has.
        is_fixed: True if the blocks stop at the border.
    """
    blocks = [block]
    for step in stage.steps:
        ends = _onward(step, axis, *blocks[-1])
        blocks.append(_clipped(ends, step.shape[axis]) if is_fixed else ends)
    _widen(stage, axis, blocks)
    pads = [_pads(step, axis, *blocks[i : i + 2]) for i, step in enumerate(stage.steps)]
    padding_plans, padding_plan = _padding_plans(stage, axis, blocks, pads, is_fixed=is_fixed)
    return AxisPlan(
        padding_plans,
        padding_plan[number],
        blocks[0][0][number],
        np.stack([last - first + 1 for first, last in blocks])[:, number],
        (blocks[-1][0][number], blocks[-1][1][number]),
        is_fixed,
    )


def _onward(step: Step, axis: int, first: np.ndarray, last: np.ndarray) -> Ends:
    """Return the outputs that see some of the places from first to last; at least one."""
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


def _padding_plans(
    stage: Stage, axis: int, blocks: list[Ends], pads: list[np.ndarray], *, is_fixed: bool
) -> tuple[tuple[PaddingPlan, ...], np.ndarray]:
    """Return the padding_plans, and the padding_plan of each of some blocks."""
    firsts = blocks[0][0] * is_fixed
    _, which, padding_plan = np.unique(
        np.vstack([firsts, *pads]), axis=1, return_index=True, return_inverse=True
    )
    padding_plan = padding_plan.reshape(-1)
    sticks_out = [
        (first < 0) | (last >= shape[axis])
        for (first, last), shape in zip(blocks, stage.shapes, strict=True)
    ]
    padding_plans = (
        PaddingPlan(
            tuple((int(pad[0, one]), int(pad[1, one])) for pad in pads),
            tuple(bool(sticks[padding_plan == i].any()) for sticks in sticks_out),
        )
        for i, one in enumerate(which)
    )
    return tuple(padding_plans), padding_plan
