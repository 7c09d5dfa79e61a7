"""A few pictures played one after another, with a number for each: how an edit comes about."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import streamlit as st

_HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "cnn_lens_film",
    html=(_HERE / "film.html").read_text("utf-8"),
    css=(_HERE / "film.css").read_text("utf-8"),
    js=(_HERE / "film.js").read_text("utf-8"),
)


def film(
    frames: np.ndarray,
    values: Sequence[float],
    captions: Sequence[str],
    *,
    key: str,
    film_id: str,
    title: str,
    description: str,
    width: int = 196,
) -> None:
    """Play pictures once, and again at will; a chart of their values goes along.

    It does not play by itself where the visitor asked for less motion, nor a second time.

    Args:
        frames: (n, height, width, 3) uint8.
        values: n finite numbers, drawn as a line with the level 0.
        captions: n short texts, each said with its picture.
        key: the widget's name, unique in the app.
        film_id: names what is shown; a new one plays by itself.
        title: above the chart: what the values are.
        description: what the pictures show, for those who cannot see them.
        width: of the picture on screen, CSS pixels; the height follows.

    Raises:
        ValueError: shapes, types or lengths do not fit together.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not frames.size:
        raise ValueError(
            "Expected frames of shape (n, height, width, 3) and type uint8. "
            f"Received: frames.shape={frames.shape}, frames.dtype={frames.dtype}"
        )
    if not len(values) == len(captions) == len(frames) or not np.isfinite(values).all():
        raise ValueError(
            f"Expected {len(frames)} finite values and as many captions. "
            f"Received: {len(values)} and {len(captions)}"
        )
    strip = np.concatenate(list(frames[..., ::-1]), axis=0)
    png = cv2.imencode(".png", np.ascontiguousarray(strip))[1].tobytes()
    data = {
        "film": film_id,
        "strip": f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}",
        "height": frames.shape[1],
        "width": frames.shape[2],
        "size": int(width),
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "values": tuple(float(value) for value in values),
        "captions": tuple(str(caption) for caption in captions),
        "title": title,
        "description": description,
    }
    _mount(key=key, data=data)
