"""The drawing page follows the pen: answer, maps and the strip of edits."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dashboard.app_pages.draw_and_erase import text as drawing_text
from dashboard.frame import sidebar
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.sentences import pattern_of
from support.visitors import SEVEN, STEM, Visitor, answer_to


@pytest.mark.slow
def test_the_answer_follows_the_pen(drawn: Visitor) -> None:
    assert drawn.card_says() == (image_name("digit", 1, is_edited=True), str(answer_to(STEM)))
    assert drawn.answers() == [str(answer_to(STEM))]
    assert "cl-changes" in drawn.html()
    assert drawn.html().count("<figure") == 2
    assert drawn.complaints() == []


def test_the_maps_wait_until_the_pen_is_lifted(drawn: Visitor) -> None:
    maps = re.findall("<figure.*</figure>", drawn.html())
    drawn.draw(SEVEN, is_final=False)
    assert drawn.answers() == [str(answer_to(SEVEN))]
    assert re.findall("<figure.*</figure>", drawn.html()) == maps
    assert "cl-stale" in drawn.html()
    drawn.draw(SEVEN)
    assert re.findall("<figure.*</figure>", drawn.html()) != maps
    assert "cl-stale" not in drawn.html()


def test_a_new_digit_does_not_stand_beside_the_maps_of_the_last(drawn: Visitor) -> None:
    drawn.press("blank_paper")
    drawn.draw(SEVEN, is_final=False)
    assert "<figure" not in drawn.html()
    drawn.draw(SEVEN)
    assert drawn.html().count("<figure") == 2


def test_every_edit_joins_the_strip_and_a_click_goes_back(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    captions = drawn.component("edits")["captions"]
    expected = [2, answer_to(STEM), answer_to(SEVEN)]
    assert [int(caption[0]) for caption in captions] == expected
    assert drawn.component("edits")["selected"] == 2
    before = drawn.component("digit_canvas")["revision"]
    drawn.click_tile("edits", 1)
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert drawn.component("digit_canvas")["revision"] > before
    assert drawn.component("edits")["selected"] == 1
    assert len(drawn.component("edits")["captions"]) == 3
    assert drawn.card_says()[1] == str(answer_to(STEM))
    drawn.click_tile("edits", 0)
    assert drawn.card_says()[0] == image_name("digit", 1)


def test_an_update_while_the_pen_is_down_is_no_edit(drawn: Visitor) -> None:
    drawn.draw(SEVEN, is_final=False)
    assert len(drawn.component("edits")["captions"]) == 2


def test_an_undone_edit_is_found_again_in_the_strip(drawn: Visitor) -> None:
    drawn.draw(SEVEN)
    drawn.draw(STEM)
    assert len(drawn.component("edits")["captions"]) == 3
    assert drawn.component("edits")["selected"] == 1


def test_a_drawing_from_the_address_is_an_edit() -> None:
    visitor = Visitor("draw_and_erase", model="study", ink=to_text(STEM))
    assert len(visitor.component("edits")["captions"]) == 2
    assert visitor.component("edits")["selected"] == 1


def test_blank_paper_starts_a_digit_of_ones_own() -> None:
    visitor = Visitor("draw_and_erase", model="study")
    visitor.press("blank_paper")
    assert image_name("digit", None) in visitor.card()
    assert not pattern_of(sidebar.TRUE_CLASS).search(visitor.card())
    assert sidebar.BLANK in visitor.card()
    assert visitor.text("info") == [drawing_text.BLANK_PAPER]
    visitor.draw(STEM)
    assert visitor.card_says() == (image_name("digit", None, is_edited=True), str(answer_to(STEM)))
    assert "cl-changes" not in visitor.html()
    visitor.press("test_image")
    assert visitor.card_says() == (image_name("digit", 1), "2")
    assert not visitor.shows("edits")


@pytest.mark.slow
@pytest.mark.parametrize(
    "update",
    [
        None,
        "stroke",
        {"digit": "test-1"},
        {"pixels": "garbage"},
        {"sequence": "2"},
        {"revision": 99},
        {"digit": "test-2"},
    ],
)
def test_what_no_canvas_would_send_changes_nothing(drawn: Visitor, update: object) -> None:
    sent = drawn.app.session_state["digit_canvas"]["stroke"]
    forged = sent | {"sequence": 9} | update if isinstance(update, dict) else update
    drawn.app.session_state["digit_canvas"] = {"stroke": forged}
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert drawn.complaints() == []
