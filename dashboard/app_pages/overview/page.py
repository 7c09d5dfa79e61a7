"""Overview: what this is, the current digit through the network, doors to the pages."""

import numpy as np
import streamlit as st

from dashboard import cache, navigation, session
from dashboard.app_pages.overview import forward_pass
from dashboard.figures import pictures
from dashboard.figures.text import plain
from dashboard.frame import page_parts, picture_gallery
from dashboard.widgets.tiles import tiles


def examples() -> list[int]:
    """Test pictures to begin with: chosen by hand, or else the first two of each class."""
    if session.dataset().name in CHOSEN:
        return CHOSEN[session.dataset().name]
    labels = cache.test_answers(session.model_name()).labels
    of_class = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return [int(found[i]) for i in range(2) for found in of_class if i < len(found)]


def gallery(image: session.CurrentImage) -> None:
    """Show the examples as tiles; a click makes an example the current picture."""
    split, indices = cache.split(session.dataset().name, "test"), examples()
    names = session.dataset().class_names
    picked = tiles(
        pictures.as_picture(split.images[indices]),
        [f"no. {i}" for i in indices],
        key="gallery",
        size=picture_gallery.crisp_width(56),
        selected=indices.index(image.index) if image.index in indices else None,
        descriptions=[
            f"{session.image_name(image.noun, i)}: {names[split.labels[i]]}" for i in indices
        ],
    )
    if picked is not None:
        session.choose_test_image(indices[picked])
        st.rerun()


# One of each class, then digits that are written in unusual ways.
CHOSEN = {
    "mnist": [
        3, 2, 1, 18, 4, 15, 11, 0, 61, 7,
        5, 14, 35, 38, 115, 151, 247, 321, 340, 445, 582, 659, 720, 947,
    ]
}  # fmt: skip

noun = session.dataset().noun
page_parts.intro(
    "See why a network answers what it answers",
    f"CNN Lens opens up a network that reads {noun}s: draw or erase, and watch its answer and the "
    f"evidence move with your hand. Below, the current {noun} goes through the network step by "
    "step: the brighter a feature map or a unit, the more strongly it reacts.",
)

with page_parts.readable_errors():  # the doors below are open without the pictures too
    image = session.current_image()
    page_parts.note_blank(image)
    forward_pass.show(image)
    st.subheader(f"Pick a {noun}", anchor=False)
    gallery(image)
row = session.dataset()
st.caption(f"{plain(row.title)}: {row.source}. Licence: {row.licence}.")

st.subheader("Go on", anchor=False)
grid = st.grid(min_column_width=190)
for page in navigation.PAGES[1:]:
    with grid.container(border=True, height="stretch", gap="xsmall", key=f"door_{page.name}"):
        st.page_link(page.path, label=f"**{page.title}**")
        st.caption(page.line.format(noun=noun))
