"""The two colour scales: known colours at known values, and pictures that come back as sent."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dashboard.figures import colours, pictures

BLUE, WHITE, RED = (5, 48, 97), (247, 247, 247), (103, 0, 31)
BLACK, PALE = (0, 0, 0), (252, 253, 191)


def test_the_ramps_run_from_the_first_colour_to_the_last() -> None:
    signed, unsigned = colours.ramp(True), colours.ramp(False)
    assert signed.shape == unsigned.shape == (256, 3)
    assert tuple(signed[0]) == BLUE
    assert tuple(signed[-1]) == RED
    assert tuple(unsigned[0]) == BLACK
    assert tuple(unsigned[-1]) == PALE
    assert len(colours.ramp(True, 32)) == 32


def luminance(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= 10, rgb / 3295, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_brightness_alone_orders_the_values() -> None:
    """What stays readable without colour vision, or in grey print."""
    assert (np.diff(luminance(colours.ramp(False, 10).astype(float))) > 0).all()
    signed = luminance(colours.ramp(True, 11).astype(float))
    assert (np.diff(signed[:6]) > 0).all()
    assert (np.diff(signed[5:]) < 0).all()


def test_signed_values_are_coloured_symmetrically_about_zero() -> None:
    coloured = colours.colourise(np.array([[-2.0, 0.0, 2.0], [-9, 1, 9]]), is_signed=True, limit=2)
    assert tuple(coloured[0, 0]) == BLUE
    np.testing.assert_allclose(coloured[0, 1], WHITE, atol=1)
    assert tuple(coloured[0, 2]) == RED
    np.testing.assert_array_equal(coloured[1, [0, 2]], coloured[0, [0, 2]])
    assert coloured.dtype == np.uint8


def test_unsigned_values_start_at_black() -> None:
    coloured = colours.colourise(np.array([0.0, 1.0, 4.0]), is_signed=False)
    assert tuple(coloured[0]) == BLACK
    assert tuple(coloured[2]) == PALE
    np.testing.assert_array_equal(coloured[1], colours.ramp(False)[64])


@pytest.mark.parametrize("is_signed", [False, True])
def test_a_map_of_zeros_is_all_zero_colour(is_signed: bool) -> None:
    coloured = colours.colourise(np.zeros((2, 3)), is_signed=is_signed)
    np.testing.assert_allclose(coloured - np.array(WHITE if is_signed else BLACK), 0, atol=1)


@pytest.mark.parametrize(
    ("values", "limit"), [([-3.0, 2.0], 3.0), ([0.0, 0.0], 1.0), ([], 1.0), ([0.5], 0.5)]
)
def test_the_limit_is_the_largest_magnitude(values: list[float], limit: float) -> None:
    assert colours.limit_of(np.array(values)) == limit


def test_ink_shows_through_and_paper_changes_nothing() -> None:
    coloured = np.full((1, 3, 3), 200, np.uint8)
    pixels = np.zeros((9, 3, 1))
    pixels[0] = [[0.0], [0.5], [1.0]]
    darker = pictures.over_image(coloured, pixels, background="paper", is_signed=True, strength=0.4)
    assert darker[0, :, 0].tolist() == [200, 160, 120]
    assert (darker[1:] == 200).all()
    lighter = pictures.over_image(
        coloured, pixels, background="paper", is_signed=False, strength=0.4
    )
    assert lighter[0, :, 0].tolist() == [200, 211, 222]


PHOTOGRAPH = np.array([[[0.25, 0.5, 0.75], [1.0, 1.0, 1.0]], [[0.0, 0.0, 0.0], [0.0, 0.3, 0.6]]])


def test_a_photograph_shows_its_dark_parts_on_white_and_its_bright_ones_on_black() -> None:
    coloured = np.full((2, 2, 3), 200, np.uint8)
    darker = pictures.over_image(
        coloured, PHOTOGRAPH, background="photo", is_signed=True, strength=0.4
    )
    assert darker[..., 0].tolist() == [[160, 200], [120, 144]]
    lighter = pictures.over_image(
        coloured, PHOTOGRAPH, background="photo", is_signed=False, strength=0.4
    )
    assert lighter[..., 0].tolist() == [[211, 222], [200, 207]]


def test_a_photograph_below_a_map_is_grey_and_pale_where_the_map_s_zero_is_white() -> None:
    below = pictures.below(PHOTOGRAPH, background="photo", is_signed=True)
    assert below.dtype == np.uint8
    assert (below == below[..., :1]).all(), "colours would mix with those of the map"
    assert below[..., 0].tolist() == [[159, 255], [64, 121]]
    assert pictures.below(PHOTOGRAPH, background="photo", is_signed=False)[..., 0].tolist() == [
        [128, 255],
        [0, 76],
    ]


def test_ink_below_a_map_is_dark_on_white() -> None:
    ink = np.zeros((4, 4, 1))
    ink[1, 2] = 1
    for is_signed, paper in ((True, 255), (False, 0)):
        found = pictures.below(ink, background="paper", is_signed=is_signed)
        assert found.shape == (4, 4, 3)
        assert (found[1, 2] == 255 - paper).all()
        assert (found[0] == paper).all()


def test_ink_of_the_widest_pens_is_dark_on_white_too(wide_digit: np.ndarray) -> None:
    below = pictures.below(wide_digit, background="paper", is_signed=True)
    np.testing.assert_array_equal(below[..., 0], 255 - pictures.as_picture(wide_digit))
    white = np.full((28, 28, 3), 255, np.uint8)
    shown = pictures.over_image(white, wide_digit, background="paper", is_signed=True, strength=1)
    np.testing.assert_array_equal(shown, below)


def test_black_is_paper_or_a_photograph_as_it_is_declared() -> None:
    black = np.zeros((2, 2, 1))
    assert (pictures.below(black, background="paper", is_signed=True) == 255).all()
    assert (pictures.below(black, background="photo", is_signed=True) == 64).all()


def test_grey_gives_levels_and_keeps_colour_pictures() -> None:
    pixels = np.array([[[-0.1], [0.0], [0.5], [1.0], [1.2]]])
    assert pictures.as_picture(pixels).tolist() == [[0, 0, 128, 255, 255]]
    assert pictures.as_picture(np.ones((2, 3, 3))).shape == (2, 3, 3)


def test_every_level_survives_the_way_to_pixels_and_back() -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = (levels.astype(np.float32) / np.float32(255))[..., None]
    np.testing.assert_array_equal(pictures.as_picture(pixels), levels)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
def test_a_data_address_holds_the_picture(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    kind, text = pictures.data_uri(picture).split(",")
    assert kind == "data:image/png;base64"
    read = np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))
    np.testing.assert_array_equal(read, picture)


def test_edited_shows_what_was_taken_away_and_what_was_added() -> None:
    original = np.array([[[1.0], [1.0], [0.0], [0.5]]], np.float32)
    pixels = np.array([[[1.0], [0.0], [1.0], [0.5]]], np.float32)
    kept, taken, added, grey = pictures.edited(original, pixels)[0].astype(int)
    assert kept.tolist() == [255] * 3
    assert set(grey.tolist()) == {128}
    assert taken[2] > taken[0]  # blue
    assert added[0] > added[2]  # red


def test_marked_pixels_are_orange_and_the_others_dim() -> None:
    shown = pictures.marked(np.ones((1, 2, 1), np.float32), np.array([[True, False]]))
    assert "#{:02x}{:02x}{:02x}".format(*shown[0, 0]) == colours.AFTER
    assert len(set(shown[0, 1].tolist())) == 1
    assert shown[0, 1, 0] < 128
