"""Overview: what this is, the current digit through the network, doors to the pages."""

import streamlit as st

from dashboard import cache, components, state
from dashboard.tiles import tiles

components.intro(
    "See why a network answers what it answers",
    "CNN Lens opens up a network that reads handwritten digits: draw or erase, and watch its "
    "answer and the evidence move with your hand. Below, the current digit goes through the "
    "network step by step: brighter feature maps react more strongly.",
)

digit = state.current_digit()
components.glance(digit)

st.subheader("Pick a digit", anchor=False)
split = cache.split("mnist", "test")
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
