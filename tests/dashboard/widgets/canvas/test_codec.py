"""The canvas's text form and what Python makes of updates that anybody may have sent."""

from __future__ import annotations

import base64
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnn_core import datasets
from dashboard import session
from dashboard.app_pages.draw_and_erase import smallest_edit
from dashboard.widgets.canvas import Drawing, StartingPicture, digit_canvas, read_update
from dashboard.widgets.canvas.codec import from_text, to_text
from dashboard.widgets.canvas.palette import COLOUR, GREY, INK_ON_PAPER, palette_of

EMPTY = np.zeros((28, 28), np.uint8)
LEVELS = st.one_of(st.just(0), st.integers(0, 255))
# A digit, a colour picture and a sign, and what the longest text of each is.
SHAPES = {(28, 28): 1568, (32, 32, 3): 6144, (64, 64): 8192}
PICTURES = st.sampled_from([*SHAPES]).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=LEVELS, fill=st.sampled_from([0, 128, 255]))
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def encode(*levels: int) -> str:
    return base64.urlsafe_b64encode(bytes(levels)).decode().rstrip("=")


def test_known_texts() -> None:
    one_cell = EMPTY.copy()
    one_cell[0, 1] = 200
    assert to_text(EMPTY) == encode(0, 255, 0, 255, 0, 255, 0, 19)
    assert to_text(one_cell) == encode(0, 1, 200, 0, 255, 0, 255, 0, 255, 0, 17)
    assert to_text(np.full((28, 28), 255, np.uint8)) == encode(*[255] * 784)
    np.testing.assert_array_equal(from_text(to_text(one_cell)), one_cell)


@pytest.mark.slow
@settings(deadline=None)
@given(PICTURES)
def test_round_trip(pixels: np.ndarray) -> None:
    text = to_text(pixels)
    assert len(text) <= SHAPES[pixels.shape]
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    np.testing.assert_array_equal(from_text(text, pixels.shape), pixels)
    for shape in SHAPES.keys() - {pixels.shape}:
        with pytest.raises(ValueError, match="Expected text of a picture"):
            from_text(text, shape)


@pytest.mark.parametrize("shape", [*SHAPES, (1, 1), (3, 5), (1, 1, 3)])
def test_longest_text_is_ink_in_every_second_cell(shape: tuple[int, ...]) -> None:
    pixels = np.zeros(shape, np.uint8)
    pixels.flat[1::2] = 255
    if shape in SHAPES:
        assert len(to_text(pixels)) == SHAPES[shape]
    np.testing.assert_array_equal(from_text(to_text(pixels), shape), pixels)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "!!!!",
        "é",
        to_text(EMPTY) + "=",
        to_text(EMPTY) + "\n",
        to_text(EMPTY)[:-1],
        to_text(EMPTY) * 200,
        encode(0, 255, 0, 255, 0, 255, 0, 18),
        encode(0, 255, 0, 255, 0, 255, 0, 20),
        encode(0, 255, 0, 255, 0, 255, 0, 19, 0, 0),
        encode(0, 255, 0, 255, 0, 255, 0, 19, 0),
        encode(0, 254, 0, 255, 0, 255, 0, 20),
        "A" * 10**6,
        None,
        12,
        b"AP8A",
        ["AP8A"],
    ],
)
def test_from_text_refuses_what_is_not_well_formed(text: object) -> None:
    with pytest.raises(ValueError, match="Expected text of a picture"):
        from_text(text)  # type: ignore[arg-type]


@pytest.mark.slow
@settings(deadline=None)
@given(st.text() | st.text("AP8_-=", max_size=40), st.sampled_from([*SHAPES, (1, 2), (2, 1, 3)]))
def test_from_text_never_fails_otherwise(text: str, shape: tuple[int, ...]) -> None:
    try:
        pixels = from_text(text, shape)
    except ValueError:
        return
    assert to_text(pixels) == text


@pytest.mark.parametrize(
    "pixels",
    [EMPTY[0], EMPTY.astype(float), EMPTY[None], EMPTY[..., None], [[0] * 28] * 28],
)
def test_to_text_names_the_wrong_picture(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Expected pixels"):
        to_text(pixels)


HELD = Drawing(np.full((28, 28), 7, np.uint8), sequence=5, is_final=True)
GOOD = {"digit": "a", "revision": 2, "sequence": 6, "final": False, "pixels": to_text(EMPTY)}


def test_a_good_update_is_taken() -> None:
    drawing = read_update(GOOD, HELD, digit_id="a", revision=2)
    np.testing.assert_array_equal(drawing.pixels, EMPTY)
    assert (drawing.sequence, drawing.is_final) == (6, False)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_update_must_have_the_shape_of_the_picture(shape: tuple[int, ...]) -> None:
    held = Drawing(np.full(shape, 7, np.uint8), sequence=5, is_final=True)
    for other in SHAPES:
        update = GOOD | {"pixels": to_text(np.full(other, 128, np.uint8))}
        drawing = read_update(update, held, digit_id="a", revision=2)
        if other == shape:
            np.testing.assert_array_equal(drawing.pixels, np.full(shape, 128))
        else:
            assert drawing is held


@pytest.mark.parametrize("part", GOOD)
@pytest.mark.parametrize(
    "value",
    [None, True, False, -1, 0, 3, 2**53, 10**400, 6.0, math.inf, math.nan, "b", "", "6", [], {}],
)
def test_a_hostile_part_leaves_what_python_has(part: str, value: object) -> None:
    if part == "final" and isinstance(value, bool):
        return
    assert read_update({**GOOD, part: value}, HELD, digit_id="a", revision=2) is HELD


@pytest.mark.parametrize("part", GOOD)
def test_a_missing_part_leaves_what_python_has(part: str) -> None:
    update = {name: value for name, value in GOOD.items() if name != part}
    assert read_update(update, HELD, digit_id="a", revision=2) is HELD


@pytest.mark.slow
@settings(deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(sorted(GOOD)), JSON))
def test_any_update_is_answered(update: object) -> None:
    assert read_update(update, HELD, digit_id="a", revision=2) is HELD


@pytest.mark.parametrize(("digit_id", "revision"), [("b", 2), ("a", 1), ("a", 3)])
def test_a_stale_update_is_ignored(digit_id: str, revision: int) -> None:
    assert read_update(GOOD, HELD, digit_id=digit_id, revision=revision) is HELD


@pytest.mark.parametrize("part", ["revision", "sequence"])
@pytest.mark.parametrize("value", [True, 1.0])
def test_only_a_whole_number_counts(part: str, value: object) -> None:
    held = Drawing(EMPTY, sequence=0, is_final=True)
    update = {**GOOD, "revision": 1, "sequence": 1}
    assert read_update(update, held, digit_id="a", revision=1) is not held
    assert read_update({**update, part: value}, held, digit_id="a", revision=1) is held


def test_wrong_pictures_are_named() -> None:
    with pytest.raises(ValueError, match=r"Expected pixels .* pixels.shape=\(3, 28\)"):
        digit_canvas(StartingPicture(EMPTY[:3], EMPTY, "a"))
    with pytest.raises(ValueError, match="Expected pixels"):
        digit_canvas(StartingPicture(EMPTY[None], EMPTY[None], "a"))


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_every_data_set_has_a_kit_of_its_channels(name: str) -> None:
    kit, channels = palette_of(name), datasets.get(name).image_shape[2]
    names, inks = zip(*kit.inks, strict=True)
    assert {len(colour) for colour in (kit.paper, *inks)} == {channels}
    assert all(0 <= level <= 255 for colour in (kit.paper, *inks) for level in colour)
    assert len(set(names)) == len(names)
    assert len({kit.paper, *inks}) == len(inks) + 1


def test_a_new_data_set_of_ink_gets_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = replace(datasets.get("sign_digits"), name="letters", background="paper")
    monkeypatch.setitem(datasets.DATASETS, "letters", letters)
    assert palette_of("letters") is INK_ON_PAPER
    monkeypatch.setattr(session, "dataset", lambda: letters)
    assert smallest_edit._is_on_paper()


def test_only_digits_are_ink_on_paper() -> None:
    assert [palette_of(name) for name in ("mnist", "cifar10", "sign_digits")] == [
        INK_ON_PAPER,
        COLOUR,
        GREY,
    ]
