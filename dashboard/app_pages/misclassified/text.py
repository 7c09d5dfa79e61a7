"""Mistakes in words, and the filters that choose them."""

from __future__ import annotations

from collections.abc import Sequence

from cnn_core.evaluation import Mistake
from dashboard import session
from dashboard.figures import numbers
from dashboard.frame import pickers

MOST_CONFIDENT, LEAST_CONFIDENT = "Most confident first", "Least confident first"
LARGEST_MARGIN, SMALLEST_MARGIN = "Largest margin first", "Smallest margin first"
NO_SUCH_MISTAKE = "The network makes no such mistake; choose other classes."


def show_all() -> None:
    """Drop both filters."""
    session.put("mistake_true", pickers.NO_CLASS)
    session.put("mistake_answer", pickers.NO_CLASS)


def caption(mistake: Mistake, names: Sequence[str]) -> str:
    """Describe a mistake in two short lines."""
    return (
        f"{names[mistake.label]}, read as {names[mistake.answer]}\n"
        f"{names[mistake.answer]}: {numbers.probability(mistake.confidence, 0)}, "
        f"{names[mistake.second]}: {numbers.probability(mistake.second_probability, 0)}"
    )


def description(mistake: Mistake, names: Sequence[str]) -> str:
    """Describe a mistake in full, for the tooltip."""
    name = session.image_name(session.dataset().noun, mistake.index)
    return (
        f"{name}: {names[mistake.label]}, read as {names[mistake.answer]}, "
        f"{numbers.probability(mistake.confidence)}, then {names[mistake.second]}, "
        f"{numbers.probability(mistake.second_probability)}; margin {mistake.margin:.1f} logits"
    )
