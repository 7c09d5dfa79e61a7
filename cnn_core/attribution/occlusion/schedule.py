"""Where all positions of a patch are on their way through a network, and which go together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnn_core.attribution.occlusion.intervals import AxisPlan, PaddingPlan, axis_plans
from cnn_core.attribution.occlusion.layer_chain import Chain, Pair, Stage

# Positions go through a stage together: few enough that their blocks stay in the processor's
# cache, and in steps of two, since each new number is compiled for.
_MOST_TOGETHER = 640
_BYTES_TOGETHER = 8 << 20
_STEP_TOGETHER = 2

# Columns of StagePlan.places: the first place in the table and the pitch of its rows, then row and
# column of the first place on the map, height and width, and where the block made of them begins.
ROW, PITCH, FIRST, SIZE, BLOCK_START = 0, 1, 2, 4, 6
NUM_PLACE_COLUMNS = 8
# Columns of StagePlan.chunks.
BEGIN, END, PADDING_PLAN, HEIGHT, WIDTH = range(5)
NUM_CHUNK_COLUMNS = 5


@dataclass(frozen=True)
class PaddingPlans:
    """All padding_plans of a stage.

    Attributes:
        down: Along the rows.
        across: Along the columns.
        is_fixed: True if all blocks that share their padding_plans begin at the same place.
    """

    down: tuple[PaddingPlan, ...]
    across: tuple[PaddingPlan, ...]
    is_fixed: bool


@dataclass(frozen=True)
class Blocks:
    """Changed places of every position on a map, and in a table of such places.

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
class StagePlan:
    """All positions on their way through one stage.

    Attributes:
        padding_plans: Those of its stage.
        places: (m, NUM_PLACE_COLUMNS) int32, the positions in the order in which they go, some
            more than once; see ROW, PITCH, FIRST, SIZE and BLOCK_START.
        chunks: (chunks, NUM_CHUNK_COLUMNS) int32, the positions that go together: BEGIN and END,
            PADDING_PLAN (number of the rows' plan times the number of the columns' plans plus the
            number of the columns' plan), HEIGHT and WIDTH of their blocks.
    """

    padding_plans: PaddingPlans
    places: np.ndarray
    chunks: np.ndarray


@dataclass(frozen=True)
class Schedule:
    """The ways of all positions, and where they end.

    Attributes:
        stage_plans: Passages, one for each stage.
        ends: The last blocks; with a mean at the end, one row of the table for each position.
        num_rows: Number of rows of the last table.
    """

    stage_plans: tuple[StagePlan, ...]
    ends: Blocks
    num_rows: int


def schedule(chain: Chain, starts: np.ndarray, patch_size: int) -> Schedule:
    """Follow a square patch through a network.

    Args:
        chain: The network.
        starts: (n, 2) the first row and column of each position.
        patch_size: Side of the patch in pixels.
    """
    width = chain.input_shape[1]
    blocks = Blocks(
        starts,
        np.full_like(starts, patch_size),
        starts[:, 0] * width + starts[:, 1],
        np.full(len(starts), width),
    )
    stage_plans = []
    for stage, of_stage in zip(chain.stages, axis_plans(chain, patch_size), strict=True):
        order, chunks = _together(stage, of_stage, starts)
        at = np.column_stack([blocks.row, blocks.pitch, blocks.first, blocks.size])
        firsts = [axis_plan.first[starts[:, axis]] for axis, axis_plan in enumerate(of_stage)]
        places = np.column_stack([at, *firsts])[order].astype(np.int32)
        down, across = of_stage
        padding_plans = PaddingPlans(down.padding_plans, across.padding_plans, down.is_fixed)
        stage_plans.append(StagePlan(padding_plans, places, chunks))
        blocks, num_rows = _arrived(of_stage, stage.shapes[-1][:2], starts, order)
    if chain.ending == "mean":
        row = np.empty(len(starts), int)
        row[order] = np.arange(len(order))
        one = np.ones_like(starts)
        blocks, num_rows = Blocks(0 * one, one, row, one[:, 0]), len(order)
    return Schedule(tuple(stage_plans), blocks, num_rows)


def _together(
    stage: Stage, of_stage: tuple[AxisPlan, AxisPlan], starts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions in the order of StagePlan.places, and StagePlan.chunks."""
    down, across = of_stage
    rows, columns = starts.T
    high, wide = down.lengths[0, rows], across.lengths[0, columns]
    padding_plan = (
        down.padding_plan[rows] * len(across.padding_plans) + across.padding_plan[columns]
    )
    key = (padding_plan * (high.max() + 1) + high) * (wide.max() + 1) + wide
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    groups = list(zip(begins, [*begins[1:], len(order)], strict=True))
    # The most work first, so that all cores have some until the end.
    groups.sort(key=lambda group: -(group[1] - group[0]) * (high * wide)[order[group[0]]])
    most = _most_together(stage, of_stage)
    taken, chunks, count = [], [], 0
    for begin, end in groups:
        number = -(-(end - begin) // most)  # of chunks, about as large as each other
        together = -(-(end - begin) // (number * _STEP_TOGETHER)) * _STEP_TOGETHER
        for first in range(begin, end, together):
            taken.append(np.minimum(np.arange(first, first + together), end - 1))
            one = order[first]
            chunks.append((count, count + together, padding_plan[one], high[one], wide[one]))
            count += together
    return order[np.concatenate(taken)], np.array(chunks, np.int32)


def _most_together(stage: Stage, of_stage: tuple[AxisPlan, AxisPlan]) -> int:
    areas = np.prod([axis_plan.lengths.max(axis=1) for axis_plan in of_stage], axis=0)
    floats = max(int(area) * shape[2] for area, shape in zip(areas, stage.shapes, strict=True))
    number = _BYTES_TOGETHER // (4 * floats) // _STEP_TOGETHER * _STEP_TOGETHER
    return int(np.clip(number, _STEP_TOGETHER, _MOST_TOGETHER))


def _arrived(
    of_stage: tuple[AxisPlan, AxisPlan], shape: Pair, starts: np.ndarray, order: np.ndarray
) -> tuple[Blocks, int]:
    """Return the blocks behind a stage, and the number of rows of their table."""
    sides = list(zip(of_stage, starts.T, shape, strict=True))
    whole = np.stack([axis_plan.lengths[-1, at] for axis_plan, at, _ in sides], axis=1)
    begin = np.stack([axis_plan.given[0][at] for axis_plan, at, _ in sides], axis=1)
    first = np.maximum(begin, 0)
    size = np.minimum(begin + whole, shape) - first
    pitch, area = whole[:, 1], whole.prod(axis=1)
    ends = np.cumsum(area[order])
    row = np.empty(len(starts), int)
    row[order] = ends - area[order]
    row += (first - begin)[:, 0] * pitch + (first - begin)[:, 1]
    return Blocks(first, size, row, pitch), int(ends[-1])
