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


def in_words(strength: float, unit: str) -> str:
    """Format a strength with its unit: 18 degrees, 1 pixel, 30%."""
    text = f"{strength:g}".replace("-", "\N{MINUS SIGN}")
    if unit == PERCENT:
        return f"{text}{unit}"
    is_one = abs(strength) == 1 and unit in (DEGREES, PIXELS)
    return f"{text} {unit.removesuffix('s') if is_one else unit}".strip()


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
        html.figure(as_picture(after), change, title="Changed", width=width, description="Changed"),
        html.figure(
            coloured,
            html.scale_of(100 * limit, is_signed=True, unit="%") + said,
            title="Difference",
            width=width,
            description="Difference",
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
    said = f"**At {strength}, {title} holds best**: {_share(best, at)} right."
    if best.accuracies[best.strengths.index(at)] < 1 / len(models.get(best.model).class_names):
        said = (
            f"**At {strength} no network holds**: even the best, {title}, does worse than chance, "
            f"{_share(best, at)} right."
        )
    if best is not chosen:
        is_rival = any(rival is chosen for rival in found.rivals)
        verdict = (
            "the two intervals overlap, so the difference may be chance"
            if is_rival
            else "the two intervals do not overlap, so it is more than chance"
        )
        said += f" {plain(models.get(chosen.model).title)}: {_share(chosen, at)}; {verdict}."
    names = [plain(models.get(rival.model).title) for rival in found.rivals if rival is not chosen]
    if names:
        listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        return f"{said} Not told apart from the best: {listed}."
    return said if best is not chosen else f"{said} No other network's interval reaches its own."


def mean_in_words(curves: Sequence[Curve], chosen: Curve) -> str:
    """Say where the chosen network stands over all strengths."""
    ranked = sorted(curves, key=lambda curve: -curve.mean)
    best, place = ranked[0], ranked.index(chosen) + 1
    said = f"Over all strengths {plain(models.get(chosen.model).title)} is right in "
    said += f"{numbers.percent(chosen.mean)}, rank {place} of {len(curves)}"
    if best is chosen:
        return f"{said}."
    return f"{said}; {plain(models.get(best.model).title)} in {numbers.percent(best.mean)}."


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
        return f"holds to the end, {last}."
    turn = f"at {in_words(abs(hold.turn), unit)} it turns into **{plain(names[hold.answer])}**"
    return f"holds up to {last}; {turn}." if hold.last else f"gives way at once: {turn}."


def _cell(curve: Curve, i: int) -> str:
    low, high = curve.intervals[i]
    return f"{numbers.percent(curve.accuracies[i])} ({100 * low:.1f} to {100 * high:.1f})"


def _share(curve: Curve, strength: float) -> str:
    i = curve.strengths.index(strength)
    low, high = curve.intervals[i]
    share = numbers.percent(curve.accuracies[i])
    return f"{share} ({100 * low:.1f} to {100 * high:.1f}%)"
