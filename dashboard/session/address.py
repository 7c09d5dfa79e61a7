"""The address of the page: what of the session a copied link carries.

The address carries the page, the network, the index of the test picture, once something was drawn
the pixels, and the settings of the page (settings.py). The index belongs to a widget bound to the
address. A picture larger than a digit is too long for an address: a drawing on such a picture does
not survive a reload.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import streamlit as st

from dashboard.widgets.canvas import codec

MODEL, INDEX = "model", "digit"
# The drawing's parameter: an edited test picture, or a picture of the visitor's own.
EDITED, OWN = "ink", "own"
_WRITTEN_HERE = {MODEL, EDITED, OWN}
OF_CLASS = "class"
# Parameters of the sidebar, which every page has; see settings.py for those of one page.
PERMANENT = _WRITTEN_HERE | {INDEX, OF_CLASS}
_MAX_PIXELS = 28 * 28


def forget_unreadable_index() -> None:
    """Drop an index like 1e999 from a visitor's first address: Streamlit itself fails on it."""
    text = st.query_params.get(INDEX, "0")
    if INDEX not in st.session_state and not re.fullmatch("[0-9]{1,9}", text):
        del st.query_params[INDEX]
        st.rerun()  # this run's widgets still read the address as it came


def keeps_drawings(image_shape: tuple[int, int, int]) -> bool:
    """Return True if a drawing of this shape is short enough for the address."""
    return math.prod(image_shape) <= _MAX_PIXELS


def read_drawing(image_shape: tuple[int, int, int]) -> tuple[str, np.ndarray] | None:
    """Return the parameter and the uint8 levels of the drawing in the address, if any.

    A mistyped or cut drawing counts as none: the test picture is shown instead.
    """
    found = None
    for key in (EDITED, OWN) if keeps_drawings(image_shape) else ():
        try:
            found = key, codec.from_text(st.query_params.get(key, ""), image_shape[:2])
        except ValueError:
            continue
    return found


def write_address(wanted: Mapping[str, str]) -> None:
    """Bring the network, the drawing and the kept settings of the address up to date.

    Args:
        wanted: Values by parameter; the other parameters written here are removed.
    """
    changed = {key: text for key, text in wanted.items() if st.query_params.get(key) != text}
    if changed:
        st.query_params.update(changed)  # at once: each change is a step of the browser's history
    for key in _WRITTEN_HERE - wanted.keys():
        if key in st.query_params:
            del st.query_params[key]
