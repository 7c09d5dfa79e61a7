"""What the tiles and the probe send to the browser, and what they refuse to send."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.widgets.linked_map import Answers, ColouredMap, Windows, linked_map
from dashboard.widgets.tiles import tiles

RANDOM = np.random.default_rng(0)


# AppTest runs the source of these two alone, where `Any` is unknown.
def show_tiles(*arguments, **options):  # type: ignore[no-untyped-def]
    from dashboard.widgets.tiles import tiles

    tiles(*arguments, key="tiles", **options)


def show_probe(*arguments):  # type: ignore[no-untyped-def]
    from dashboard.widgets.linked_map import linked_map

    linked_map(*arguments, image_title="Digit", key="probe")


def sent(script: Any, *arguments: Any, **options: Any) -> list[dict[str, Any]]:
    app = AppTest.from_function(script, args=arguments, kwargs=options, default_timeout=20).run()
    assert not app.exception
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def cut(data: dict[str, Any]) -> np.ndarray:
    kind, text = data["sprite"].split(",")
    assert kind == "data:image/png;base64"
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
    height, width, columns = data["height"], data["width"], data["columns"]
    corners = [divmod(index, columns) for index in range(len(data["captions"]))]
    return np.stack(
        [
            sheet[row * height : (row + 1) * height, column * width : (column + 1) * width]
            for row, column in corners
        ]
    )


def pixels(picture: dict[str, Any]) -> np.ndarray:
    flat = np.frombuffer(base64.b64decode(picture["rgb"]), np.uint8)
    return flat.reshape(picture["height"], picture["width"], 3)


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4")


@pytest.mark.parametrize("shape", [(1, 28, 28), (7, 20, 30), (10, 5, 4, 3), (200, 8, 8)])
def test_every_pixel_of_the_tiles_arrives(shape: tuple[int, ...]) -> None:
    pictures = RANDOM.integers(0, 256, shape, np.uint8)
    captions = [str(index) for index in range(len(pictures))]
    (data,) = sent(show_tiles, pictures, captions)
    np.testing.assert_array_equal(cut(data), pictures)
    assert data["descriptions"] == data["captions"] == captions
    assert (data["size"], data["selected"], data["is_clickable"]) == (64, None, True)


def test_tiles_take_a_sequence_and_their_options() -> None:
    pictures = [np.full((2, 3), 10 * index, np.uint8) for index in range(5)]
    options = {"size": 90, "selected": 4, "is_clickable": False}
    (data,) = sent(show_tiles, pictures, list("abcde"), descriptions=list("ABCDE"), **options)
    np.testing.assert_array_equal(cut(data), np.stack(pictures))
    assert data["descriptions"] == list("ABCDE")
    assert data.items() >= options.items()


@pytest.mark.parametrize("pictures", [[], np.zeros((0, 28, 28), np.uint8)])
def test_no_pictures_draw_nothing(pictures: Any) -> None:
    assert sent(show_tiles, pictures, []) == []


GREY = np.zeros((2, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("pictures", "captions", "options", "text"),
    [
        (GREY, ["a"], {}, "Expected 2 captions.*Received: 1"),
        (GREY, ["a", "b"], {"descriptions": ["a"]}, "Expected 2 descriptions.*Received: 1"),
        ([], ["a"], {}, "Expected 0 captions"),
        (GREY / 255, ["a", "b"], {}, "uint8.*Received: dtype=float64"),
        (GREY[0], list("abcd"), {}, r"Received: shape=\(4, 4\)"),
        (np.zeros((2, 4, 4, 4), np.uint8), ["a", "b"], {}, r"Received: shape=\(2, 4, 4, 4\)"),
        (np.zeros((2, 0, 4), np.uint8), ["a", "b"], {}, r"Received: shape=\(2, 0, 4\)"),
        ([GREY[0], GREY[0, :2]], ["a", "b"], {}, "one shape"),
        (GREY, ["a", "b"], {"selected": 2}, "below 2. Received: selected=2"),
        (GREY, ["a", "b"], {"selected": -1}, "Received: selected=-1"),
        (GREY, ["a", "b"], {"size": 0}, "Received: size=0"),
    ],
)
def test_tiles_that_do_not_fit_are_refused(
    pictures: Any, captions: list[str], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        tiles(pictures, captions, key="tiles", **options)


def arguments(**changes: Any) -> tuple[ColouredMap, np.ndarray, Windows, Answers]:
    """A 2x3 map over a 20x30 digit with four classes, with changes."""
    shares = RANDOM.random((2, 3, 4), np.float32)
    coloured = {
        "values": np.array([[1.5, -2.25, 0], [3, 4, -5]]),
        "colours": RANDOM.integers(0, 256, (2, 3, 3), np.uint8),
        "title": "Map",
        "unit": "logits",
        "scale": (RANDOM.integers(0, 256, (5, 3), np.uint8), -5, 5),
    }
    image = {"image": RANDOM.integers(0, 256, (20, 30), np.uint8)}
    windows = {
        "tops": [-2, 12],
        "lefts": np.array([0, 10, 25]),
        "size": (8, 10),
        "fill": RANDOM.integers(0, 256, (20, 30, 3), np.uint8),
    }
    answers = {
        "probabilities": shares / shares.sum(-1, keepdims=True),
        "baseline": np.array([0.25, 0.5, 0.25, 0.0]),
        "class_names": "abcd",
    }
    for part in (coloured, image, windows, answers):
        part.update({name: changes.pop(name) for name in [*part] if name in changes})
    assert not changes
    return ColouredMap(**coloured), image["image"], Windows(**windows), Answers(**answers)


def test_every_number_of_the_probe_arrives() -> None:
    coloured, image, windows, answers = given = arguments()
    (data,) = sent(show_probe, *given)
    np.testing.assert_array_equal(floats(data["values"]), coloured.values.ravel())
    np.testing.assert_array_equal(pixels(data["map"]), coloured.colours)
    np.testing.assert_array_equal(pixels(data["digit"]), np.stack([image] * 3, axis=-1))
    np.testing.assert_array_equal(pixels(data["fill"]), windows.fill)
    assert coloured.scale is not None
    np.testing.assert_array_equal(pixels(data["scale"]["picture"])[0], coloured.scale[0])
    assert (data["scale"]["low"], data["scale"]["high"]) == (-5, 5)
    assert (data["tops"], data["lefts"], data["box"]) == ([-2, 12], [0, 10, 25], [8, 10])
    assert (data["map_title"], data["digit_title"], data["unit"]) == ("Map", "Digit", "logits")
    shown = data["answers"]
    assert (shown["baseline"], shown["names"]) == ([0.25, 0.5, 0.25, 0], list("abcd"))
    np.testing.assert_array_equal(floats(shown["probabilities"]), answers.probabilities.ravel())


def test_a_probe_of_a_map_alone_sends_no_answers() -> None:
    (data,) = sent(show_probe, *arguments(fill=None, scale=None)[:3])
    assert data["fill"] is data["answers"] is data["scale"] is None


def test_an_occlusion_map_stays_small() -> None:
    sizes = {
        "values": np.zeros((25, 25)),
        "colours": np.zeros((25, 25, 3), np.uint8),
        "image": np.zeros((28, 28), np.uint8),
        "fill": np.zeros((28, 28), np.uint8),
        "tops": range(25),
        "lefts": range(25),
        "probabilities": np.full((25, 25, 10), 0.1),
        "baseline": np.full(10, 0.1),
        "class_names": "0123456789",
    }
    (data,) = sent(show_probe, *arguments(**sizes))
    assert len(json.dumps(data)) < 50_000


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"values": np.zeros(3)}, r"Received: values.shape=\(3,\)"),
        ({"values": np.zeros((0, 3))}, r"Received: values.shape=\(0, 3\)"),
        ({"values": np.array([[0, 1, np.nan], [0, 0, 0]])}, "finite values"),
        ({"values": np.array([[0, 1, 1e300], [0, 0, 0]])}, "finite values"),
        ({"colours": np.zeros((3, 2, 3), np.uint8)}, r"colours \(2, 3, 3\)"),
        ({"colours": np.zeros((2, 3, 3))}, "uint8 colours"),
        ({"image": np.zeros((20, 30))}, "Received: dtype=float64"),
        ({"image": np.zeros((20, 30, 1), np.uint8)}, r"image .*Received: shape=\(20, 30, 1\)"),
        ({"tops": [0]}, r"Received: lengths=\(1, 3\)"),
        ({"lefts": [0, 1]}, r"Received: lengths=\(2, 2\)"),
        ({"size": (0, 4)}, r"Received: size=\(0, 4\)"),
        ({"fill": np.zeros((30, 20), np.uint8)}, r"fill .*Received: shape=\(30, 20\)"),
        ({"probabilities": np.zeros((3, 2, 4))}, r"probabilities \(2, 3, classes\)"),
        ({"probabilities": np.full((2, 3, 4), 1.5)}, r"probabilities in \[0, 1\]"),
        ({"probabilities": np.full((2, 3, 4), np.nan)}, r"probabilities in \[0, 1\]"),
        ({"baseline": np.zeros(3)}, r"a baseline \(4,\)"),
        ({"baseline": np.full(4, -0.5)}, r"baseline in \[0, 1\]"),
        ({"class_names": ["a"]}, "4 class names"),
        ({"scale": (np.zeros((5, 4), np.uint8), 0, 1)}, r"scale colours \(k, 3\)"),
        ({"scale": (np.zeros((5, 3)), 0, 1)}, "uint8 scale colours"),
        ({"scale": (np.zeros((5, 3), np.uint8), 1, 1)}, "Received: low=1, high=1"),
        ({"scale": (np.zeros((5, 3), np.uint8), 0, np.inf)}, "finite low value"),
    ],
)
def test_a_probe_that_does_not_fit_is_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        linked_map(*arguments(**changes), image_title="Digit", key="probe")
    assert str(caught.value).startswith("Expected ")
    assert ". Received: " in str(caught.value)
