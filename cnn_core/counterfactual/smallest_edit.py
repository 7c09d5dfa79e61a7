"""The smallest edit of a picture that makes a network give another answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.attribution.occlusion import occlusion_sensitivity
from cnn_core.attribution.score import ClassScore
from cnn_core.counterfactual.brush import Brush, Cell, Edit, painted
from cnn_core.counterfactual.canvas import as_pixels, canvas_of
from cnn_core.counterfactual.edit_space import EditSpace
from cnn_core.counterfactual.goal import Goal
from cnn_core.counterfactual.search import Candidate, search
from cnn_core.images.strokes import Stroke

if TYPE_CHECKING:
    import keras

KINDS = ("erase", "add", "both")
MOST_STROKES = 2
_ERASERS = {"erase": (True,), "add": (False,), "both": (True, False)}
_NUM_STARTS = 24


@dataclass(frozen=True, eq=False)
class SmallestEdit:
    """An edit that gives the wanted answer, or the one that came closest to it.

    Attributes:
        strokes: Strokes of pen and eraser, in order; empty if nothing could be done at all.
        frames: (n + 1, height, width, channels) float32 in [0, 1], the original and the picture
            after each dab of the strokes.
        margins: (n + 1,) float32, of each frame, in logits: the largest wanted logit minus the
            largest other one; above 0 the answer is as wanted.
        answers: (n + 1,) int64, the answer to each frame.
        wanted: The class that was wanted, or None for any but the first answer.
        kind: Kind of edit that was allowed, one of KINDS.
        is_found: True if the last prediction is the target.
        most_pixels: No edit that changes more pixels was looked at.
        paper: Level in [0, 1] that the eraser leaves, for each channel.
    """

    strokes: tuple[Stroke, ...]
    frames: np.ndarray
    margins: np.ndarray
    answers: np.ndarray
    wanted: int | None
    kind: str
    is_found: bool
    most_pixels: int
    paper: tuple[float, ...]

    @property
    def original(self) -> np.ndarray:
        """(height, width, channels) the picture before the edit."""
        return self.frames[0]

    @property
    def pixels(self) -> np.ndarray:
        """(height, width, channels) the picture with the whole edit."""
        return self.frames[-1]

    @property
    def num_pixels(self) -> int:
        """Number of pixels that differ from the original."""
        return int((self.pixels != self.original).any(axis=-1).sum())

    @property
    def ink_share(self) -> float:
        """All that was changed as a share of the ink, which is what differs from the paper."""
        change = np.abs(self.pixels.astype(np.float64) - self.original).sum()
        return float(change / np.abs(self.original.astype(np.float64) - self.paper).sum())


def smallest_edit(
    model: keras.Model,
    image: np.ndarray,
    wanted: int | None,
    kind: str = "erase",
    *,
    radius: float | None = None,
    most_strokes: int = MOST_STROKES,
    most_pixels: int | None = None,
    paper: tuple[float, ...] = (0.0,),
) -> SmallestEdit:
    """Look for the fewest strokes of pen and eraser that change the answer to a wanted one.

    Strokes start where covering the picture moves the margin most and grow dab by dab, the few
    best at a time; from what turns the answer, every part that is not needed is taken out again.
    No part can be left out, but a smaller edit elsewhere may have been missed.

    Args:
        model: A network whose last layer gives logits.
        image: (height, width, channels) in [0, 1], taken in whole multiples of 1/255.
        wanted: The class that is to be the answer; None takes any but the present one.
        kind: "erase" to take ink away, "add" to draw with the picture's strongest ink (the
            colour farthest from the paper), "both" for whichever of these or of the two together
            changes less.
        radius: Half the width of the strokes in pixels, 0.5 to 16; None takes 1 on a digit and more
            on a larger picture.
        most_strokes: Largest number of strokes, at least 1.
        most_pixels: Largest number of pixels that may change, at least 1; None takes two thirds of
            those with ink, or an eighth of all if that is less.
        paper: Level that the eraser leaves, for all channels or one for each. Ink is what differs
            from the paper.

    Returns:
        A SmallestEdit; its is_found tells whether there is one of this size.

    Raises:
        PictureError: The picture is blank.
        ValueError: An argument is out of its range, or the answer is the wanted one already.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> found = smallest_edit(model, digit, None, most_strokes=1)
        >>> found.is_found, int(found.answers[0])
        (True, 7)
    """
    _check(model.output_shape[-1], wanted, kind, most_strokes, most_pixels)
    ground = canvas_of(model, image, paper)
    base = ground.levels
    answer = int(inference.logits(model, as_pixels(base))[0].argmax())
    if answer == wanted:
        raise ValueError(
            f"Expected wanted to be another class than the answer. Received: both are {wanted}"
        )
    goal = Goal(wanted, answer)
    if most_pixels is None:
        most_pixels = max(1, min(2 * int(ground.ink.sum()) // 3, ground.ink.size // 8))
    brushes = [ground.brush(radius, is_eraser=is_eraser) for is_eraser in _ERASERS[kind]]
    places = {brush: ground.places(brush) for brush in brushes}
    rules = EditSpace(base, places, ground.step, int(most_strokes), int(most_pixels))
    best = _best(model, rules, goal)
    frames = as_pixels(_frames(base, best.edit))
    logits = inference.logits(model, frames)
    return SmallestEdit(
        strokes=tuple(line.brush.stroke(line.cells) for line in best.edit),
        frames=frames,
        margins=goal.margins(logits),
        answers=logits.argmax(axis=1),
        wanted=wanted,
        kind=kind,
        is_found=best.is_found,
        most_pixels=int(most_pixels),
        paper=tuple(level / 255 for level in ground.paper),
    )


def _check(
    num_classes: int, wanted: int | None, kind: str, most_strokes: int, most_pixels: int | None
) -> None:
    is_class = isinstance(wanted, Integral) and 0 <= wanted < num_classes
    if wanted is not None and not is_class:
        raise ValueError(
            f"Expected wanted to be a class from 0 to {num_classes - 1}. Received: {wanted=}"
        )
    if kind not in KINDS:
        raise ValueError(f"Expected kind to be one of {', '.join(KINDS)}. Received: {kind=}")
    for name, value in (("most_strokes", most_strokes), ("most_pixels", most_pixels)):
        if value is not None and not (isinstance(value, Integral) and value >= 1):
            raise ValueError(
                f"Expected {name} to be a whole number of at least 1. Received: {name}={value!r}"
            )


def _best(model: keras.Model, rules: EditSpace, goal: Goal) -> Candidate:
    """Return the smallest change among the searches with each brush alone and with all together."""
    starts = {brush: _starts(model, rules, goal, brush) for brush in rules.places}
    best = Candidate((), rules.base, -np.inf)
    # All together alone may miss what one of them finds.
    for brushes in dict.fromkeys((*((brush,) for brush in starts), tuple(starts))):
        below = rules.cost(best.levels) if best.is_found else np.inf
        usable = [start for brush in brushes for start in starts[brush]]
        found = search(model, replace(rules, below=below), goal, usable)
        if found.is_found or (not best.is_found and found.margin > best.margin):
            best = found
    return best


def _starts(
    model: keras.Model, rules: EditSpace, goal: Goal, brush: Brush
) -> list[tuple[Brush, Cell]]:
    """Return the places where covering a patch moves the margin towards the goal most."""
    places = rules.places[brush]
    side = min(1 + 2 * int(brush.radius), *places.shape)  # what a dab covers, or nearly
    image = as_pixels(rules.base)
    fill = as_pixels(np.broadcast_to(np.array(brush.colour), image.shape))
    found = occlusion_sensitivity(model, image, side, stride=rules.step, fill=fill)
    first, second = found.base_logits.argsort()[:-3:-1]
    against = second if goal.wanted is None else goal.wanted
    drops = np.where(places, found.heatmap(ClassScore(int(first), int(against))), -np.inf)
    starts = list[tuple[Brush, Cell]]()
    # From the best on, none beside another: strokes find their way between.
    while len(starts) < _NUM_STARTS and np.isfinite(drops).any():
        row, column = (int(at) for at in np.unravel_index(drops.argmax(), drops.shape))
        starts.append((brush, (row, column)))
        near = (slice(max(at - rules.step, 0), at + rules.step + 1) for at in (row, column))
        drops[tuple(near)] = -np.inf
    return starts


def _frames(base: np.ndarray, edit: Edit) -> np.ndarray:
    """Return the levels before the edit and after each dab."""
    frames = [base]
    for line in edit:
        parts = [replace(line, cells=line.cells[: i + 1]) for i in range(len(line.cells))]
        frames += [painted(frames[-1], (part,)) for part in parts]
    return np.stack(frames)
