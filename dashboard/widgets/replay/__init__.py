"""A few pictures played one after another, with a number for each: how an edit comes about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dashboard.figures import numbers, pictures
from dashboard.widgets import component

_mount = component.declare(Path(__file__).parent)


def replay(
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
        values: N finite numbers, drawn as a line with the level 0.
        captions: N short texts, each said with its picture.
        key: The widget's name, unique in the app.
        film_id: Names what is shown; a new one plays by itself.
        title: Title above the chart: the meaning of the values.
        description: Text alternative of the pictures.
        width: Width of the picture on screen, in CSS pixels; the height follows.

    Raises:
        ValueError: Shapes, types or lengths do not fit together.
    """
    is_rgb = frames.ndim == 4 and frames.shape[3] == 3 and frames.size > 0
    component.require(
        is_rgb and frames.dtype == np.uint8,
        "frames of shape (n, height, width, 3) and type uint8",
        f"frames.shape={frames.shape}, frames.dtype={frames.dtype}",
    )
    component.require(
        len(values) == len(captions) == len(frames) and bool(np.isfinite(values).all()),
        f"{len(frames)} finite values and as many captions",
        f"{len(values)} and {len(captions)}",
    )
    data = {
        "replay": film_id,
        "strip": pictures.data_uri(np.concatenate(list(frames))),
        "height": frames.shape[1],
        "width": frames.shape[2],
        "size": int(width),
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "values": tuple(float(value) for value in values),
        "ends": (numbers.signed(min(*values, 0.0), 1), numbers.signed(max(*values, 0.0), 1)),
        "captions": tuple(str(caption) for caption in captions),
        "title": title,
        "description": description,
    }
    _mount(key=key, data=data)
