"""Overview: what this is, the current digit through the network, doors to the pages."""

import numpy as np
import streamlit as st

from cnn_core.attribution import METHODS
from dashboard import cache, colours, components, glance, state
from dashboard.tiles import tiles


def examples() -> list[int]:
    """Test pictures to begin with: chosen by hand, or else the first two of each class."""
    if state.dataset().name in CHOSEN:
        return CHOSEN[state.dataset().name]
    labels = cache.test_answers(state.model_name()).labels
    of_class = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return [int(found[i]) for i in range(2) for found in of_class if i < len(found)]


def gallery(digit: state.CurrentDigit) -> None:
    """A click makes one of the examples the current digit."""
    split, indices = cache.split(state.dataset().name, "test"), examples()
    names = state.dataset().class_names
    picked = tiles(
        colours.as_picture(split.images[indices]),
        [f"no. {i}" for i in indices],
        key="gallery",
        size=components.crisp_width(56),
        selected=indices.index(digit.index) if digit.index in indices else None,
        descriptions=[f"Test {digit.noun} {i}: {names[split.labels[i]]}" for i in indices],
    )
    if picked is not None:
        state.choose_test_digit(indices[picked])
        st.rerun()


# One of each class, then digits that are written in unusual ways.
CHOSEN = {
    "mnist": [
        3, 2, 1, 18, 4, 15, 11, 0, 61, 7,
        5, 14, 35, 38, 115, 151, 247, 321, 340, 445, 582, 659, 720, 947,
    ]
}  # fmt: skip

noun = state.dataset().noun
components.intro(
    "See why a network answers what it answers",
    f"CNN Lens opens up a network that reads {noun}s: draw or erase, and watch its answer and the "
    f"evidence move with your hand. Below, the current {noun} goes through the network step by "
    "step: the brighter a feature map or a unit, the more strongly it reacts.",
)

with components.readable_errors():  # the doors below are open without the pictures too
    digit = state.current_digit()
    components.note_blank(digit)
    glance.show(digit)
    st.subheader(f"Pick a {noun}", anchor=False)
    gallery(digit)
row = state.dataset()
st.caption(f"{row.title}: {row.source}. Licence: {row.licence}.")

st.subheader("Go on", anchor=False)
DOORS = (
    ("draw_and_erase", "Draw and erase", f"Change the {noun} by hand; the answer follows the pen."),
    ("attention", "Attention", f"{len(METHODS)} ways to show which pixels the answer rests on."),
    ("occlusion", "Occlusion", "Cover each place in turn and see what the network misses."),
    ("faithfulness", "Which map to believe", "Every method put to the test, with intervals."),
    ("filters", "Filters", "The weights that the network has learnt."),
    ("feature_maps", "Feature maps", f"What every layer makes of the {noun}."),
    ("neuron", "Neuron", "One channel or unit: what excites it, what it is for."),
    ("embedding", "Embedding", f"All test {noun}s as the network sees them, on one map."),
    ("misclassified", "Misclassified", f"The test {noun}s that the network gets wrong."),
    ("one_vs_two", "One versus two", "The study: which part makes a 1 not a 2?"),
    ("robustness", "Robustness", f"Change the {noun} until the answer turns, by hand or attack."),
    ("compare", "Compare", f"Two networks look at one {noun}: where do they disagree?"),
    ("evaluation", "Evaluation", "How right the network is, class by class, and how sure."),
    ("models", "Models", "Every network, layer by layer, and how it was trained."),
    ("experiments", "Experiments", "One change at a time: what made the tuned network good."),
)
grid = st.grid(min_column_width=190)
for page, label, text in DOORS:
    with grid.container(border=True, height="stretch", gap="xsmall", key=f"door_{page}"):
        st.page_link(f"app_pages/{page}.py", label=f"**{label}**")
        st.caption(text)
