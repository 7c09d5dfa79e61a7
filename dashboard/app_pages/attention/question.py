"""The question that a visitor asks of the current picture, and the map that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cnn_core.attribution import Attribution, Method
from cnn_core.inference import Prediction
from dashboard import cache
from dashboard.app_pages.attention import text
from dashboard.frame import pickers
from dashboard.session import CurrentImage


@dataclass(frozen=True)
class Question:
    """Question of the visitor about the current picture.

    Attributes:
        model_name: Network that is asked.
        image: Picture that is explained.
        names: Names of the classes.
        target: Class that is explained.
        against: Class whose logit is subtracted, or None.
        layer: Layer for class activation maps, or None for a network without convolutions.
        strength: Cover of the maps over the picture, from 0 to 1.
    """

    model_name: str
    image: CurrentImage
    names: Sequence[str]
    target: int
    against: int | None
    layer: str | None
    strength: float


def pick_classes(
    columns: tuple[DeltaGenerator, DeltaGenerator],
    names: Sequence[str],
    prediction: Prediction,
    *,
    is_pair: bool,
    is_useless: bool,
) -> tuple[int, int | None, int]:
    """Show the pickers of target and against; return them and a rival of the target."""
    answer, second = prediction.top2
    with columns[0]:
        chosen = pickers.class_picker(
            "Evidence for",
            key="target",
            parameter="target",
            none_label=text.THE_ANSWER.format(name=names[answer]),
            is_disabled=is_useless,
        )
    target = answer if chosen is None else chosen
    rival = second if target == answer else answer
    with columns[1]:
        against = pickers.class_picker(
            "Against",
            key="rival" if is_pair else "against",
            parameter="rival" if is_pair else "against",
            none_label=text.NEXT_LIKELIEST.format(name=names[rival]) if is_pair else "no class",
            is_disabled=is_useless,
        )
        if against == target:
            st.caption(text.SAME_CLASS)
            against = None
    return target, against, rival if against is None else against


def explained(
    question: Question,
    method: Method,
    options: cache.Options,
    score: tuple[int, int | None] | None = None,
) -> Attribution:
    """Return the map of a method; target and against are the question's unless a score is given."""
    target, against = score or (question.target, question.against)
    pixels, layer = question.image.pixels, question.layer
    return cache.explanation(
        question.model_name, pixels, method.name, target, against, layer, options
    )
