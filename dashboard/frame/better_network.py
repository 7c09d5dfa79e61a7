"""A notice that another network suits the page better, with the button that switches."""

from __future__ import annotations

import streamlit as st

from cnn_core import models
from cnn_core.errors import MissingFileError
from cnn_core.studies.robustness import HANDWRITING, better_reader
from dashboard import cache, session
from dashboard.figures import numbers
from dashboard.figures.text import plain

READS_BETTER = (
    "{best} reads drawings and photographs better: {best_share} of the test {noun}s that are "
    "rotated, shifted, scaled or written with another pen; {title} reads {share}."
)
SWITCH = "Switch to {title}"


def suggest_for_drawings() -> None:
    """Name the network that reads drawings better, if one is clearly better than the chosen one."""
    if session.dataset().background != "paper":
        return
    try:
        curves = cache.robustness_study().curves
    except MissingFileError:
        return  # without the figures nothing is claimed
    pair = better_reader(curves, session.model_name(), HANDWRITING)
    if pair is None:
        return
    own, best = pair
    _offer(
        READS_BETTER.format(
            title=plain(models.get(own.model).title),
            share=numbers.percent(own.accuracy),
            noun=session.dataset().noun,
            best=plain(models.get(best.model).title),
            best_share=numbers.percent(best.accuracy),
        ),
        best.model,
    )


def suggest(model_name: str, reason: str) -> None:
    """Offer a network that suits the page better than the chosen one, with the reason.

    Args:
        model_name: Network that the button switches to.
        reason: Markdown, one or two sentences.
    """
    if session.model_name() != model_name and models.is_trained(model_name):
        _offer(reason, model_name)


def _offer(reason: str, model_name: str) -> None:
    left, right = st.columns([5, 2], vertical_alignment="center")
    left.caption(reason)
    right.button(
        SWITCH.format(title=plain(models.get(model_name).title)),
        key="switch_network",
        icon=":material/swap_horiz:",
        on_click=session.choose_model,
        args=(model_name,),
        width="stretch",
    )
