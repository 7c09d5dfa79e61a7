"""Compare: two networks, one picture, and the test pictures on which the two disagree."""

from contextlib import suppress

import streamlit as st

from cnn_core import models
from cnn_core.errors import MissingFileError
from dashboard import navigation, session
from dashboard.app_pages.compare import verdict, views
from dashboard.figures import html, pictures
from dashboard.figures.text import plain
from dashboard.frame import loading, page_parts, pickers, picture_gallery
from dashboard.session import CurrentImage

page_parts.intro(
    "Compare",
    "Two networks look at the same picture: what do they answer, and what do their answers rest "
    "on? The test pictures on which they disagree tell whether one is better or only luckier.",
)
first = session.model_name()
rivals = verdict.rivals(first)
if not rivals:
    st.info(
        f"{plain(models.get(first).title)} is the only trained network for "
        f"{plain(session.dataset().title)}: "
        "choose another model in the sidebar."
    )
    st.page_link(navigation.path_of("models"), label="All models", icon=":material/arrow_forward:")
    st.stop()

picture, left, right = st.columns([3, 5, 5], gap="medium")
left.html(html.labelled("First network, from the sidebar", models.get(first).title))
session.in_address("second", f"rival_of_{first}", session.Choice(rivals), rivals[0])
second = right.selectbox(
    "Second network",
    rivals,
    format_func=lambda name: models.get(name).title,
    key=f"rival_of_{first}",
    persist_state="session",
)
pair = views.pair_of(first, second)
image: CurrentImage | None = None
with suppress(MissingFileError):  # the gallery says what is missing; the rest needs no pictures
    image = session.current_image()
    width = picture_gallery.crisp_width(168)
    picture.html(html.figure(pictures.as_picture(image.pixels), image.name, width=width))
    page_parts.note_blank(image)
for column, name in zip((left, right), pair.networks, strict=True):
    with column, page_parts.readable_errors():
        views.show_answer(pair, name, image)

st.subheader("Where they disagree", anchor=False)
views.show_counts(pair)
groups = verdict.disagreements(*pair.answers)
chosen = pickers.view_picker("Show", tuple(groups), key="disagreement", parameter="show")
with page_parts.readable_errors():
    views.show_gallery(pair, groups[chosen])

if image is not None:
    loading.require_network()
    st.subheader("What the answers rest on", anchor=False)
    views.show_heatmaps(pair, image)
    st.subheader("What the layers see", anchor=False)
    parameters = ("layer", "second_layer")
    columns = st.columns(2, gap="medium")
    for column, name, parameter in zip(columns, pair.networks, parameters, strict=True):
        with column:
            views.show_feature_maps(name, image, parameter)
page_parts.next_page("compare")
