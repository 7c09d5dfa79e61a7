"""A map beside the digit it was computed from: pointing at the one shows its place on the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dashboard import component
from dashboard.component import require, to_base64

_mount = component.declare(Path(__file__).parent)


def probe(
    values: np.ndarray,
    colours: np.ndarray,
    digit: np.ndarray,
    *,
    tops: Sequence[int],
    lefts: Sequence[int],
    box: tuple[int, int],
    unit: str,
    map_title: str,
    digit_title: str,
    key: str,
    fill: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
    baseline: np.ndarray | None = None,
    class_names: Sequence[str] = (),
    scale: tuple[np.ndarray, float, float] | None = None,
    overlay: float = 0.0,
) -> None:
    """Show a map and a digit; moving over the map shows the value and its box on the digit.

    All of it happens in the browser. Rows and columns are counted from 0, like the arrays'.

    Args:
        values: (rows, columns) numbers of any range, what the map shows.
        colours: (rows, columns, 3) uint8, the map's colours.
        digit: (height, width) grey or (height, width, 3) RGB, uint8.
        tops: the digit's row where the box of each map row starts; may lie outside.
        lefts: the digit's column where the box of each map column starts; may lie outside.
        box: height and width of the box, digit pixels.
        unit: what the values are counted in, such as "logits".
        map_title: text above the map.
        digit_title: text above the digit.
        key: the widget's name, unique in the app.
        fill: a picture like the digit, painted inside the box; None only outlines the box.
        probabilities: (rows, columns, classes) in [0, 1], shown as bars; None shows no bars.
        baseline: (classes,) probabilities of the untouched digit, ticks on the bars.
        class_names: one for each class; empty counts the classes from 0.
        scale: the colour bar's (k, 3) uint8 colours from low to high, its low and its high value.
        overlay: how strongly the digit shows through the map, 0 to 1.

    Raises:
        ValueError: shapes, types or ranges do not fit, or a value is not finite.
    """
    _check_map(values, colours, tops, lefts, box)
    require(0.0 <= overlay <= 1.0, "an overlay from 0 to 1", f"overlay={overlay}")
    pixels = _rgb("digit", digit)
    paint = None if fill is None else _rgb("fill", fill)
    if paint is not None:
        is_same = paint.shape == pixels.shape
        require(is_same, "a fill as high and wide as the digit", f"shape={paint.shape[:2]}")
    data = {
        "values": to_base64(np.asarray(values, "<f4")),
        "map": _packed(colours),
        "digit": _packed(pixels),
        "fill": None if paint is None else _packed(paint),
        "tops": [int(top) for top in tops],
        "lefts": [int(left) for left in lefts],
        "box": [int(side) for side in box],
        "unit": str(unit),
        "map_title": str(map_title),
        "digit_title": str(digit_title),
        "answers": _answers(np.shape(values), probabilities, baseline, class_names),
        "scale": None if scale is None else _scale(*scale),
        "overlay": float(overlay),
    }
    _mount(key=key, data=data)


def _check_map(
    values: np.ndarray,
    colours: np.ndarray,
    tops: Sequence[int],
    lefts: Sequence[int],
    box: tuple[int, int],
) -> None:
    require(values.ndim == 2 and values.size > 0, "values (rows, columns)", f"{values.shape=}")
    with np.errstate(over="ignore"):
        is_finite = bool(np.isfinite(values.astype(np.float32)).all())
    require(is_finite, "finite values", f"values={values}")
    shape = (*values.shape, 3)
    require(colours.shape == shape, f"colours {shape}", f"{colours.shape=}")
    require(colours.dtype == np.uint8, "uint8 colours", f"{colours.dtype=}")
    starts = (len(tops), len(lefts))
    require(starts == values.shape, f"tops and lefts {values.shape}", f"lengths={starts}")
    require(len(box) == 2 and min(box) > 0, "a box's height and width above 0", f"{box=}")


def _rgb(name: str, picture: np.ndarray) -> np.ndarray:
    shape = picture.shape
    is_grey = picture.ndim == 2
    is_picture = picture.size > 0 and (is_grey or (picture.ndim == 3 and shape[2] == 3))
    require(is_picture, f"a {name} (height, width) or (height, width, 3)", f"{shape=}")
    require(picture.dtype == np.uint8, f"a uint8 {name}", f"dtype={picture.dtype}")
    return np.repeat(picture[..., None], 3, axis=2) if is_grey else picture


def _answers(
    cells: tuple[int, ...],
    probabilities: np.ndarray | None,
    baseline: np.ndarray | None,
    class_names: Sequence[str],
) -> dict[str, Any] | None:
    if probabilities is None:
        require(baseline is None, "probabilities beside a baseline", "probabilities=None")
        return None
    shape = probabilities.shape
    is_fit = len(shape) == 3 and shape[:2] == cells and shape[2] > 0
    require(is_fit, f"probabilities ({cells[0]}, {cells[1]}, classes)", f"{shape=}")
    _require_probabilities("probabilities", probabilities)
    if baseline is not None:
        require(baseline.shape == shape[2:], f"a baseline {shape[2:]}", f"{baseline.shape=}")
        _require_probabilities("baseline", baseline)
    names = [str(name) for name in class_names] or [str(index) for index in range(shape[2])]
    require(len(names) == shape[2], f"{shape[2]} class names", f"class_names={names}")
    return {
        "probabilities": to_base64(np.asarray(probabilities, "<f4")),
        "baseline": None if baseline is None else [float(value) for value in baseline],
        "names": names,
    }


def _scale(colours: np.ndarray, low: float, high: float) -> dict[str, Any]:
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


def _require_probabilities(name: str, array: np.ndarray) -> None:
    is_met = bool(((array >= 0) & (array <= 1)).all())
    require(is_met, f"{name} in [0, 1]", f"{name}={array}")
