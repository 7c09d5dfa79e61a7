"""What must be there for an answer, and what must stay empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.counterfactual.brush import Line, painted
from cnn_core.counterfactual.canvas import Canvas, as_pixels, canvas_of
from cnn_core.counterfactual.goal import CLEAR, Goal
from cnn_core.counterfactual.smallest_edit import SmallestEdit, smallest_edit

if TYPE_CHECKING:
    import keras

_MOST_BLOCKS = 256


@dataclass(frozen=True, eq=False)
class PertinentPositives:
    """Parts of a picture that alone give its answer.

    Attributes:
        pixels: (height, width, channels) float32 in [0, 1], the picture with nothing but them.
        is_kept: (height, width) bool, where they are.
        answer: Prediction for the whole picture and for the kept pixels.
        lead: Lead of the answer over the next class in the whole picture, in logits.
        margin: The same with only the kept pixels.
        num_ink: Number of pixels of the whole picture with ink.
    """

    pixels: np.ndarray
    is_kept: np.ndarray
    answer: int
    lead: float
    margin: float
    num_ink: int

    @property
    def num_kept(self) -> int:
        """Number of kept pixels; 0 if the blank picture has the prediction with enough lead."""
        return int(self.is_kept.sum())


@dataclass(frozen=True, eq=False)
class PertinentNegatives:
    """Empty places of a picture where ink would change its answer.

    Attributes:
        drops: (height, width) float32, by how many logits a dab of the pen lowers the lead of the
            answer over the next class; below 0 it raises it. 0 where no dab was tried.
        answer: Prediction for the picture.
        lead: Lead of the answer over the next class, in logits.
        stroke: The smallest that, added to the picture, changes the answer to any other.
    """

    drops: np.ndarray
    answer: int
    lead: float
    stroke: SmallestEdit


def pertinent_positives(
    model: keras.Model,
    image: np.ndarray,
    *,
    lead_share: float = 0.0,
    paper: tuple[float, ...] = (0.0,),
) -> PertinentPositives:
    """Erase all that the answer does not need, until every pixel that is left is needed.

    What is left gives the answer alone, and with any one pixel less it no longer does. (A network
    may be content with very few: ask for a share of its lead to see more of a pattern.) Of a
    picture with more ink than a digit has, square blocks are taken instead of pixels.

    Reference: Amit Dhurandhar et al., "Explanations based on the Missing: Towards Contrastive
    Explanations with Pertinent Negatives", 2018, https://arxiv.org/abs/1802.07623

    Args:
        model: A network whose last layer gives logits.
        image: (height, width, channels) in [0, 1], taken in whole multiples of 1/255.
        lead_share: Share of the margin over the next class that has to be kept, in [0, 1).
        paper: Level that erasing leaves, for all channels or one for each. Ink is what differs from
            the paper.

    Returns:
        PertinentPositives; no pixel at all if the blank picture has the same answer with as much
        of the lead as was asked for.

    Raises:
        PictureError: The picture is blank.
        ValueError: The image does not fit the network, or an argument is out of its range.
    """
    if not 0 <= lead_share < 1:
        raise ValueError(f"Expected lead_share in [0, 1). Received: {lead_share=}")
    ground = canvas_of(model, image, paper)
    logits = inference.logits(model, as_pixels(ground.levels))
    answer = int(logits[0].argmax())
    goal, blocks = Goal(answer), _blocks(ground.ink)
    lead = float(goal.margins(logits)[0])
    least = max(CLEAR, lead_share * lead)
    kept = np.arange(1, blocks.max() + 1)
    while len(kept):
        margins = goal.margins_of(model, _erased(ground, blocks, kept, kept[:, None]))
        order = kept[np.argsort(-margins, kind="stable")][: int((margins > least).sum())]
        if not len(order):
            break
        # Together they may be missed: as many of them as the answer allows, at least the first.
        runs = [order[: i + 1] for i in range(len(order))]
        holds = goal.margins_of(model, _erased(ground, blocks, kept, runs)) > least
        kept = np.setdiff1d(kept, runs[np.flatnonzero(holds).max(initial=0)])
    is_kept = np.isin(blocks, kept) & ground.ink
    pixels = as_pixels(_erased(ground, blocks, kept, [kept[:0]])[0])
    margin = float(goal.margins(inference.logits(model, pixels))[0])
    return PertinentPositives(pixels, is_kept, answer, lead, margin, int(ground.ink.sum()))


def pertinent_negatives(
    model: keras.Model, image: np.ndarray, *, radius: float | None = None
) -> PertinentNegatives:
    """Find out where a digit has to stay empty for its answer.

    A dab of the pen is tried at every empty place, and the smallest stroke is looked for that
    changes the answer to any other.

    Reference: Amit Dhurandhar et al., "Explanations based on the Missing: Towards Contrastive
    Explanations with Pertinent Negatives", 2018, https://arxiv.org/abs/1802.07623

    Args:
        model: A network whose last layer gives logits.
        image: (height, width, channels) in [0, 1], ink on empty ground (0).
        radius: Half the width of the pen in pixels, 0.5 to 16; None as in smallest_edit.

    Returns:
        PertinentNegatives.

    Raises:
        PictureError: The picture is blank.
        ValueError: The image does not fit the network, or an argument is out of its range.
    """
    ground = canvas_of(model, image, (0.0,))
    pen = ground.brush(radius, is_eraser=False)
    cells = [(int(row), int(column)) for row, column in np.argwhere(ground.places(pen))]
    dabs = [painted(ground.levels, (Line(pen, (cell,)),)) for cell in cells]
    pictures = np.stack([ground.levels, *dabs])
    logits = inference.logits(model, as_pixels(pictures))
    answer = int(logits[0].argmax())
    margins = Goal(answer).margins(logits)
    drops = np.zeros(ground.ink.shape, np.float32)
    for cell, margin in zip(cells, margins[1:], strict=True):
        drops[cell] = margins[0] - margin
    stroke = smallest_edit(model, image, None, "add", radius=radius)
    return PertinentNegatives(drops, answer, float(margins[0]), stroke)


def _blocks(ink: np.ndarray) -> np.ndarray:
    """Number each pixel's block from 1 on, (height, width); 0 where there is no ink."""
    side = 1
    while True:
        rows, columns = (np.arange(length) // side for length in ink.shape)
        numbers = 1 + rows[:, None] * (columns[-1] + 1) + columns
        inked = np.unique(numbers[ink])
        if len(inked) <= _MOST_BLOCKS:
            return np.where(ink, 1 + np.searchsorted(inked, numbers), 0)
        side += 1


def _erased(
    ground: Canvas, blocks: np.ndarray, kept: np.ndarray, runs: Iterable[np.ndarray]
) -> np.ndarray:
    """Return the picture with only the kept blocks, and with each run of kept blocks erased too."""
    is_kept = np.stack([np.isin(blocks, np.setdiff1d(kept, run)) for run in runs])
    return np.where(is_kept[..., None], ground.levels, np.array(ground.paper, np.int16))
