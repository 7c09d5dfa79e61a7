"""The canvas alone on a page, with a button for each thing that Python may do to it."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from dashboard.widgets.canvas import AddressParameter, StartingPicture, acknowledge, digit_canvas
from dashboard.widgets.canvas.codec import from_text, to_text
from dashboard.widgets.canvas.palette import COLOUR, GREY, INK_ON_PAPER, Palette

EMPTY = np.zeros((28, 28), np.uint8)
CROSS = EMPTY.copy()
CROSS[13:15, 4:24] = CROSS[4:24, 13:15] = 255
ADDRESSES = {"first": AddressParameter("ink"), "second": None}
ROWS, COLUMNS = np.indices((64, 64), np.uint8)
# No row, no column and no channel is like another.
SIGN = 3 * ROWS + COLUMNS
# Not square, as no data set is: that would hide swapped axes.
PHOTOGRAPH = np.stack([8 * ROWS + 3, 7 * COLUMNS + 2, ROWS + 6 * COLUMNS], axis=-1)[:24, :32]


def start(
    name: str,
    digit: str,
    pixels: np.ndarray,
    original: np.ndarray = CROSS,
    kit: Palette = INK_ON_PAPER,
) -> None:
    seen = st.session_state[name]["drawn"].sequence if name in st.session_state else 0
    st.session_state[name] = {
        "digit": digit,
        "pixels": pixels,
        "original": original,
        "kit": kit,
        "revision": 0,
        "seen": seen,
    }


def start_photograph(name: str, digit: str, pixels: np.ndarray, kit: Palette) -> None:
    start(name, digit, pixels, pixels, kit)


def answer(name: str) -> None:
    """Set the asked-about picture, with its upper rows inked, as slow work would."""
    state = st.session_state[name]
    pixels = state["asked"].pixels.copy()
    pixels[:4] = 255
    state |= {"pixels": pixels, "seen": state["asked"].sequence, "revision": state["revision"] + 1}


@st.fragment
def show(name: str) -> None:
    state = st.session_state[name]
    with st.container(key=name):
        drawing = state["drawn"] = digit_canvas(
            StartingPicture(
                state["pixels"],
                state["original"],
                state["digit"],
                state["revision"],
                state["seen"],
            ),
            kit=state["kit"],
            key=f"{name}_canvas",
            address=ADDRESSES[name] if state["kit"] is INK_ON_PAPER else None,
        )
        st.button("Rerun", key=f"{name}_rerun")
        st.button("Next digit", key=f"{name}_next", on_click=start, args=(name, "digit", CROSS))
        for digit, pixels, kit in (("colour", PHOTOGRAPH, COLOUR), ("sign", SIGN, GREY)):
            st.button(
                f"Next {digit}",
                key=f"{name}_{digit}",
                on_click=start_photograph,
                args=(name, digit, pixels, kit),
            )
        if st.button("Ask", key=f"{name}_ask"):
            state["asked"] = drawing
        st.button("Answer", key=f"{name}_answer", on_click=answer, args=(name,))
        state["runs"] = state.get("runs", 0) + 1
        told = {"pixels": to_text(drawing.pixels), "sequence": drawing.sequence}
        told |= {"final": drawing.is_final, "runs": state["runs"], "digit": state["digit"]}
        told |= {"asked": state["asked"].sequence if "asked" in state else None}
        st.html(f"<pre class='told'>{json.dumps(told)}</pre>")
        acknowledge(drawing, key=f"{name}_canvas")


if "first" not in st.session_state:
    ink = st.query_params.get("ink")
    start("first", "cross", from_text(ink) if ink else CROSS)
    start("second", "empty", EMPTY)
if st.checkbox("Shown", value=True):
    show("first")
    show("second")
