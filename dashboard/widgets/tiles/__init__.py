"""A grid of small pictures to look at or to click: galleries, feature maps, small multiples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dashboard.figures.pictures import data_uri
from dashboard.widgets import component
from dashboard.widgets.component import require

_mount = component.declare(Path(__file__).parent)


def tiles(
    pictures: np.ndarray | Sequence[np.ndarray],
    captions: Sequence[str],
    *,
    key: str,
    size: int = 64,
    selected: int | None = None,
    descriptions: Sequence[str] | None = None,
    is_clickable: bool = True,
) -> int | None:
    """Show small pictures in a grid that wraps, pixel by pixel, never smoothed.

    Args:
        pictures: (n, height, width) grey or (n, height, width, 3) RGB, uint8; none draws nothing.
        captions: N short texts, one under each picture.
        key: The widget's name, unique in the app.
        size: Width of each picture, CSS pixels; the height follows.
        selected: Index of the picture to outline; None outlines none.
        descriptions: N texts for tooltips and screen readers; None takes the captions.
        is_clickable: True if the pictures are buttons.

    Returns:
        The index clicked, in the one run that the click starts; otherwise None.

    Raises:
        ValueError: Shapes, types, lengths or the selected index do not fit together.
    """
    descriptions = captions if descriptions is None else descriptions
    count = len(pictures)
    for name, texts in (("captions", captions), ("descriptions", descriptions)):
        require(len(texts) == count, f"{count} {name}, one a picture", f"{len(texts)} {name}")
    require(size > 0, "a positive size", f"size={size}")
    require(
        selected is None or 0 <= selected < count,
        f"None or an index below {count}",
        f"selected={selected}",
    )
    if count == 0:
        return None
    stack = _stacked(pictures)
    columns = math.ceil(math.sqrt(count))
    data = {
        "sprite": data_uri(_sprite(stack, columns)),
        "columns": columns,
        "height": stack.shape[1],
        "width": stack.shape[2],
        "size": int(size),
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "captions": tuple(str(caption) for caption in captions),
        "descriptions": tuple(str(description) for description in descriptions),
        "selected": None if selected is None else int(selected),
        "is_clickable": bool(is_clickable),
    }
    return component.clicked_number(_mount(key=key, data=data).get("clicked"), range(count))


def _stacked(pictures: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    shapes = {np.shape(picture) for picture in pictures}
    require(len(shapes) == 1, "pictures of one shape", f"shapes={sorted(shapes)}")
    stack = np.asarray(pictures)
    require(stack.dtype == np.uint8, "uint8 pictures", f"dtype={stack.dtype}")
    is_picture = stack.size > 0 and (stack.ndim == 3 or (stack.ndim == 4 and stack.shape[3] == 3))
    require(is_picture, "shape (n, height, width) or (n, height, width, 3)", f"shape={stack.shape}")
    return stack


def _sprite(stack: np.ndarray, columns: int) -> np.ndarray:
    """Lay the pictures row by row into one; the places left over are black."""
    count, height, width, *channels = stack.shape
    rows = math.ceil(count / columns)
    places = np.zeros((rows * columns, height, width, *channels), np.uint8)
    places[:count] = stack
    grid = places.reshape(rows, columns, height, width, *channels).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, *channels)
