"""The panel of the smallest edit on the drawing page, and the film that plays it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnn_core.studies import results
from cnn_core.studies.smallest_edits import EDIT_METHODS
from dashboard.app_pages.draw_and_erase import cached, text
from dashboard.widgets.canvas.codec import to_text
from dashboard.widgets.replay import replay
from support.visitors import STEM, Visitor, answer_to

# A test digit that the network reads as a 9, though it is close to a 4; and a single pixel.
NINE = "7"
SPECK = np.zeros((28, 28), np.uint8)
SPECK[14, 14] = 255


def words(visitor: Visitor) -> str:
    return " ".join((*visitor.text("markdown"), *visitor.text("caption"), *visitor.text("info")))


@pytest.fixture(scope="module")
def turned() -> tuple[Visitor, np.ndarray]:
    """A 9 that is to be a 4, after the button; and the levels before."""
    visitor = Visitor("draw_and_erase", model="study", digit=NINE)
    before = visitor.drawn()
    assert answer_to(before) == 9
    visitor.choose("flip_wanted", 4)
    visitor.press("flip_find")
    return visitor, before


@pytest.mark.slow
def test_the_button_draws_the_edit_and_the_answer_turns(
    turned: tuple[Visitor, np.ndarray],
) -> None:
    visitor, before = turned
    assert visitor.complaints() == []
    after = visitor.drawn()
    assert (after <= before).all()
    assert answer_to(after) == 4
    assert visitor.answers() == ["4"]
    assert len(visitor.component("edits")["captions"]) == 2
    changed = int((after != before).sum())
    sentences = visitor.text("markdown")
    assert any(re.search(rf"\b{changed}\b.*\ba 4\b", sentence) for sentence in sentences)


@pytest.mark.slow
def test_the_film_shows_every_dab_and_the_path_of_the_margin(
    turned: tuple[Visitor, np.ndarray],
) -> None:
    data = turned[0].component("flip_film")
    values, captions = data["values"], data["captions"]
    assert len(values) == len(captions) > 1
    assert values[0] < 0 < values[-1]
    count = str(len(values) - 1)
    assert re.findall(r"\d+", captions[0])[1] == count
    assert captions[0].endswith(" 9")
    assert re.findall(r"\d+", captions[-1])[:2] == [count, count]
    assert captions[-1].endswith(" 4")
    strip = Image.open(io.BytesIO(base64.b64decode(data["strip"].split(",")[1])))
    assert strip.size == (28, 28 * len(values))


def test_the_film_stays_after_undo_and_goes_with_another_edit(
    turned: tuple[Visitor, np.ndarray],
) -> None:
    visitor, before = turned
    assert text.UNDO_HINT in words(visitor)
    visitor.draw(before)  # what the canvas sends when the edit is undone
    assert visitor.shows("flip_film")
    assert text.REDO_HINT in words(visitor)
    visitor.draw(STEM)
    assert not visitor.shows("flip_film")


def test_what_is_the_answer_already_cannot_be_wanted() -> None:
    visitor = Visitor("draw_and_erase", model="study", digit=NINE)
    visitor.choose("flip_wanted", 9)
    (button,) = (each for each in visitor.app.button if each.key == "flip_find")
    assert button.disabled
    assert text.ALREADY_THE_ANSWER.format(name=9) in visitor.text("caption")


def test_not_found_is_an_answer() -> None:
    visitor = Visitor("draw_and_erase", model="study", own=to_text(SPECK))
    visitor.press("flip_find")
    assert visitor.complaints() == []
    (said,) = visitor.text("info")
    assert re.findall(r"\d+", said)[0] == "1"
    assert text.TRY_OTHER_KIND["erase"] in said
    assert not visitor.shows("flip_film")
    np.testing.assert_array_equal(visitor.drawn(), SPECK)


@pytest.mark.slow
def test_what_must_be_there_and_what_must_stay_empty() -> None:
    visitor = Visitor("draw_and_erase", model="study", digit=NINE)
    pixels = visitor.drawn()[..., None] / np.float32(255)
    there = cached.pertinent_positives("study", pixels, (0.0,))
    visitor.press("flip_pertinent")
    assert visitor.complaints() == []
    for title in (text.MUST_BE_THERE, text.MUST_STAY_EMPTY, text.SMALLEST_STROKE):
        assert title in visitor.html()
    assert re.search(rf"\b{there.num_kept} of {there.num_ink} .*\b9\b", visitor.html())
    visitor.draw(STEM)
    assert text.MUST_BE_THERE not in visitor.html()


def test_blank_paper_has_no_panel() -> None:
    visitor = Visitor("draw_and_erase", model="study", own=to_text(np.zeros((28, 28), np.uint8)))
    assert visitor.complaints() == []
    assert not [each for each in visitor.app.button if each.key == "flip_find"]


def test_the_page_goes_on_without_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    cached._study.clear()
    visitor = Visitor("draw_and_erase", model="study")
    (complaint,) = visitor.complaints()
    assert "python -m cnn_core.studies smallest_edits" in complaint
    assert visitor.app.main.get("page_link")


def test_the_figures_are_shown_by_pair() -> None:
    html = Visitor("draw_and_erase", model="study").html()
    for pair in ("1 and 2", "4 and 9", "3 and 8", "7 and 1"):
        assert pair in html
    for method in EDIT_METHODS.values():
        assert method.title in html


# The film alone.


def show(*arguments, **options):  # type: ignore[no-untyped-def]
    from dashboard.widgets.replay import replay

    replay(*arguments, key="film", title="t", description="d", film_id="one", **options)


def test_film_sends_every_picture() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)
    app = AppTest.from_function(show, args=(frames, [-1.0, 0.5, 2], ["a", "b", "<c>"])).run()
    assert not app.exception
    data: dict[str, Any] = json.loads(app.get("bidi_component")[0].proto.json)
    assert (data["values"], data["captions"]) == ([-1, 0.5, 2], ["a", "b", "<c>"])
    assert data["ends"] == ["\N{MINUS SIGN}1.0", "+2.0"]
    strip = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["strip"].split(",")[1]))))
    np.testing.assert_array_equal(strip.reshape(3, 4, 5, 3), frames)


@pytest.mark.parametrize(
    ("shape", "values", "captions"),
    [
        ((0, 4, 5, 3), [], []),
        ((2, 4, 5), [1, 2], ["a", "b"]),
        ((2, 4, 5, 3), [1], ["a", "b"]),
        ((2, 4, 5, 3), [1, 2], ["a"]),
        ((2, 4, 5, 3), [1, float("nan")], ["a", "b"]),
    ],
)
def test_film_of_what_does_not_fit(shape: tuple[int, ...], values: list, captions: list) -> None:
    with pytest.raises(ValueError, match="Expected"):
        replay(
            np.zeros(shape, np.uint8),
            values,
            captions,
            key="film",
            film_id="one",
            title="t",
            description="d",
        )
