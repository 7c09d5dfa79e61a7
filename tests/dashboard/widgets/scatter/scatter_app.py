"""Mounts the map of dots alone, with places the tests can compute."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.widgets.scatter import mark, scatter

st.set_page_config(layout="wide")
state = st.session_state
# The corners of a square, and its centre; the last is answered wrong.
POINTS = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1], [0, 0]], np.float32)
# Their middles stand side by side: long names would cover each other.
NAMES = ("a", "<b>b</b>", "c")
LONG_NAMES = tuple(f"{name} " * 80 for name in ("one", "two", "three"))

st.title("Dots")  # the browser's bar lies over the top of a page
clicked = scatter(
    POINTS,
    np.array([0, 1, 0, 1, 2]),
    np.array([0, 1, 0, 1, 0]),
    np.array([10, 20, 30, 40, 50]),
    class_names=LONG_NAMES if "long" in st.query_params else NAMES,
    palette=("#ff0000", "#00ff00", "#0000ff"),
    noun="digit",
    description="Five dots",
    key="dots",
)
if clicked is not None:
    state.clicked = clicked


@st.fragment
def move() -> None:
    """Only the mark goes to the browser anew."""
    state.setdefault("x", -0.5)
    if st.button("Move"):
        state.x += 1
    mark(np.array([state.x, 0.5]), "now", scatter="dots")
    st.text(f"x {state.x}")


move()
st.text(f"clicked {state.get('clicked')}")
