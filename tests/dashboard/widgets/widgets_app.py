"""Mounts the tiles and the probe alone, with pictures whose every number the tests can compute."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.widgets.linked_map import Answers, ColouredMap, Windows, linked_map
from dashboard.widgets.tiles import tiles

st.set_page_config(layout="wide")
state = st.session_state
state.setdefault("round", 0)
state.setdefault("selected", 2)


def digit(height: int = 28, width: int = 28) -> np.ndarray:
    """A bright ring with soft borders, (height, width) uint8."""
    rows, columns = np.mgrid[:height, :width]
    radius = np.hypot((rows - height / 2 + 0.5) / height, (columns - width / 2 + 0.5) / width)
    return (255 * np.clip(1.6 - 12 * abs(radius - 0.28), 0, 1)).astype(np.uint8)


def coloured(values: np.ndarray) -> np.ndarray:
    """Blue below 0, red above, white at 0; (rows, columns, 3) uint8."""
    share = np.clip(values / max(abs(values).max(), 1e-9), -1, 1)[..., None]
    ends = np.where(share < 0, [5, 80, 160], [180, 30, 30])
    return (255 + abs(share) * (ends - 255)).astype(np.uint8)


def waves(rows: int, columns: int) -> np.ndarray:
    """Small numbers of both signs; (rows, columns) float64."""
    row, column = np.mgrid[:rows, :columns]
    return np.sin(row / 3.0) * np.cos(column / 4.0) * (1 + row / 10) - 0.02


@st.fragment
def gallery() -> None:
    """Clickable tiles that remember what was clicked."""
    step = 40 * state.round
    pictures = np.stack([np.roll(digit(), shift, axis=1) for shift in range(step, step + 30)])
    captions = [f"{number} \u2192 {number % 10}" for number in range(30)]
    captions[3] = "<b>a class name that is far too long for two lines of a tile</b>"
    clicked = tiles(pictures, captions, key="gallery", selected=state.selected)
    if clicked is not None:
        state.selected = clicked
        state.clicks = state.get("clicks", 0) + 1
        st.rerun(scope="fragment")
    st.text(f"selected {state.selected}, clicks {state.get('clicks', 0)}")


def occlusion() -> None:
    """Patches painted on the digit, with the answer to each."""
    values = waves(25, 25)
    row, column = np.mgrid[:25, :25]
    logits = np.stack([np.cos((row + column + 3 * k) / 5) * 3 for k in range(10)], axis=-1)
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    ends = coloured(np.linspace(-1, 1, 65)[None])[0]
    linked_map(
        ColouredMap(
            values,
            coloured(values),
            title="Change of the logit",
            unit="logits",
            scale=(ends, -float(abs(values).max()), float(abs(values).max())),
        ),
        np.roll(digit(), state.round, axis=1),
        Windows(range(25), range(25), (4, 4), fill=np.full((28, 28), 110, np.uint8)),
        Answers(shares, shares[0, 0], [str(k) for k in range(10)]),
        image_title="The digit with the patch",
        key="occlusion",
    )


def receptive_field() -> None:
    """A non-square map whose boxes reach outside a non-square digit."""
    values = np.round(np.arange(10 * 15).reshape(10, 15) * -0.0123456, 7)
    linked_map(
        ColouredMap(values, coloured(values), "Feature map 7 of <i>conv2d</i>", "activation"),
        np.repeat(digit(20, 30)[..., None], 3, axis=2),
        Windows(range(-2, 18, 2), range(-2, 28, 2), (6, 6)),
        image_title="What the unit sees",
        key="field",
    )


def single() -> None:
    """One row of one cell."""
    linked_map(
        ColouredMap(np.array([[-0.0]]), np.full((1, 1, 3), 200, np.uint8), "One cell", unit=""),
        digit(),
        Windows([0], [0], (28, 28)),
        image_title="All of the digit",
        key="single",
    )


gallery()
feature_maps = np.stack([coloured(waves(6, 9) - k / 10) for k in range(5)])
tiles(feature_maps, [f"map {k}" for k in range(5)], key="maps", size=90, is_clickable=False)
occlusion()
receptive_field()
single()
if st.button("Next pictures"):
    state.round += 1
    st.rerun()
st.button("Rerun")
state.runs = state.get("runs", 0) + 1
st.text(f"round {state.round}, runs {state.runs}")
