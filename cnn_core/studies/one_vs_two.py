"""The one-versus-two study: which part of a digit makes a network say 1 rather than 2?

A 1 is drawn with a head (the upper-left flag) and a foot, and its head is shortened step by
step. Composition only: every number comes from inference, attribution and strokes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from cnn_core import inference
from cnn_core.attribution import explain
from cnn_core.images.strokes import Stroke, draw

if TYPE_CHECKING:
    import keras

HEAD_LENGTHS = (8.0, 6.5, 5.0, 3.5, 0.0)
HEAD_SHARE = 0.35
PEN_RADIUS = 1.25

_STEM_TOP, _STEM_BOTTOM = (17.5, 5.0), (15.5, 23.5)
_HEAD_ANGLE = math.radians(35)
_FOOT_HALF_LENGTH = 4.0
_BLANK = np.zeros((28, 28, 1), np.float32)
# A 2 of our own, point after point as the pen goes.
_TWO = (
    (9.0, 9.5), (10.0, 7.0), (12.5, 5.2), (15.5, 5.4), (17.6, 7.4), (17.6, 10.0),
    (16.0, 13.2), (13.2, 16.8), (10.4, 20.4), (9.0, 22.8), (13.0, 22.6), (19.4, 22.8),
)  # fmt: skip


@dataclass(frozen=True)
class StudyStep:
    """One digit of the study and the network's answer to it.

    Attributes:
        title: Description of the digit.
        pixels: (28, 28, 1) float32 in [0, 1].
        probabilities: (10,) float32.
        margin: logit(1) - logit(2); above 0 the network prefers 1 to 2.
        attention: (28, 28) float32, gradient saliency of the answer, in logits per unit of ink.
        evidence: (28, 28) float32, occlusion of the margin, in logits; above 0 speaks for 1.
    """

    title: str
    pixels: np.ndarray
    probabilities: np.ndarray
    margin: float
    attention: np.ndarray
    evidence: np.ndarray

    @property
    def answer(self) -> int:
        """The most probable class."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True)
class Finding:
    """A claim of the source and what this network does.

    Attributes:
        claim: Claim of the source.
        measured: The numbers found here, in a sentence.
        rule: Condition for the claim to hold.
        holds: True if the condition was met.
    """

    claim: str
    measured: str
    rule: str
    holds: bool


@dataclass(frozen=True)
class OneVersusTwo:
    """The study: the plain digits, the shortened heads, and the findings."""

    one: StudyStep
    two: StudyStep
    steps: tuple[StudyStep, ...]
    findings: tuple[Finding, ...]


def draw_one(head_length: float = 0.0, *, has_foot: bool = True) -> np.ndarray:
    """Draw a 1 with a stem, a head of the given length and, if wanted, a foot.

    Args:
        head_length: Length of the flag at the upper left in pixels, from 0 to 10.
        has_foot: True if a bar stands under the stem.

    Returns:
        (28, 28, 1) float32 in [0, 1].

    Raises:
        ValueError: head_length is out of range.
    """
    if not 0 <= head_length <= 10:
        raise ValueError(f"Expected head_length from 0 to 10. Received: head_length={head_length}")
    strokes = [Stroke((_STEM_TOP, _STEM_BOTTOM), PEN_RADIUS)]
    if head_length:
        strokes.append(Stroke((_STEM_TOP, _head_point(head_length)), PEN_RADIUS))
    if has_foot:
        x, y = _STEM_BOTTOM
        foot = ((x - _FOOT_HALF_LENGTH, y), (x + _FOOT_HALF_LENGTH, y))
        strokes.append(Stroke(foot, PEN_RADIUS))
    return draw(_BLANK, strokes)


def draw_two() -> np.ndarray:
    """Draw a 2: (28, 28, 1) float32 in [0, 1]."""
    return draw(_BLANK, [Stroke(_TWO, PEN_RADIUS)])


def study_step(model: keras.Model, pixels: np.ndarray, title: str) -> StudyStep:
    """Ask the network about one digit, as the study does.

    Args:
        model: A network that reads 28x28 digits.
        pixels: (28, 28, 1) float32 in [0, 1].
        title: Description of the digit.
    """
    prediction = inference.predict(model, pixels)
    logits, answer = prediction.logits[0], int(prediction.classes[0])
    return StudyStep(
        title=title,
        pixels=pixels,
        probabilities=prediction.probabilities[0],
        margin=float(logits[1] - logits[2]),
        attention=explain(model, pixels, answer).heatmap,
        evidence=explain(model, pixels, 1, against=2, method="occlusion").heatmap,
    )


def one_vs_two(
    model: keras.Model, training_ones: np.ndarray, test_twos: np.ndarray
) -> OneVersusTwo:
    """Run the whole study.

    Args:
        model: A network that reads 28x28 digits.
        training_ones: (n, 28, 28, 1) the ones that the network learnt from.
        test_twos: (n, 28, 28, 1) twos that it did not.
    """
    steps = tuple(
        study_step(model, draw_one(length), f"Head of {length:g} pixels" if length else "No head")
        for length in HEAD_LENGTHS
    )
    return OneVersusTwo(
        one=study_step(model, draw_one(has_foot=False), "A plain 1"),
        two=study_step(model, draw_two(), "A plain 2"),
        steps=steps,
        findings=(
            _head_decides(model),
            _upper_half_decides(model, test_twos),
            _left_end_is_enough(model),
            _looks_at_all_of_a_short_head(steps),
            _one_only_as_continuation(steps),
            _training_ones_lack_a_head(training_ones),
        ),
    )


def overhang(image: np.ndarray) -> float:
    """Measure the length of a 1's head: how far its upper part reaches to the left of the stem.

    The stem's left edge is a straight line fitted between 40% and 80% of the digit's height;
    the head is the farthest ink to the left of that line above.

    Args:
        image: (height, width, 1) in [0, 1], a 1.

    Returns:
        Pixels, at least 0; 0 if there is too little ink to fit a stem.
    """
    _, parts, sizes, _ = cv2.connectedComponentsWithStats((image[..., 0] > 0.5).astype(np.uint8))
    # Only the largest piece of ink: specks beside the digit are no head.
    ink = parts == 1 + sizes[1:, cv2.CC_STAT_AREA].argmax() if len(sizes) > 1 else parts > 0
    rows = np.flatnonzero(ink.any(axis=1))
    if len(rows) < 8:
        return 0.0
    left_edges = ink[rows].argmax(axis=1)
    share = np.linspace(0, 1, len(rows))
    stem, head = (share >= 0.4) & (share <= 0.8), share < HEAD_SHARE
    slope, offset = np.polyfit(rows[stem], left_edges[stem], 1)
    return float(max(0.0, (slope * rows[head] + offset - left_edges[head]).max()))


def _head_point(distance: float) -> tuple[float, float]:
    """Return the point of the head at a distance from the stem's top."""
    x, y = _STEM_TOP
    return x - distance * math.cos(_HEAD_ANGLE), y + distance * math.sin(_HEAD_ANGLE)


def _head_decides(model: keras.Model) -> Finding:
    length = HEAD_LENGTHS[0]
    drawn = np.stack([draw_one(length), draw_one(), draw_one(length, has_foot=False)])
    logits = inference.logits(model, drawn)
    whole, headless, footless = (float(margin) for margin in logits[:, 1] - logits[:, 2])
    return Finding(
        "The upper part of the digit decides between 1 and 2.",
        f"On the drawn 1, erasing the head moves the margin of 1 over 2 by "
        f"{headless - whole:+.1f} logits, erasing the foot by {footless - whole:+.1f}.",
        "Erasing the head moves the margin further than erasing the foot.",
        abs(headless - whole) > abs(footless - whole),
    )


def _upper_half_decides(model: keras.Model, twos: np.ndarray) -> Finding:
    middle = twos.shape[1] // 2
    margins = []
    for rows in (np.s_[:0], np.s_[:middle], np.s_[middle:]):
        covered = twos.copy()
        covered[:, rows] = 0
        logits = inference.logits(model, covered)
        margins.append(float((logits[:, 2] - logits[:, 1]).mean()))
    upper, lower = margins[0] - margins[1], margins[0] - margins[2]
    return Finding(
        "The same on handwritten twos: the upper half decides.",
        f"In {len(twos)} test twos, erasing the upper half costs {upper:.1f} logits of the margin "
        f"of 2 over 1 on average, erasing the lower half {lower:.1f}.",
        "Erasing the upper half costs more than erasing the lower half.",
        upper > lower,
    )


def _left_end_is_enough(model: keras.Model) -> Finding:
    length, end = HEAD_LENGTHS[0], 2.5
    whole = draw_one(length)
    without_head = draw_one()
    tip = Stroke((_head_point(length - end), _head_point(length)), PEN_RADIUS)
    only_end = draw(without_head, [tip])
    without_end = draw_one(length - end - 2 * PEN_RADIUS)
    answers = [_said(model, pixels) for pixels in (whole, only_end, without_end)]
    return Finding(
        "With a long head, its left end alone is enough for a 2.",
        f"With the head of {length:g} pixels the network says {answers[0][1]}; with nothing but "
        f"its outer {end:g} pixels, {answers[1][1]}; with those taken away, {answers[2][1]}.",
        "The left end alone gives the answer 2.",
        answers[1][0] == 2,
    )


def _said(model: keras.Model, pixels: np.ndarray) -> tuple[int, str]:
    prediction = inference.predict(model, pixels)
    answer = int(prediction.classes[0])
    return answer, f"{answer} ({100 * prediction.confidences[0]:.0f}%)"


def _looks_at_all_of_a_short_head(steps: tuple[StudyStep, ...]) -> Finding:
    """Spread: (sum a)^2 / (n sum a^2), 1 if the attention on the n pixels of the head is even."""
    stem = draw_one()
    spreads = []
    for step in steps[:-1]:
        attention = step.attention[(step.pixels > stem)[..., 0]].astype(np.float64)
        spreads.append(attention.sum() ** 2 / (len(attention) * (attention**2).sum()))
    listed = ", ".join(f"{spread:.2f}" for spread in spreads)
    return Finding(
        "As the head shortens, the network must look at all of it.",
        f"From the longest head to the shortest, attention is spread over {listed} of the head's "
        "pixels (1 would be evenly).",
        "The spread grows with every step.",
        bool((np.diff(spreads) > 0).all()),
    )


def _one_only_as_continuation(steps: tuple[StudyStep, ...]) -> Finding:
    answers = [step.answer for step in steps]
    lengths = [length for length, answer in zip(HEAD_LENGTHS, answers, strict=True) if answer == 1]
    width = 2 * PEN_RADIUS
    longest = max(lengths, default=math.nan)
    return Finding(
        "Only when the head reads as a continuation of the body is the answer 1.",
        f"From the longest head to none the answers are {', '.join(map(str, answers))}; the "
        f"longest head that is still read as a 1 measures {longest:g} pixels, "
        f"{longest / width:.1f} widths of the stroke.",
        "The longest head is read as a 2, and no head longer than two widths of the stroke as a 1.",
        answers[0] == 2 and longest <= 2 * width,
    )


def _training_ones_lack_a_head(ones: np.ndarray) -> Finding:
    lengths = np.array([overhang(one) for one in ones])
    share = float((lengths >= 3).mean())
    return Finding(
        "The cause is that the training ones mostly lack a head.",
        f"Of {len(ones):,} training ones {100 * share:.1f}% have ink 3 pixels or more to the left "
        f"of the stem's line near the top; half of them have at most {np.median(lengths):.1f}.",
        "Fewer than half of the training ones have a head of 3 pixels or more.",
        share < 0.5,
    )
