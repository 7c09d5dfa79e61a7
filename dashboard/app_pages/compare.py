"""Compare: two networks, one picture, and the test pictures on which the two disagree."""

from contextlib import suppress

import streamlit as st

from cnn_core import models
from cnn_core.errors import MissingFileError
from dashboard import colours, comparison, components, markup, state
from dashboard import comparison_view as view
from dashboard.state import CurrentDigit

components.intro(
    "Compare",
    "Two networks look at the same picture: what do they answer, and what do their answers rest "
    "on? The test pictures on which they disagree tell whether one is better or only luckier.",
)
first = state.model_name()
rivals = comparison.rivals(first)
if not rivals:
    st.info(
        f"{models.get(first).title} is the only trained network for {state.dataset().title}: "
        "choose another model in the sidebar."
    )
    components.next_page("app_pages/models.py", "All models")
    st.stop()

picture, left, right = st.columns([3, 5, 5], gap="medium")
left.html(markup.labelled("First network, from the sidebar", models.get(first).title))
second = right.selectbox(
    "Second network",
    rivals,
    format_func=lambda name: models.get(name).title,
    key=f"rival_of_{first}",
    persist_state="session",
)
pair = view.pair_of(first, second)
digit: CurrentDigit | None = None
with suppress(MissingFileError):  # the gallery says what is missing; the rest needs no pictures
    digit = state.current_digit()
    width = components.crisp_width(168)
    picture.html(markup.figure(colours.as_picture(digit.pixels), digit.name, width=width))
    components.note_blank(digit)
for column, name in zip((left, right), pair.networks, strict=True):
    with column, components.readable_errors():
        view.show_answer(pair, name, digit)

st.subheader("Where they disagree", anchor=False)
view.show_counts(pair)
groups = comparison.disagreements(*pair.answers)
chosen = components.view_picker("Show", tuple(groups), key="disagreement")
with components.readable_errors():
    view.show_gallery(pair, groups[chosen])

if digit is not None:
    components.require_network()
    st.subheader("What the answers rest on", anchor=False)
    view.show_heatmaps(pair, digit)
    st.subheader("What the layers see", anchor=False)
    for column, name in zip(st.columns(2, gap="medium"), pair.networks, strict=True):
        with column:
            view.show_feature_maps(name, digit)
components.next_page("app_pages/evaluation.py", "Next: how right a network is, in figures")
