"""What one visitor keeps: the address in and out, page changes, edits, and the first seconds."""

from __future__ import annotations

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import tensorflow_loader
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.alone import run_alone
from support.visitors import SEVEN, STEM, Visitor

PAGES = ("overview", "draw_and_erase", "attention", "occlusion", "filters", "feature_maps")


@pytest.fixture(scope="module", autouse=True)
def _network() -> None:
    tensorflow_loader.wait()


def name_of(visitor: Visitor) -> str:
    found = re.search(r"<div><b>(.*?)</b>", visitor.card())
    assert found
    return found[1]


# --- The address ---


@pytest.mark.slow
def test_the_address_brings_model_digit_and_drawing() -> None:
    visitor = Visitor("draw_and_erase", model="study", digit="7", ink=to_text(STEM))
    assert name_of(visitor) == image_name("digit", 7, is_edited=True)
    np.testing.assert_array_equal(visitor.drawn(), STEM)
    assert visitor.component("digit_canvas")["digit"] == "mnist-test-7"
    assert visitor.component("digit_canvas")["address"] == "ink"


@pytest.mark.slow
def test_the_address_brings_a_digit_of_ones_own() -> None:
    visitor = Visitor("draw_and_erase", digit="7", own=to_text(STEM))
    assert name_of(visitor) == image_name("digit", None)
    np.testing.assert_array_equal(visitor.drawn(), STEM)
    assert visitor.component("digit_canvas")["address"] == "own"


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        {"digit": "99999"},
        {"digit": "-1"},
        {"digit": "1.5"},
        {"digit": "abc"},
        {"digit": "9" * 400},
        {"digit": "1e999"},
        {"digit": ["7", "-inf"]},
        {"digit": "nan"},
        {"digit": ""},
        {"model": "nope"},
        {"model": "../../study"},
        {"ink": "garbage"},
        {"ink": ""},
        {"ink": "\u00e4\u20ac"},
        {"ink": "A" * 100_000},
        {"own": "_-"},
        {"own": ["garbage", "garbage"]},
        {"ink": to_text(STEM)[:-1]},
    ],
)
def test_what_an_address_cannot_mean_is_ignored(address: dict) -> None:
    visitor = Visitor(**address)
    assert visitor.complaints() == []
    assert name_of(visitor) == image_name("digit", 1)
    assert not {"ink", "own"} & visitor.app.query_params.keys()


@pytest.mark.slow
def test_the_drawing_goes_into_the_address_and_leaves_it_with_the_digit() -> None:
    visitor = Visitor("draw_and_erase")
    visitor.draw(STEM)
    visitor.app.run()
    assert visitor.app.query_params["ink"] == to_text(STEM)
    visitor.press("digit_next")
    assert "ink" not in visitor.app.query_params
    visitor.press("blank_paper")
    visitor.draw(SEVEN)
    visitor.app.run()
    assert visitor.app.query_params == {"own": to_text(SEVEN), "digit": "2"}


# --- Pages, digits and edits ---


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_change_keeps_digit_and_edits(page: str) -> None:
    visitor = Visitor("draw_and_erase", digit="38")
    visitor.draw(STEM)
    visitor.go_to(page)
    assert name_of(visitor) == image_name("digit", 38, is_edited=True)
    assert visitor.app.query_params["ink"] == to_text(STEM)
    visitor.go_to("draw_and_erase")
    np.testing.assert_array_equal(visitor.drawn(), STEM)
    assert len(visitor.component("edits")["captions"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"), [("method", "occlusion"), ("target", 3), ("against", 5), ("overlay", 0.5)]
)
def test_a_page_change_keeps_the_settings_of_a_page(key: str, value: object) -> None:
    visitor = Visitor("attention")
    visitor.choose(key, value)
    visitor.go_to("occlusion")
    visitor.go_to("attention")
    kinds = (*visitor.app.selectbox, *visitor.app.slider)
    assert [widget.value for widget in kinds if widget.key == key] == [value]


def test_another_digit_drops_the_edits() -> None:
    visitor = Visitor("draw_and_erase")
    visitor.draw(STEM)
    visitor.choose("digit", 5)
    assert name_of(visitor) == image_name("digit", 5)
    assert not visitor.shows("edits")
    visitor.choose("digit", 1)
    assert name_of(visitor) == image_name("digit", 1)


def test_the_same_digit_chosen_again_drops_the_edits_too() -> None:
    visitor = Visitor("draw_and_erase")
    visitor.draw(STEM)
    visitor.press("test_image")
    assert name_of(visitor) == image_name("digit", 1)
    assert not visitor.shows("edits")


def test_a_stroke_on_the_digit_before_does_not_reach_the_next_one() -> None:
    visitor = Visitor("draw_and_erase")
    visitor.draw(STEM)
    visitor.press("digit_next")
    assert name_of(visitor) == image_name("digit", 2)
    visitor.draw(SEVEN)
    assert name_of(visitor) == image_name("digit", 2, is_edited=True)


@pytest.mark.slow
def test_two_visitors_do_not_meet() -> None:
    first, second = Visitor("draw_and_erase"), Visitor("draw_and_erase", digit="9")
    first.draw(STEM)
    second.draw(SEVEN)
    np.testing.assert_array_equal(first.drawn(), STEM)
    np.testing.assert_array_equal(second.drawn(), SEVEN)
    assert name_of(second) == image_name("digit", 9, is_edited=True)


def remember_many() -> None:
    import numpy as np
    import streamlit as st

    from dashboard import session

    for count in (0, 0, *range(1, 70)):
        session.remember_edit(session.Edit(np.full((2, 2), count), "study", count % 10, 0.5))
    st.text(str([int(edit.pixels[0, 0]) for edit in session.edits()]))


def test_fifty_edits_are_kept_and_a_repetition_is_none() -> None:
    app = AppTest.from_function(remember_many, default_timeout=20).run()
    assert not app.exception
    assert app.text[0].value == str(list(range(20, 70)))


# --- Before TensorFlow is there, and if it never comes ---

# Holds the import of Keras until the test lets it go on, or makes it fail.


@pytest.mark.slow
def test_pages_are_drawn_before_tensorflow_is_loaded() -> None:
    ink = to_text(STEM)
    run_alone(
        f"""
from dashboard.figures.html import LOADING
visitor = Visitor()
assert visitor.complaints() == []
assert "<b>2</b>" in visitor.card(), "the shipped answer needs no TensorFlow"
assert "cl-loading" in visitor.card()
assert "cl-bar cl-answer" in visitor.html()
assert LOADING in visitor.html()
for page in ("draw_and_erase", "attention", "misclassified", "one_vs_two"):
    visitor.go_to(page)
    assert visitor.complaints() == []
    assert page == "misclassified" or LOADING in visitor.html(), page
edited = Visitor(ink={ink!r})
assert LOADING in edited.card()
assert not tensorflow_loader.is_ready()
opened.set()
tensorflow_loader.wait()
visitor.go_to("overview")
edited.app.run()
assert "cl-loading" not in visitor.card()
assert "feature map" in visitor.html()
assert "<b>1</b>" in edited.card()
""",
        on_import="opened.wait()",
    )


@pytest.mark.slow
def test_a_machine_without_tensorflow_is_told_so_in_one_sentence() -> None:
    run_alone(
        """
from dashboard.figures.html import LOADING
visitor = Visitor()
tensorflow_loader._ready.wait()
for page in ("overview", "draw_and_erase", "attention", "one_vs_two"):
    visitor.go_to(page)
    (complaint,) = visitor.complaints()
    assert complaint == tensorflow_loader.NOT_LOADED, complaint
visitor.go_to("misclassified")
assert visitor.complaints() == []
assert "cl-loading" not in visitor.card()
assert LOADING not in visitor.card()
""",
        on_import="raise ImportError('no such thing here')",
    )
