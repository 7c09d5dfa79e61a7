"""The parts of every page: style, heading, errors, notes and the link to the next page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from cnn_core import datasets
from cnn_core.errors import CnnCoreError
from dashboard import cache, navigation
from dashboard.session import CurrentImage

BLANK_PAPER = (
    "The paper is blank: what the network still answers comes from its biases alone. Draw a {noun} "
    "on the page Draw and erase, or choose a test {noun} in the sidebar."
)


def style() -> None:
    """Load the app's own style sheet."""
    st.html(Path(__file__).with_name("style.css"))


@contextmanager
def readable_errors() -> Iterator[None]:
    """Show an error that a visitor can act on as one sentence; any other is a bug and goes on."""
    try:
        yield
    except CnnCoreError as error:
        st.error(str(error))
        if isinstance(error, cache.AbsentPicturesError):
            _offer_download(error.dataset)


def _offer_download(dataset: str) -> None:
    title = datasets.get(dataset).title
    if st.button(f"Download {title}", key=f"download_{dataset}", icon=":material/download:"):
        with readable_errors(), st.spinner(f"Downloading {title}"):
            cache.download(dataset)
            st.rerun()


def intro(title: str, text: str) -> None:
    """Show a page's heading and the two sentences that say what one sees and how to read it."""
    st.title(title, anchor=False)
    st.markdown(text)


def is_blank(image: CurrentImage) -> bool:
    """Return True if the current picture is paper without ink; a black photograph is a picture."""
    return image.background == "paper" and not image.pixels.any()


def note_blank(image: CurrentImage) -> None:
    """Say of blank paper where all that the page shows comes from."""
    if is_blank(image):
        st.info(BLANK_PAPER.format(noun=image.noun))


def next_page(page: str) -> None:
    """Show the link at the end of a page to the page that follows.

    Args:
        page: Name of the page that ends here.
    """
    following = navigation.following(page)
    st.page_link(following.path, label=following.invitation, icon=":material/arrow_forward:")


def go_to(page: str) -> None:
    """Open another page; its address begins without the settings of this one.

    Args:
        page: Name of the page to open.
    """
    st.switch_page(navigation.path_of(page), query_params={})
