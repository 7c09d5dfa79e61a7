"""Test pictures as clickable tiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import cache, session
from dashboard.figures import pictures
from dashboard.frame import method_options
from dashboard.widgets.tiles import tiles


def crisp_width(about: int) -> int:
    """Return the width on screen nearest to one at which all pixels of the pictures are as wide.

    Args:
        about: The width wanted, in CSS pixels.
    """
    side = method_options.picture_side()
    return side * max(1, round(about / side))


def picture_gallery(
    indices: Sequence[int],
    captions: Sequence[str],
    descriptions: Sequence[str],
    *,
    key: str,
    height: int = 330,
) -> None:
    """Pictures of the test set; the one that is clicked becomes the current one.

    Args:
        indices: Indices of the pictures.
        captions: A short text below each.
        descriptions: A text for the tooltip of each.
        key: Names the gallery.
        height: Height of many pictures, which then scroll, in CSS pixels.
    """
    images = cache.split(session.dataset().name, "test").images
    current = session.shown_index()
    room: Any = height if len(indices) > 12 else "content"
    with st.container(height=room, border=False, key=f"{key}_list"):
        picked = tiles(
            [pictures.as_picture(images[i]) for i in indices],
            captions,
            key=key,
            size=crisp_width(84),
            selected=indices.index(current) if current in indices else None,
            descriptions=descriptions,
        )
    if picked is not None:
        session.choose_test_image(indices[picked])
        st.rerun()
