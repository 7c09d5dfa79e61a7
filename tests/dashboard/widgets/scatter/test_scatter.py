"""What the map of dots sends to the browser, and what it refuses to send."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.figures import colours
from dashboard.widgets.scatter import scatter

DOTS: dict[str, Any] = {
    "points": np.array([[0, 1], [2, 3], [4, 5.5]]),
    "labels": np.array([0, 1, 1]),
    "answers": np.array([0, 0, 1]),
    "indices": np.array([7, 300, 9999]),
    "class_names": ("a", "b"),
    "palette": colours.CLASSES,
    "noun": "digit",
    "description": "Three dots",
    "key": "dots",
}


def show(options):  # type: ignore[no-untyped-def]
    from dashboard.widgets.scatter import mark, scatter

    scatter(**options)
    mark(options["points"][0], "now", scatter="dots")


def floats(text: str, kind: str) -> list[float]:
    return np.frombuffer(base64.b64decode(text), kind).tolist()


def test_the_dots_and_the_mark_are_sent_apart() -> None:
    app = AppTest.from_function(show, args=(DOTS,), default_timeout=20).run()
    assert not app.exception
    dots, mark = (json.loads(each.proto.json) for each in app.get("bidi_component"))
    assert floats(dots["points"], "<f4") == [0, 1, 2, 3, 4, 5.5]
    assert floats(dots["labels"], "u1") == [0, 1, 1]
    assert floats(dots["answers"], "u1") == [0, 0, 1]
    assert floats(dots["indices"], "<u4") == [7, 300, 9999]
    assert (dots["scatter"], dots["names"], dots["noun"]) == ("dots", ["a", "b"], "digit")
    assert mark == {"scatter": "dots", "x": 0.0, "y": 1.0, "text": "now"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((3, 3))}, r"points \(n, 2\)"),
        ({"points": np.zeros((0, 2))}, r"points \(n, 2\)"),
        ({"points": np.array([[0, 1], [2, np.nan], [4, 5]])}, "finite points"),
        ({"labels": np.array([0, 1])}, r"labels \(3,\)"),
        ({"answers": np.array([0, 1, 2])}, "labels and answers below 2"),
        ({"labels": np.array([0, 1, -1])}, "labels and answers below 2"),
        ({"palette": ("#000000",)}, "2 colours"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=f"Expected {words}"):
        scatter(**{**DOTS, **change})


def test_there_is_a_colour_for_each_of_ten_classes_that_reads_on_both_themes() -> None:
    """Contrast against paper and night of at least 1.7, and no two colours alike."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours.CLASSES]) / 255
    assert len(rgb) == 10
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    for ground in (1.0, 0.008):  # white, and the dark theme's background
        high, low = np.maximum(light, ground), np.minimum(light, ground)
        assert ((high + 0.05) / (low + 0.05)).min() > 1.7
    gaps = np.linalg.norm(rgb[:, None] - rgb[None], axis=-1) + 9 * np.eye(10)
    assert gaps.min() > 0.2
