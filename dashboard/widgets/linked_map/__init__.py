"""A map beside the image it was computed from: pointing at the map shows the place on the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashboard.widgets import component
from dashboard.widgets.component import require, to_base64

_mount = component.declare(Path(__file__).parent)


@dataclass(frozen=True, eq=False)
class ColouredMap:
    """A map with its colours.

    Attributes:
        values: (rows, columns) finite numbers.
        colours: (rows, columns, 3) uint8, the colours of the values.
        title: Text above the map.
        unit: Unit of the values, such as "logits".
        scale: (k, 3) uint8 colours of the colour bar from low to high, its low and its high value;
            None shows no bar.
    """

    values: np.ndarray
    colours: np.ndarray
    title: str
    unit: str
    scale: tuple[np.ndarray, float, float] | None = None


@dataclass(frozen=True, eq=False)
class Windows:
    """The window of the image that belongs to each cell of a map; may lie outside in part.

    Attributes:
        tops: First row of the window for each row of the map.
        lefts: First column of the window for each column of the map.
        size: Height and width of every window, image pixels.
        fill: Picture like the image that is painted inside the window; None only outlines it.
    """

    tops: Sequence[int]
    lefts: Sequence[int]
    size: tuple[int, int]
    fill: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Answers:
    """The network's answer for each cell of a map.

    Attributes:
        probabilities: (rows, columns, classes) in [0, 1], shown as bars.
        baseline: (classes,) probabilities of the untouched image, shown as ticks on the bars.
        class_names: Class names.
    """

    probabilities: np.ndarray
    baseline: np.ndarray
    class_names: Sequence[str]


def linked_map(
    coloured: ColouredMap,
    image: np.ndarray,
    windows: Windows,
    answers: Answers | None = None,
    *,
    image_title: str,
    key: str,
) -> None:
    """Show a map and an image; moving over the map shows the value and its window on the image.

    All of it happens in the browser. Rows and columns are counted from 0, like the arrays'.

    Args:
        coloured: Map with its colours.
        image: (height, width) grey or (height, width, 3) RGB, uint8.
        windows: Window of the image for each cell of the map.
        answers: Answer for each cell of the map; None shows no bars.
        image_title: Text above the image.
        key: Name of the widget, unique in the app.

    Raises:
        ValueError: Shapes, types or ranges do not fit, or a value is not finite.
    """
    _check_map(coloured)
    _check_windows(windows, coloured.values.shape)
    pixels = _rgb("image", image)
    fill = None if windows.fill is None else _rgb("fill", windows.fill)
    if fill is not None:
        is_same = fill.shape == pixels.shape
        require(is_same, "a fill as high and wide as the image", f"shape={fill.shape[:2]}")
    data = {
        "values": to_base64(np.asarray(coloured.values, "<f4")),
        "map": _packed(coloured.colours),
        "digit": _packed(pixels),
        "fill": None if fill is None else _packed(fill),
        "tops": [int(top) for top in windows.tops],
        "lefts": [int(left) for left in windows.lefts],
        "box": [int(side) for side in windows.size],
        "unit": str(coloured.unit),
        "map_title": str(coloured.title),
        "digit_title": str(image_title),
        "answers": None if answers is None else _packed_answers(answers, coloured.values.shape),
        "scale": None if coloured.scale is None else _packed_scale(*coloured.scale),
    }
    _mount(key=key, data=data)


def _check_map(coloured: ColouredMap) -> None:
    values, colours = coloured.values, coloured.colours
    require(values.ndim == 2 and values.size > 0, "values (rows, columns)", f"{values.shape=}")
    with np.errstate(over="ignore"):
        is_finite = bool(np.isfinite(values.astype(np.float32)).all())
    require(is_finite, "finite values", f"values={values}")
    shape = (*values.shape, 3)
    require(colours.shape == shape, f"colours {shape}", f"{colours.shape=}")
    require(colours.dtype == np.uint8, "uint8 colours", f"{colours.dtype=}")


def _check_windows(windows: Windows, cells: tuple[int, ...]) -> None:
    starts, size = (len(windows.tops), len(windows.lefts)), windows.size
    require(starts == cells, f"tops and lefts {cells}", f"lengths={starts}")
    require(len(size) == 2 and min(size) > 0, "a window's height and width above 0", f"{size=}")


def _rgb(name: str, picture: np.ndarray) -> np.ndarray:
    shape = picture.shape
    is_grey = picture.ndim == 2
    is_picture = picture.size > 0 and (is_grey or (picture.ndim == 3 and shape[2] == 3))
    require(is_picture, f"{name} (height, width) or (height, width, 3)", f"{shape=}")
    require(picture.dtype == np.uint8, f"uint8 {name}", f"dtype={picture.dtype}")
    return np.repeat(picture[..., None], 3, axis=2) if is_grey else picture


def _packed_answers(answers: Answers, cells: tuple[int, ...]) -> dict[str, Any]:
    probabilities, baseline = answers.probabilities, answers.baseline
    shape = probabilities.shape
    is_fit = len(shape) == 3 and shape[:2] == cells and shape[2] > 0
    require(is_fit, f"probabilities ({cells[0]}, {cells[1]}, classes)", f"{shape=}")
    require(baseline.shape == shape[2:], f"a baseline {shape[2:]}", f"{baseline.shape=}")
    for name, array in (("probabilities", probabilities), ("baseline", baseline)):
        is_met = bool(((array >= 0) & (array <= 1)).all())
        require(is_met, f"{name} in [0, 1]", f"{name}={array}")
    names = [str(name) for name in answers.class_names]
    require(len(names) == shape[2], f"{shape[2]} class names", f"class_names={names}")
    return {
        "probabilities": to_base64(np.asarray(probabilities, "<f4")),
        "baseline": [float(value) for value in baseline],
        "names": names,
    }


def _packed_scale(colours: np.ndarray, low: float, high: float) -> dict[str, Any]:
    is_strip = colours.ndim == 2 and colours.size > 0 and colours.shape[1] == 3
    require(is_strip, "scale colours (k, 3)", f"{colours.shape=}")
    require(colours.dtype == np.uint8, "uint8 scale colours", f"{colours.dtype=}")
    is_range = bool(np.isfinite([low, high]).all()) and low < high
    require(is_range, "a finite low value below the high one", f"{low=}, {high=}")
    return {"picture": _packed(colours[None]), "low": float(low), "high": float(high)}


def _packed(picture: np.ndarray) -> dict[str, Any]:
    # Raw pixels, not PNG: at these sizes as small, and drawn without a wait for a decoder.
    height, width, _ = picture.shape
    return {"height": height, "width": width, "rgb": to_base64(picture)}
