"""Uploads on the drawing page: a photograph becomes the digit, hostile files change nothing."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cnn_core import images
from cnn_core.errors import PictureError
from dashboard.session import image_name
from support.visitors import SEVEN, STEM, Visitor


def png(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def pen_on_paper() -> Image.Image:
    """A 7 as somebody may write it: black on white, off the middle, 200x160 pixels."""
    paper = np.full((160, 200), 255, np.uint8)
    paper[30:36, 60:100] = 20
    paper[30:120, 94:100] = 20
    return Image.fromarray(paper)


@pytest.mark.slow
def test_an_upload_becomes_the_digit_and_shows_its_steps(drawn: Visitor) -> None:
    data = png(pen_on_paper())
    drawn.upload(data)
    read = images.read_digit(data)
    np.testing.assert_array_equal(drawn.drawn(), np.rint(read.pixels[..., 0] * 255))
    assert drawn.card_says()[0] == image_name("digit", None)
    assert drawn.complaints() == []
    for step in read.steps:
        assert step.title in drawn.html()
    drawn.draw(SEVEN)
    assert read.steps[0].title in drawn.html(), "edits keep the steps of their picture"
    drawn.press("blank_paper")
    assert read.steps[0].title not in drawn.html()


def bomb() -> bytes:
    """A small file that declares 30,000 x 30,000 pixels."""
    data = bytearray(png(Image.new("L", (8, 8))))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(data)


HOSTILE = {
    "empty": b"",
    "text": b"hello",
    "truncated": png(pen_on_paper(), "JPEG")[:700],
    "bomb": bomb(),
    "blank": png(Image.new("L", (64, 64), 255)),
    "pdf": b"%PDF-1.4",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_upload_gets_one_sentence_and_the_digit_stays(drawn: Visitor, kind: str) -> None:
    with pytest.raises(PictureError) as refused:
        images.read_digit(HOSTILE[kind])
    drawn.upload(HOSTILE[kind])
    (complaint,) = drawn.complaints()
    assert complaint == str(refused.value)
    assert complaint.endswith(".")
    assert "\n" not in complaint
    np.testing.assert_array_equal(drawn.drawn(), STEM)
    assert len(drawn.component("edits")["captions"]) == 2


def test_a_complaint_goes_when_the_visitor_goes_on(drawn: Visitor) -> None:
    drawn.upload(b"hello")
    assert len(drawn.complaints()) == 1
    drawn.press("digit_next")
    assert drawn.complaints() == []


def test_the_server_keeps_no_uploaded_file(drawn: Visitor) -> None:
    drawn.upload(png(pen_on_paper()))
    (uploader,) = drawn.app.file_uploader
    assert uploader.key == "upload_1"
    assert "upload_0" not in drawn.app.session_state
