"""Where in the picture the evidence of a heatmap lies, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cnn_core.attribution.method import Attribution
from cnn_core.datasets import Background, check_background

_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "middle", "right")
_HARDLY = 0.02

# Sentences of describe().
RATHER_THAN = "{target} rather than {against}"
NO_EVIDENCE = "No evidence for {target}: every value is 0."
NO_EVIDENCE_AT_LAYER = (
    "No positive evidence for {target} at this layer ({layer}): every value is 0."
)
ALL_THE_SAME = "Every place counts the same for {target}."
MATTERS_MOST = "What matters most for {target}: {places}."
ONLY_FOR = "Most evidence for {target}: {places}; hardly any against."
ONLY_AGAINST = "Hardly any evidence for {target}; most against: {places}."
FOR_AND_AGAINST = "Most evidence for {target}: {places}; against: {places_against}."


@dataclass(frozen=True)
class Region:
    """One of nine parts of the picture and what lies there.

    Attributes:
        name: Such as "upper left".
        share: Share of all evidence of this sign, in (0, 1].
        ground: Ground that carries most of the evidence: "stroke", "empty", or "" in a photograph.
    """

    name: str
    share: float
    ground: str = ""

    def __str__(self) -> str:
        words = {"stroke": f"{self.name} stroke", "empty": f"empty {self.name}"}
        return f"{words.get(self.ground, self.name)} ({100 * self.share:.0f}%)"


@dataclass(frozen=True)
class Regions:
    """Regions of the values above and below 0, the largest share first.

    Attributes:
        positive: The parts of the picture with evidence for the class.
        negative: Those with evidence against it.
        balance: The share of the negative in all evidence, in [0, 1]; 0 if there is none.
    """

    positive: tuple[Region, ...]
    negative: tuple[Region, ...]
    balance: float


def regions(heatmap: np.ndarray, pixels: np.ndarray, *, background: Background) -> Regions:
    """Add up a heatmap over nine parts of the picture.

    Of a digit they are the thirds of the box around its ink, the outer ones reaching to the
    border; of a photograph the thirds of the whole.

    Args:
        heatmap: (height, width) raw.
        pixels: (height, width, channels) in [0, 1].
        background: "paper" below strokes, or "photo".

    Raises:
        ValueError: There is no such background.
    """
    check_background(background)
    ink = np.asarray(pixels.any(axis=-1)) if background == "paper" and pixels.any() else None
    boxed = np.ones(pixels.shape[:2], bool) if ink is None else ink
    rows, columns = (_third(np.asarray(boxed.any(axis=axis))) for axis in (1, 0))
    part = 3 * rows[:, None] + columns
    values = heatmap.astype(np.float64)
    positive, negative = np.maximum(values, 0), np.maximum(-values, 0)
    total = positive.sum() + negative.sum()
    balance = float(negative.sum() / total) if total > 0 else 0.0
    return Regions(_ranked(positive, part, ink), _ranked(negative, part, ink), balance)


def describe(
    found: Attribution, pixels: np.ndarray, class_names: Sequence[str], *, background: Background
) -> str:
    """Say in a sentence or two where the evidence lies, for those who cannot see the map.

    Args:
        found: Result of explain().
        pixels: (height, width, channels) in [0, 1], the image that was explained.
        class_names: Class names of the network.
        background: See places().

    Returns:
        Such as "Most evidence for 2: upper left stroke (34%), middle stroke (20%); against: empty
        lower right (51%)."; percentages are shares of the evidence for, or against.
    """
    score = found.score
    target = class_names[score.target]
    if score.against is not None:
        target = RATHER_THAN.format(target=target, against=class_names[score.against])
    if found.is_empty:
        sentence = NO_EVIDENCE if found.layer is None else NO_EVIDENCE_AT_LAYER
        return sentence.format(target=target, layer=found.layer)
    if np.ptp(found.heatmap) == 0:
        return ALL_THE_SAME.format(target=target)
    lying = regions(found.heatmap, pixels, background=background)
    places, places_against = _listed(lying.positive), _listed(lying.negative)
    if not found.method.is_signed:
        return MATTERS_MOST.format(target=target, places=places)
    if lying.balance < _HARDLY:
        return ONLY_FOR.format(target=target, places=places)
    if lying.balance > 1 - _HARDLY:
        return ONLY_AGAINST.format(target=target, places=places_against)
    return FOR_AND_AGAINST.format(target=target, places=places, places_against=places_against)


def _listed(ranked: tuple[Region, ...]) -> str:
    """Return the first region, and the second if it holds at least half as much."""
    shown = [place for place in ranked[:2] if place.share >= ranked[0].share / 2]
    return ", ".join(map(str, shown))


def _ranked(values: np.ndarray, part: np.ndarray, ink: np.ndarray | None) -> tuple[Region, ...]:
    total = values.sum()
    if total == 0:
        return ()
    sums = np.bincount(part.ravel(), values.ravel(), minlength=9)
    on_ink = None if ink is None else np.bincount(part[ink], values[ink], minlength=9)
    return tuple(
        Region(_name(i), float(sums[i] / total), _ground(sums[i], on_ink, i))
        for i in np.argsort(-sums, kind="stable")
        if sums[i] > 0
    )


def _ground(total: float, on_ink: np.ndarray | None, i: int) -> str:
    if on_ink is None:
        return ""
    return "stroke" if on_ink[i] >= total / 2 else "empty"


def _name(part: int) -> str:
    row, column = _ROWS[part // 3], _COLUMNS[part % 3]
    return "middle" if row == column else f"{row} {column}"


def _third(is_taken: np.ndarray) -> np.ndarray:
    """The third, 0 to 2, of every pixel row or of every pixel column."""
    found = np.flatnonzero(is_taken)
    first, length = float(found[0]), float(found[-1] + 1 - found[0])
    # A thin stem has no left and right: the box is at least half as long as the picture.
    widened = max(length, len(is_taken) / 2)
    first -= (widened - length) / 2
    at = (np.arange(len(is_taken)) + 0.5 - first) * 3 / widened
    return np.clip(np.floor(at), 0, 2).astype(int)
