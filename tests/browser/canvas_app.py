"""The canvas alone on a page, with a button for each thing that Python may do to it."""

from __future__ import annotations

import json

import numpy as np
import streamlit as st

from dashboard.canvas import acknowledge, digit_canvas
from dashboard.canvas.codec import from_text, to_text

EMPTY = np.zeros((28, 28), np.uint8)
CROSS = EMPTY.copy()
CROSS[13:15, 4:24] = CROSS[4:24, 13:15] = 255
ADDRESSES = {"first": "ink", "second": None}


def start(name: str, digit: str, pixels: np.ndarray) -> None:
    seen = st.session_state[name]["drawn"].sequence if name in st.session_state else 0
    st.session_state[name] = {"digit": digit, "pixels": pixels, "revision": 0, "seen": seen}


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
            state["pixels"],
            CROSS,
            digit_id=state["digit"],
            revision=state["revision"],
            seen=state["seen"],
            key=f"{name}_canvas",
            address=ADDRESSES[name],
        )
        st.button("Rerun", key=f"{name}_rerun")
        st.button("Next digit", key=f"{name}_next", on_click=start, args=(name, "next", CROSS))
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
