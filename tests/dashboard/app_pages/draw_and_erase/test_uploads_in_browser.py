"""Uploads of every kind in a real browser: a good reading or one clear sentence, and no damage."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cnn_core import datasets, images, models
from cnn_core.errors import PictureError
from dashboard.session import image_name
from dashboard.widgets.canvas.codec import to_text
from support.lens import Lens
from support.paths import HOME

DRAWN = np.zeros((28, 28), np.uint8)
DRAWN[4:24, 13:15] = 255


@pytest.fixture
def desk(page: Page, serve: Callable[[Path], str]) -> Lens:
    """The drawing page with a drawing on it."""
    lens = Lens(page, serve(HOME))
    lens.open("draw_and_erase", model="study", ink=to_text(DRAWN))
    lens.expect_drawing(DRAWN)
    return lens


def seven() -> np.ndarray:
    """A 7 as somebody may write it: (160, 200) uint8, dark on light, off the middle."""
    paper = np.full((160, 200), 255, np.uint8)
    paper[30:36, 60:100] = paper[30:120, 94:100] = 20
    return paper


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def bomb() -> bytes:
    """A valid PNG of 20,000 x 20,000 pixels in 50 kB."""
    return saved(Image.new("1", (20_000, 20_000)))


HOSTILE = {
    "empty": (lambda: b"", "digit.png"),
    "text": (lambda: b"not a picture at all\n" * 9, "digit.png"),
    "truncated": (lambda: saved(Image.fromarray(seven()), "JPEG")[:900], "digit.jpg"),
    "bomb": (bomb, "digit.png"),
    "blank": (lambda: saved(Image.new("L", (99, 99), 255)), "digit.png"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_gets_one_sentence_and_the_drawing_stays(desk: Lens, kind: str) -> None:
    make, name = HOSTILE[kind]
    with pytest.raises(PictureError) as refused:
        images.read_digit(make())
    desk.upload(make(), name)
    alert = desk.page.get_by_test_id("stAlert")
    expect(alert).to_have_count(1)
    expect(alert.locator("p")).to_have_text(str(refused.value))
    assert re.fullmatch(r"[A-Z][^.\n]*\.", alert.locator("p").inner_text())
    desk.expect_drawing(DRAWN)
    expect(desk.name).to_have_text(image_name("digit", 1, is_edited=True))
    desk.page.keyboard.press("Escape")
    desk.stroke((4, 3), (24, 3))
    assert (desk.pixels()[:2] != DRAWN[:2]).any()


def test_a_file_over_8_mb_is_refused_before_it_is_sent(desk: Lens) -> None:
    desk.upload(b"\x89PNG" + bytes(8 * 2**20), "digit.png")
    expect(desk.page.get_by_test_id("stFileUploader")).to_contain_text("8.0MB or smaller")
    desk.expect_drawing(DRAWN)


GOOD = {
    "sixteen_bits": (
        lambda: saved(Image.fromarray(seven().astype(np.uint16) * 12)),
        "digit.png",
    ),
    "animated": (
        lambda: saved(
            Image.fromarray(seven()),
            "GIF",
            save_all=True,
            append_images=[Image.new("L", (200, 160), 255)],
        ),
        "digit.gif",
    ),
    "wrong_suffix": (lambda: saved(Image.fromarray(seven())), "notes.txt"),
    "hostile_name": (
        lambda: saved(Image.fromarray(seven()), "WEBP"),
        "<img src=x onerror=alert(1)>.png",
    ),
}


@pytest.mark.parametrize("kind", GOOD)
def test_an_unusual_but_good_file_is_read(desk: Lens, kind: str) -> None:
    make, name = GOOD[kind]
    desk.upload(make(), name)
    expect(desk.name).to_have_text(image_name("digit", None))
    expect(desk.answer).to_have_text("7")
    expect(desk.page.get_by_test_id("stAlert")).to_have_count(0)
    read = images.read_digit(make())
    expect(desk.main.locator("figcaption", has_text=read.steps[-1].title)).to_be_visible()
    assert len(read.notes) == (kind == "animated")
    reading = desk.main.get_by_test_id("stExpander").filter(has=desk.page.locator(".cl-steps"))
    expect(reading.get_by_test_id("stCaptionContainer")).to_have_text(list(read.notes))


@pytest.mark.parametrize(("name", "noun"), [("cifar_simple", "picture"), ("course_fc", "sign")])
def test_a_photograph_is_looked_at_and_erased(
    page: Page, serve: Callable[[Path], str], name: str, noun: str
) -> None:
    spec = models.get(name)
    if not models.is_trained(name) or datasets.find(spec.dataset) is None:
        pytest.skip(f"{name} is not trained yet, or its pictures are not on this machine")
    lens = Lens(page, serve(HOME))
    lens.open("draw_and_erase", model=name)
    rows, columns = np.indices((120, 200), np.uint8)
    colours = np.stack([2 * rows, columns, columns], axis=-1)
    lens.upload(saved(Image.fromarray(colours), "JPEG"), "photo.jpg")
    expect(lens.name).to_have_text(image_name(noun, None))
    height, width = spec.input_shape[:2]
    expect(lens.main.locator("figcaption", has_text=f"{width}×{height}")).to_be_visible()
    expect(lens.canvas).to_have_accessible_name(re.compile(rf"\b{width}\D+{height}\b"))
    lens.tool("Eraser").click()
    lens.stroke((8, 8), (20, 20))
    expect(lens.name).to_have_text(image_name(noun, None, is_edited=True))
    lens.tool("Original").click()
    expect(lens.name).to_have_text(image_name(noun, None))
    expect(lens.edits.first).to_have_attribute("aria-current", "true")
