"""Overview: what this is, the current digit through the network, doors to the pages."""

import numpy as np
import streamlit as st

from cnn_core import models
from dashboard import cache, colours, components, markup, runtime, sidebar, state
from dashboard.tiles import tiles


def glance(digit: state.CurrentDigit) -> None:
    """The digit's way through the network in one line: input, feature maps, probabilities."""
    stages = [("Input", markup.picture(colours.grey(digit.pixels), width=168, description="input"))]
    if runtime.is_ready():
        maps = cache.feature_maps(state.model_name(), digit.pixels)
        for layer in cache.layer_names(state.model_name())[0][:2]:
            stages.append((f"Strongest maps of {layer}", strongest(maps[layer])))
    else:
        stages += [("Feature maps", markup.loading()), ("", "")]
    answer = sidebar.current_answer()
    names = models.get(state.model_name()).class_names
    bars = "" if answer is None else markup.probability_bars(names, answer, marked=digit.label)
    stages.append(("Probability of each digit", bars))
    st.html(
        '<div class="cl-flow">'
        + "".join(f"<section><h3>{title}</h3>{body}</section>" for title, body in stages)
        + "</div>"
    )


def strongest(maps: np.ndarray, count: int = 9) -> str:
    """The feature maps (height, width, channels) with the largest mean, on one scale."""
    channels = np.argsort(-maps.mean(axis=(0, 1)), kind="stable")[:count]
    limit = colours.limit_of(maps)
    pictures = (
        markup.picture(
            colours.colourise(maps[..., channel], is_signed=False, limit=limit),
            width=80,
            description=f"feature map {channel}",
        )
        for channel in channels
    )
    return f'<div class="cl-maps">{"".join(pictures)}</div>'


components.intro(
    "See why a network answers what it answers",
    "CNN Lens opens up a network that reads handwritten digits: draw or erase, and watch its "
    "answer and the evidence move with your hand. Below, the current digit goes through the "
    "network step by step: brighter feature maps react more strongly.",
)

digit = state.current_digit()
glance(digit)

st.subheader("Pick a digit", anchor=False)
split = cache.split(models.get(state.model_name()).dataset, "test")
# One of each class, then digits that are written in unusual ways.
GALLERY = [3, 2, 1, 18, 4, 15, 11, 0, 61, 7, 5, 14, 35, 38, 115, 151, 247, 321, 340, 445, 582, 659]
GALLERY += [720, 947]
picked = tiles(
    (split.images[GALLERY, ..., 0] * 255).round().astype("uint8"),
    [f"digit {i}" for i in GALLERY],
    key="gallery",
    size=56,
    selected=GALLERY.index(digit.index) if digit.index in GALLERY else None,
    descriptions=[f"Test digit {i}, a {split.labels[i]}" for i in GALLERY],
)
if picked is not None:
    state.choose_test_digit(GALLERY[picked])
    st.rerun()

st.subheader("Go on", anchor=False)
DOORS = (
    ("draw_and_erase", "Draw and erase", "Change the digit by hand; the answer follows the pen."),
    ("attention", "Attention", "Nine ways to show which pixels the answer rests on."),
    ("occlusion", "Occlusion", "Cover each place in turn and see what the network misses."),
    ("filters", "Filters", "The weights that the network has learnt."),
    ("feature_maps", "Feature maps", "What every layer makes of the digit."),
    ("misclassified", "Misclassified", "The test digits that the network gets wrong."),
    ("one_vs_two", "One versus two", "The study: which part makes a 1 not a 2?"),
)
grid = st.grid(min_column_width=190)
for page, label, text in DOORS:
    with grid.container(border=True, height="stretch", gap="xsmall", key=f"door_{page}"):
        st.page_link(f"app_pages/{page}.py", label=f"**{label}**")
        st.caption(text)
