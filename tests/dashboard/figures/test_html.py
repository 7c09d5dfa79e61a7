"""The small pieces of HTML: numbers as people write them, and a stranger's text as text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup

from dashboard.figures import colours, numbers, pictures
from dashboard.figures.html import (
    below_tile,
    figure,
    heatmap_figure,
    picture,
    probability_bars,
    row,
    scale_of,
)
from dashboard.frame import page_parts
from support.written_numbers import PROBABILITIES

MINUS = "\N{MINUS SIGN}"
PICTURE = np.arange(12, dtype=np.uint8).reshape(3, 4)
HOSTILE = '<script>alert(1)</script>"&'


class Elements(HTMLParser):
    """Every start tag with its attributes, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0.0%"),
        (0.0004, "<0.1%"),
        (0.123456, "12.3%"),
        (0.9994, "99.9%"),
        (0.99951, ">99.9%"),
        (float(np.float32(0.99999994)), ">99.9%"),
        (1.0, "100.0%"),
        (float("nan"), numbers.NO_NUMBER),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert numbers.percent(share) == text


@pytest.mark.parametrize(("value", "text"), PROBABILITIES)
def test_probability(value: float, text: str) -> None:
    assert numbers.probability(value) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (0.0, ""),
        (0.00049, ""),
        (-0.00049, ""),
        (0.0005, "+0.1 pts"),
        (0.1234, "+12.3 pts"),
        (-1.0, f"{MINUS}100.0 pts"),
        (float("nan"), ""),
    ],
)
def test_points(change: float, text: str) -> None:
    assert numbers.points(change) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (-0.004, 2, "0.00"),
        (0.004, 2, "0.00"),
        (-0.006, 2, f"{MINUS}0.01"),
        (12.345, 1, "+12.3"),
        (-12.345, 1, f"{MINUS}12.3"),
        (float("nan"), 1, numbers.NO_NUMBER),
    ],
)
def test_signed(value: float, digits: int, text: str) -> None:
    assert numbers.signed(value, digits) == text


@pytest.mark.parametrize(
    ("name", "names", "text"),
    [("7", ("6", "7"), "7 · 0.5"), ("cat", ("cat", "automobile"), "cat\n0.5")],
)
def test_small_pictures_of_one_gallery_break_their_lines_alike(
    name: str, names: tuple[str, ...], text: str
) -> None:
    assert below_tile(name, "0.5", names) == text


def test_a_picture_holds_its_pixels_its_width_and_its_description() -> None:
    (image,) = Elements(picture(PICTURE, width=120, description="a digit")).attributes("img")
    assert image["src"] == pictures.data_uri(PICTURE)
    assert image["style"] == "width:120px"
    assert image["alt"] == "a digit"


def test_a_figure_without_a_description_is_described_by_its_caption() -> None:
    (image,) = Elements(figure(PICTURE, "Step", width=9)).attributes("img")
    assert image["alt"] == "Step"


@pytest.mark.parametrize(
    "html",
    [
        picture(PICTURE, width=9, description=HOSTILE),
        figure(PICTURE, HOSTILE, width=9, description=HOSTILE),
        scale_of(1.0, is_signed=True, unit=HOSTILE),
        probability_bars([HOSTILE, HOSTILE], np.array([0.25, 0.75])),
        heatmap_figure(
            np.eye(3),
            np.ones((3, 3, 1)),
            background="paper",
            is_signed=False,
            title=HOSTILE,
            caption=HOSTILE,
            unit="",
        ),
    ],
)
def test_text_from_outside_stays_text(html: str) -> None:
    found = Elements(html)
    assert not found.attributes("script")
    shown = [found.text, *(str(image["alt"]) for image in found.attributes("img"))]
    assert any(HOSTILE in text for text in shown)


def test_a_row_keeps_the_order() -> None:
    assert Elements(row([Markup("<i>a</i>"), Markup("<i>b</i>")])).text == "ab"


def test_the_scale_names_both_ends_and_the_unit() -> None:
    signed = scale_of(2.5, is_signed=True, unit="logits")
    assert Elements(signed).text == f"{MINUS}2.50+2.50 logits"
    assert ",".join(colours.DIVERGING) in signed
    unsigned = scale_of(2.5, is_signed=False, unit="logits")
    assert Elements(unsigned).text == "02.50 logits"
    assert ",".join(colours.SEQUENTIAL) in unsigned


def test_a_heatmap_figure_states_its_own_largest_magnitude() -> None:
    heatmap = np.array([[0.5, -4.0], [0, 1]])
    options: dict[str, Any] = {
        "background": "paper",
        "title": "Evidence",
        "caption": "red for",
        "unit": "logits",
    }
    html = heatmap_figure(heatmap, np.zeros((2, 2, 1)), is_signed=True, **options)
    assert Elements(html).text == f"Evidence{MINUS}4.00+4.00 logitsred for"
    wider = heatmap_figure(heatmap, np.zeros((2, 2, 1)), is_signed=True, limit=8, **options)
    assert f"{MINUS}8.00" in wider


def widths(html: str, tag: str) -> list[float]:
    found = Elements(html).attributes(tag)
    return [float(re.sub("width:|%", "", str(each["style"]))) for each in found]


def test_the_bars_are_as_long_as_the_probabilities() -> None:
    probabilities = np.array([0.25, 0.7, 0.05])
    html = probability_bars("abc", probabilities, marked=0)
    assert widths(html, "u") == [25, 70, 5]
    assert widths(html, "s") == []
    assert Elements(html).text == "a ✓25.0%b70.0%c5.0%"
    answers = [bar for bar in Elements(html).attributes("div") if "cl-answer" in str(bar["class"])]
    assert len(answers) == 1


def test_beside_the_bars_stands_the_change_in_points() -> None:
    before, after = np.array([0.9, 0.1, 0.0]), np.array([0.25, 0.75, 0.0])
    html = probability_bars("abc", after, before)
    assert widths(html, "u") == [25, 75, 0]
    assert widths(html, "s") == [90, 10, 0]
    assert Elements(html).text == f"a25.0%{MINUS}65.0 ptsb75.0%+65.0 ptsc<0.1%"


@pytest.mark.parametrize(
    ("share", "text"), [(1, "100%"), (0.999, ">99%"), (0.5, "50%"), (0.001, "<1%"), (0, "0%")]
)
def test_a_short_share_never_claims_certainty(share: float, text: str) -> None:
    assert numbers.percent(share, 0) == text


def test_the_style_sheet_holds_nothing_that_looks_like_html() -> None:
    """The browser's sanitiser would drop it all, and the page would stand there naked."""
    assert "<" not in Path(page_parts.__file__).with_name("style.css").read_text("utf-8")
