"""A map of many pictures as dots: pointing at one names it, a click opens it.

The dots are sent once. Where the current picture stands is sent apart, so that it can move with
the pen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.widgets import component
from dashboard.widgets.component import require, to_base64

_mount = component.declare(Path(__file__).parent)
# The place outlives this element's own part of the page: the dots may be drawn after it was told.
_mark = st.components.v2.component(
    "cnn_lens_scatter_mark",
    js="""export default function ({ data }) {
  (window.cnnLensMarks ??= new Map()).set(data.scatter, data);
  window.dispatchEvent(new CustomEvent("cnn-lens-scatter-mark", { detail: data }));
}
""",
)


def scatter(
    points: np.ndarray,
    labels: np.ndarray,
    answers: np.ndarray,
    indices: np.ndarray,
    *,
    class_names: Sequence[str],
    palette: Sequence[str],
    noun: str,
    description: str,
    key: str,
) -> int | None:
    """Show pictures as dots in the colours of their classes, mistakes as crosses.

    Args:
        points: (n, 2) float, x to the right and y up.
        labels: (n,) true classes.
        answers: (n,) the network's answers; one that differs from the label makes a cross.
        indices: (n,) what a picture is called: its number in the test set.
        class_names: Class names of the classes.
        palette: A colour for each class, as CSS writes it.
        noun: Word for one picture, such as "digit".
        description: Text alternative of the map.
        key: The widget's name, unique in the app.

    Returns:
        The index, from `indices`, of the picture clicked, in the one run that the click starts;
        otherwise None.

    Raises:
        ValueError: Shapes or lengths do not fit together, or a place is not finite.
    """
    count = len(points)
    require(points.shape == (count, 2) and count > 0, "points (n, 2)", f"{points.shape=}")
    require(bool(np.isfinite(points).all()), "finite points", "points with NaN or infinity")
    for name, each in (("labels", labels), ("answers", answers), ("indices", indices)):
        require(each.shape == (count,), f"{name} ({count},)", f"shape={each.shape}")
    classes = len(class_names)
    require(len(palette) >= classes, f"{classes} colours", f"{len(palette)} colours")
    is_class = max(labels.max(), answers.max()) < classes and min(labels.min(), answers.min()) >= 0
    require(bool(is_class), f"labels and answers below {classes}", "others")
    data = {
        "scatter": key,
        "points": to_base64(points.astype("<f4")),
        "labels": to_base64(labels.astype(np.uint8)),
        "answers": to_base64(answers.astype(np.uint8)),
        "indices": to_base64(indices.astype("<u4")),
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "names": tuple(str(name) for name in class_names),
        "palette": tuple(palette),
        "noun": str(noun),
        "description": str(description),
    }
    return component.clicked_number(_mount(key=key, data=data).get("clicked"), indices)


def mark(place: np.ndarray, text: str, *, scatter: str) -> None:
    """Show where the current picture stands in a map.

    Args:
        place: (2,) x and y, as in the map's points.
        text: Text of the mark.
        scatter: The key of the map.
    """
    x, y = (float(value) for value in place)
    data: dict[str, Any] = {"scatter": scatter, "x": x, "y": y, "text": str(text)}
    _mark(key=f"{scatter}_mark", data=data)
