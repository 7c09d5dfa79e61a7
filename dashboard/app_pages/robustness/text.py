"""Robustness in words, pictures and tables; no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnn_core import models
from cnn_core.robustness import Perturbation, StableRange, Sweep
from cnn_core.robustness.spec import BRIGHTNESS, DEGREES, PERCENT, PIXELS
from cnn_core.studies.robustness import Curve, Ranking
from dashboard.figures import colours, html, numbers
from dashboard.figures.pictures import as_picture
from dashboard.figures.text import plain

# Titles of the pictures, and what stands beside the prediction.
CHANGED, DIFFERENCE = "Changed", "Difference"
BEFORE = "before {name}"

# Notices.
BLANK_PAPER = (
    "The paper is blank, so there is no answer to hold: draw a {noun}, or choose a test {noun} in "
    "the sidebar."
)
UNCHANGED = "This change leaves the {noun} exactly as it is, so the answer stays."
NOTHING_LEFT = "Nothing of the {noun} is left: this is the answer to blank paper."
NOT_MEASURED = (
    "{title} is not measured yet: run `python -m cnn_core.studies robustness`, or choose another "
    "model in the sidebar."
)
FOR_PAPER_ONLY = "{titles} is for strokes on paper, and these are photographs."
SEARCH_WAITS = "The search takes a moment, so it begins when the slider is let go."

# How far a prediction holds.
HOLDS_TO_THE_END = "holds to the end, {last}."
HOLDS_UP_TO = "holds up to {last}; {turn}."
GIVES_WAY = "gives way at once: {turn}."
TURN = "at {strength} it turns into **{name}**"

# How the networks hold.
HOLDS_BEST = "**At {strength}, {title} holds best**: {share} right."
NONE_HOLDS = (
    "**At {strength} no network holds**: even the best, {title}, does worse than chance, {share} "
    "right."
)
OVERLAP = "the two intervals overlap, so the difference may be chance"
APART = "the two intervals do not overlap, so it is more than chance"
NOT_TOLD_APART = "Not told apart from the best: {titles}."
NO_RIVAL = "No other network's interval reaches its own."
MEAN = "Over all strengths {title} is right in {share}, rank {place} of {count}"
BEST_MEAN = "; {title} in {share}"


def in_words(strength: float, unit: str) -> str:
    """Format a strength with its unit: 18 degrees, 1 pixel, 30%."""
    text = f"{strength:g}".replace("-", "\N{MINUS SIGN}")
    if unit == PERCENT:
        return f"{text}{unit}"
    is_one = abs(strength) == 1 and unit in (DEGREES, PIXELS)
    return f"{text} {unit.removesuffix('s') if is_one else unit}".strip()


def change_in_words(row: Perturbation, strength: float) -> str:
    """Return the title of a change and its strength."""
    return f"{row.title}, {in_words(strength, row.unit)}"


def axis_of(row: Perturbation) -> str:
    """Return the title of an axis of strengths."""
    return f"{row.title if row.needs_model else row.title.lower()}, {unit_alone(row.unit)}"


def unit_alone(unit: str) -> str:
    """Return a unit where no number stands before it."""
    return f"share {unit}" if unit == BRIGHTNESS else unit


def pictures(before: np.ndarray, after: np.ndarray, *, title: str, change: str, width: int) -> str:
    """Return the picture, the changed one and their difference, enlarged to the whole scale.

    Args:
        before: (height, width, channels) in [0, 1].
        after: The same, changed.
        title: Title of the picture.
        change: Description of the change.
        width: Width of each on screen, in CSS pixels.
    """
    difference = (after - before).mean(axis=-1)
    limit = colours.limit_of(difference)
    coloured = colours.colourise(difference, is_signed=True, limit=limit)
    said = "red is brighter, blue darker" if difference.any() else "none"
    if limit < 0.5:
        said = f"enlarged {1 / limit:.3g} times; {said}"
    if before.shape[-1] > 1:
        said += "; the mean of the colours"
    figures = (
        html.figure(as_picture(before), "", title=title, width=width, description=title),
        html.figure(as_picture(after), change, title=CHANGED, width=width, description=CHANGED),
        html.figure(
            coloured,
            html.scale_of(100 * limit, is_signed=True, unit="%") + said,
            title=DIFFERENCE,
            width=width,
            description=DIFFERENCE,
        ),
    )
    return html.row(figures)


def hold_in_words(
    found: Sweep, row: Perturbation, names: Sequence[str], options: Mapping[str, Any]
) -> str:
    """Say how far the prediction holds, and what it turns into.

    Args:
        found: Found of one picture.
        row: Row of the change.
        names: Names of the classes.
        options: The change's settings.

    Returns:
        Markdown, a sentence for each direction.
    """
    answer = f"**{plain(names[found.answer])}**"
    below, above = directions(row, options)
    sentences: list[str] = []
    for sign, direction in ((1, above), (-1, below)):
        hold = found.hold(sign)
        if hold is not None:
            who = f"the answer {answer}" if not sentences else "it"
            said = f"{direction}, {who}" if direction else who
            said += f" {_held(hold, row.unit, names)}"
            sentences.append(said[0].upper() + said[1:])
    return " ".join(sentences)


def directions(row: Perturbation, options: Mapping[str, Any]) -> tuple[str, str]:
    """Say what strengths below and above 0 do."""
    return row.directions.get(options.get("direction", ""), row.directions.get("", ("", "")))


def ranking_in_words(found: Ranking, chosen: Curve, strength: str) -> str:
    """Say which network holds best at one strength, and whether that may be chance.

    Args:
        found: Found of all networks.
        chosen: The curve of the chosen one.
        strength: Strength in words.

    Returns:
        Markdown.
    """
    best, title = found.best, plain(models.get(found.best.model).title)
    at = found.strength
    chance = 1 / len(models.get(best.model).class_names)
    is_chance = best.accuracies[best.strengths.index(at)] < chance
    said = (NONE_HOLDS if is_chance else HOLDS_BEST).format(
        strength=strength, title=title, share=_share(best, at)
    )
    if best is not chosen:
        is_rival = any(rival is chosen for rival in found.rivals)
        verdict = OVERLAP if is_rival else APART
        said += f" {plain(models.get(chosen.model).title)}: {_share(chosen, at)}; {verdict}."
    names = [plain(models.get(rival.model).title) for rival in found.rivals if rival is not chosen]
    if names:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"{said} {NOT_TOLD_APART.format(titles=listed)}"
    return said if best is not chosen else f"{said} {NO_RIVAL}"


def mean_in_words(curves: Sequence[Curve], chosen: Curve) -> str:
    """Say where the chosen network stands over all strengths."""
    ranked = sorted(curves, key=lambda curve: -curve.mean)
    best, place = ranked[0], ranked.index(chosen) + 1
    said = MEAN.format(
        title=plain(models.get(chosen.model).title),
        share=numbers.percent(chosen.mean),
        place=place,
        count=len(curves),
    )
    if best is not chosen:
        title = plain(models.get(best.model).title)
        said += BEST_MEAN.format(title=title, share=numbers.percent(best.mean))
    return f"{said}."


def table(curves: Sequence[Curve], chosen: Curve) -> str:
    """Return the accuracy of every network at every strength with its interval, as HTML."""
    strengths = curves[0].strengths
    return html.table(
        ("Model", *(in_words(strength, "") for strength in strengths), "Mean of the changed"),
        [
            (
                models.get(curve.model).title,
                *(_cell(curve, i) for i in range(len(strengths))),
                numbers.percent(curve.mean),
            )
            for curve in curves
        ],
        marked=list(curves).index(chosen),
    )


def _held(hold: StableRange, unit: str, names: Sequence[str]) -> str:
    last = in_words(abs(hold.last), unit)  # the direction is said already
    if hold.turn is None or hold.answer is None:
        return HOLDS_TO_THE_END.format(last=last)
    name, strength = plain(names[hold.answer]), in_words(abs(hold.turn), unit)
    return (HOLDS_UP_TO if hold.last else GIVES_WAY).format(
        last=last, turn=TURN.format(strength=strength, name=name)
    )


def _cell(curve: Curve, i: int) -> str:
    low, high = curve.intervals[i]
    return f"{numbers.percent(curve.accuracies[i])} ({100 * low:.1f} to {100 * high:.1f})"


def _share(curve: Curve, strength: float) -> str:
    i = curve.strengths.index(strength)
    low, high = curve.intervals[i]
    share = numbers.percent(curve.accuracies[i])
    return f"{share} ({100 * low:.1f} to {100 * high:.1f}%)"
