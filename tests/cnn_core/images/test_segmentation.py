"""Finding the digit: drawings whose pixels are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cnn_core.errors import PictureError
from cnn_core.images.segmentation import find_digit


def drawn(*lines: tuple[tuple[int, int], tuple[int, int]], thickness: int = 12) -> np.ndarray:
    """A sheet of 300 x 480 pixels with lines from (x, y) to (x, y); ink is True."""
    sheet = np.zeros((300, 480), np.uint8)
    for start, end in lines:
        cv2.line(sheet, start, end, 1, thickness)
    return sheet.astype(bool)


def paper(ink: np.ndarray, light: float = 0.9, depth: float = 0.7) -> np.ndarray:
    return (light * (1 - depth * ink)).astype(np.float32)


def overlap(mask: np.ndarray, expected: np.ndarray) -> float:
    return float((mask & expected).sum() / (mask | expected).sum())


CORNER = (((200, 60), (280, 60)), ((280, 60), (240, 240)))


@pytest.mark.parametrize("depth", [0.12, 0.4, 0.95])
def test_dark_strokes_are_found(depth: float) -> None:
    ink = drawn(*CORNER)
    found = find_digit(paper(ink, depth=depth))
    assert overlap(found.mask, ink) > 0.75
    assert found.full == pytest.approx(depth, abs=0.05)
    assert not found.is_one_of_several


def test_light_strokes_are_found() -> None:
    ink = drawn(*CORNER)
    assert overlap(find_digit(1 - paper(ink)).mask, ink) > 0.75


def test_loop_is_a_stroke_and_not_its_inside() -> None:
    ink = cv2.circle(np.zeros((300, 480), np.uint8), (240, 150), 70, 1, 10).astype(bool)
    for grey in (paper(ink), 1 - paper(ink)):
        assert overlap(find_digit(grey).mask, ink) > 0.75


def test_contrast_does_not_depend_on_the_light() -> None:
    ink = drawn(*CORNER)
    light = np.linspace(0.3, 1, 480)[None] * np.ones((300, 1))
    contrast = find_digit(paper(ink, light)).contrast
    inside = cv2.erode(ink.astype(np.uint8), np.ones((7, 7))).astype(bool)
    assert contrast[inside] == pytest.approx(0.7, abs=0.04)
    beyond = ~cv2.dilate(ink.astype(np.uint8), np.ones((9, 9))).astype(bool)
    # The paper's light is overestimated where it falls towards the border of the picture.
    beyond[:, :80] = False
    assert contrast[beyond].max() < 0.05


def test_piece_close_by_belongs_to_the_digit_and_a_speck_does_not() -> None:
    pieces = (*CORNER, ((175, 90), (185, 140)))
    ink, speck = drawn(*pieces), drawn(((60, 250), (63, 250)))
    mask = find_digit(paper(ink | speck)).mask
    assert overlap(mask, ink) > 0.75
    assert not mask[:, :100].any()


def test_neighbour_of_its_height_is_left_and_told() -> None:
    ink, other = drawn(*CORNER), drawn(((100, 90), (100, 240)))
    found = find_digit(paper(ink | other))
    assert overlap(found.mask, ink) > 0.75
    assert found.is_one_of_several


def test_stroke_inside_wins_over_one_across_the_border() -> None:
    ink, edge = drawn(*CORNER), drawn(((420, 0), (440, 300)))
    assert overlap(find_digit(paper(ink | edge)).mask, ink) > 0.75


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_even_sheet_holds_no_digit(level: float) -> None:
    with pytest.raises(PictureError, match="No digit was found"):
        find_digit(np.full((300, 480), level, np.float32))


def test_shadow_alone_is_no_digit() -> None:
    across = np.linspace(-8, 8, 480)[None] + np.linspace(-2, 2, 300)[:, None]
    with pytest.raises(PictureError, match="No digit was found"):
        find_digit((0.9 - 0.5 / (1 + np.exp(-across))).astype(np.float32))
