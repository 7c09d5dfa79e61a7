"""Reading a digit out of a picture: known drawings first, then photographs and strangers' files."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from PIL import Image

from cnn_core import datasets, inference
from cnn_core.errors import PictureError
from cnn_core.images import centre_digit, read_digit, read_picture
from support.photographs import photographs

if TYPE_CHECKING:
    import keras

TITLES = ("Original", "Grey", "Background removed", "Ink", "Cropped", "Centred 28×28")


def png(levels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(levels).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def seven(height: int = 300, width: int = 400, thickness: int = 14) -> np.ndarray:
    """A 7 of 80 x 160 pixels, ink 1, in the upper left part of the sheet."""
    sheet = np.zeros((height, width), np.uint8)
    corners = np.array([[60, 50], [140, 50], [90, 210]])
    return cv2.polylines(sheet, [corners], False, 1, thickness).astype(np.float32)


def middle_of(pixels: np.ndarray) -> np.ndarray:
    ink = pixels[..., 0]
    rows, columns = np.indices(ink.shape) + 0.5
    return np.array([(ink * rows).sum(), (ink * columns).sum()]) / ink.sum()


def extent(pixels: np.ndarray) -> tuple[int, int]:
    ink = pixels[..., 0] > 0.25
    return int(ink.any(axis=1).sum()), int(ink.any(axis=0).sum())


def test_bar_fills_the_box_and_lies_in_the_middle() -> None:
    ink = np.zeros((50, 90))
    ink[5:45, 70:80] = 1
    pixels = centre_digit(ink)
    assert pixels.shape == (28, 28, 1)
    assert pixels.dtype == np.float32
    # 40 x 10 becomes 20 x 5; the middle column is whole, the outer ones are covered by half.
    assert extent(pixels) == (20, 6)
    assert pixels.sum() == pytest.approx(100, abs=1)
    assert pixels[4:24, 12:16].min() == 1


def test_lopsided_shape_is_centred_by_its_mass() -> None:
    ink = np.zeros((40, 40, 1))
    ink[:, :10] = 1
    ink[:10] = 1
    pixels = centre_digit(ink)
    assert middle_of(pixels) == pytest.approx([14, 14], abs=0.1)
    assert extent(pixels) == (20, 20)


def test_grey_levels_are_kept() -> None:
    assert centre_digit(np.full((20, 20), 0.4))[14, 14, 0] == pytest.approx(0.4)


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_ink_out_of_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=r"Expected .*ink in \[0, 1\]. Received: ink with"):
        centre_digit(np.full((9, 9), value))


@pytest.mark.parametrize(("value", "level"), [(1.0000002, 1), (-1e-7, 0), (0.4, 0.4)])
def test_the_overshoot_of_a_resize_is_clipped(value: float, level: float) -> None:
    ink = np.ones((28, 28), np.float32)
    ink[12:16, 12:16] = value
    assert centre_digit(ink)[14, 14, 0] == pytest.approx(level)


@pytest.mark.parametrize(
    "data", ["photo.jpg", Path("photo.jpg"), np.zeros((28, 28)), Image.new("L", (28, 28)), None]
)
def test_what_is_no_bytes_is_called_so(data: Any) -> None:
    with pytest.raises(TypeError, match="Expected the bytes of a picture file"):
        read_digit(data)
    with pytest.raises(TypeError, match=f"Received: data of type {type(data).__name__}"):
        read_picture(data, (32, 32, 3))


def test_ink_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Received: ink.shape=\(9, 9, 3\)"):
        centre_digit(np.zeros((9, 9, 3)))


def test_no_ink_is_refused_in_words() -> None:
    with pytest.raises(PictureError, match="No digit was found"):
        centre_digit(np.zeros((9, 9)))


@pytest.mark.parametrize(("height", "width"), [(300, 400), (600, 220), (240, 900)])
def test_drawing_is_centred_with_its_aspect(height: int, width: int) -> None:
    pixels = read_digit(png(255 * (1 - seven(height, width)))).pixels
    assert middle_of(pixels) == pytest.approx([14, 14], abs=0.5)
    high, wide = extent(pixels)
    assert high in (19, 20, 21)
    assert wide / high == pytest.approx(94 / 174, abs=0.1)


@pytest.mark.parametrize("thickness", [3, 8, 20, 34])
def test_any_pen_gives_about_the_usual_amount_of_ink(thickness: int) -> None:
    pixels = read_digit(png(255 * (1 - seven(thickness=thickness)))).pixels
    # The 7 is some 28 cells long, and the training digits' strokes are 2 to 4 cells wide.
    assert 50 < pixels.sum() < 120
    assert pixels.max() > 0.9


def test_light_on_dark_reads_as_dark_on_light() -> None:
    dark, light = (read_digit(png(level)).pixels for level in (255 * (1 - seven()), 255 * seven()))
    assert np.abs(dark - light).max() < 0.1


def test_faint_ink_reads_as_strong_ink() -> None:
    strong, faint = (read_digit(png(220 - depth * seven())).pixels for depth in (210, 40))
    assert np.abs(strong - faint).max() < 0.2


@pytest.mark.parametrize("level", [0, 255])
def test_canvas_export_on_transparency(level: int) -> None:
    pixels = np.full((300, 400, 4), level)
    pixels[..., 3] = 255 * seven()
    expected = read_digit(png(255 * (1 - seven()))).pixels
    assert np.abs(read_digit(png(pixels)).pixels - expected).max() < 0.1


def test_uneven_light_and_a_shadow_change_little() -> None:
    light = np.linspace(0.45, 1, 400)[None] * np.where(np.arange(300) < 130, 1, 0.5)[:, None]
    plain, uneven = (
        read_digit(png(250 * light_here * (1 - 0.8 * seven()))).pixels
        for light_here in (np.ones((300, 400)), light)
    )
    assert np.abs(plain - uneven).mean() < 0.02


def test_lines_specks_and_edges_are_left_out() -> None:
    sheet = 1 - seven()
    sheet[::40] = np.minimum(sheet[::40], 0.75)
    sheet[20:23, 300:303] = 0
    sheet[:, -8:] = 0.1
    plain, dirty = (read_digit(png(255 * level)).pixels for level in (1 - seven(), sheet))
    assert np.abs(plain - dirty).mean() < 0.02


def test_loose_bar_belongs_to_the_digit() -> None:
    five = np.zeros((300, 300), np.uint8)
    cv2.polylines(five, [np.array([[110, 90], [110, 150], [170, 160], [170, 220]])], False, 1, 10)
    without = read_digit(png(255 * (1 - five)))
    cv2.line(five, (128, 80), (190, 80), 1, 10)
    whole = read_digit(png(255 * (1 - five)))
    assert whole.notes == without.notes == ()
    assert whole.pixels[4:9].sum() > 1.5 * without.pixels[4:9].sum()


def test_largest_of_several_is_read_and_said() -> None:
    sheet = seven(300, 500)
    small = cv2.resize(seven(), None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    sheet[-210:, -280:] = np.maximum(sheet[-210:, -280:], small)
    read = read_digit(png(255 * (1 - sheet)))
    assert read.notes == ("There is more than one thing in the picture; the largest was read.",)
    assert np.abs(read.pixels - read_digit(png(255 * (1 - seven()))).pixels).mean() < 0.02


def test_digit_that_touches_the_border_is_read() -> None:
    cut = seven()[45:, 50:150]
    whole, touching = (read_digit(png(255 * (1 - level))).pixels for level in (seven(), cut))
    assert np.abs(whole - touching).mean() < 0.05


def test_steps_are_small_pictures_in_order() -> None:
    steps = read_digit(png(255 * (1 - seven(900, 1200)))).steps
    assert tuple(step.title for step in steps) == TITLES
    for step in steps:
        assert step.picture.dtype == np.uint8
        assert step.picture.ndim == (3 if step.title == "Original" else 2)
        assert max(step.picture.shape) <= 320
        assert step.help.endswith(".")
    assert steps[-1].picture.shape == (28, 28)


def test_pixels_are_whole_levels() -> None:
    levels = read_digit(png(255 * (1 - seven()))).pixels * 255
    assert np.abs(levels - np.round(levels)).max() < 1e-4


def test_notes_of_the_decoder_are_passed_on() -> None:
    file, frame = io.BytesIO(), Image.fromarray((255 * (1 - seven())).astype(np.uint8))
    frame.save(file, "GIF", save_all=True, append_images=[Image.new("L", frame.size, 255)])
    assert "The picture is animated; the first frame was used." in read_digit(file.getvalue()).notes


@pytest.mark.parametrize(
    "levels",
    [
        np.zeros((100, 100)),
        np.full((28, 28), 255),
        np.full((400, 300), 200),
        np.tile(np.linspace(0, 255, 400), (300, 1)),
        np.random.default_rng(0).integers(0, 256, (300, 400)),
        np.random.default_rng(0).integers(0, 256, (28, 28)),
        np.random.default_rng(0).normal(220, 5, (300, 400)),
        np.where(np.random.default_rng(0).random((300, 400)) < 0.01, 0, 255),
        np.zeros((300, 400, 4)),
    ],
)
def test_picture_without_a_digit_is_refused_in_words(levels: np.ndarray) -> None:
    with pytest.raises(PictureError, match=r"No digit was found .* larger and darker"):
        read_digit(png(levels))


@pytest.mark.parametrize("size", [(4, 1000), (1000, 4), (4, 4), (5, 7)])
def test_odd_sizes_are_read_or_refused(size: tuple[int, int]) -> None:
    levels = np.full(size, 255)
    levels[size[0] // 3 : -1, size[1] // 3 : -1] = 0
    try:
        pixels = read_digit(png(levels)).pixels
    except PictureError:
        return
    assert pixels.shape == (28, 28, 1)
    assert pixels.any()


def test_training_digits_come_out_as_they_are(test_split: datasets.Split) -> None:
    kept = 0
    for image in test_split.images[:50]:
        read = read_digit(png(np.round(255 * image[..., 0])))
        kept += np.array_equal(read.pixels, image)
    assert kept >= 48


def test_training_digits_keep_their_class(study: keras.Model, test_split: datasets.Split) -> None:
    shown = test_split.images[:200]
    read = np.stack([read_digit(png(np.round(255 * image[..., 0]))).pixels for image in shown])
    before, after = (inference.predict(study, batch).classes for batch in (shown, read))
    assert (before == after).mean() >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("is_dark_on_light", [True, False])
def test_drawings_cut_close_to_the_digit_keep_their_class(
    study: keras.Model, test_split: datasets.Split, is_dark_on_light: bool
) -> None:
    pictures = []
    for image in test_split.images[:60, ..., 0]:
        rows, columns = (np.flatnonzero((image > 0.2).any(axis=axis)) for axis in (1, 0))
        cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        large = cv2.resize(cut, None, fx=9, fy=9, interpolation=cv2.INTER_CUBIC).clip(0, 1)
        pictures.append(png(255 * (1 - large if is_dark_on_light else large)))
    assert share_read(study, pictures, test_split.labels[:60]) > 0.9


def share_read(
    study: keras.Model, pictures: list[bytes], labels: Sequence[int] | np.ndarray
) -> float:
    """The share of pictures that are read rightly; one that is refused is not."""
    read = []
    for picture in pictures:
        try:
            read.append(read_digit(picture).pixels)
        except PictureError:
            read.append(np.zeros((28, 28, 1), np.float32))
    is_refused = [not pixels.any() for pixels in read]
    answers = inference.predict(study, np.stack(read)).classes
    return float(np.mean(np.where(is_refused, -1, answers) == labels))


@pytest.mark.slow
def test_photographs_are_read(study: keras.Model) -> None:
    photos = list(photographs(132, seed=11))
    assert share_read(study, [p.data for p in photos], [p.label for p in photos]) > 0.92


def test_mutated_photographs_give_a_digit_or_a_sentence() -> None:
    rng = np.random.default_rng(3)
    photos = [bytearray(photo.data) for photo in photographs(3, seed=5)]
    for number in range(60):
        data = photos[number % 3].copy()
        for place in rng.integers(0, len(data), 5):
            data[place] = rng.integers(0, 256)
        try:
            pixels = read_digit(bytes(data[: rng.integers(len(data) // 2, len(data) + 1)])).pixels
        except PictureError:
            continue
        assert np.isfinite(pixels).all()
        assert 0 <= pixels.min() < pixels.max() <= 1


def test_reading_does_not_import_tensorflow() -> None:
    script = "import sys, cnn_core.images; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


# --- Pictures that are no digits ---


def three_stripes(height: int = 90, width: int = 150) -> np.ndarray:
    """Red, green and blue from top to bottom in the middle square, the sides white."""
    picture = np.full((height, width, 3), 255)
    left = (width - height) // 2
    for stripe in range(3):
        rows = slice(stripe * height // 3, (stripe + 1) * height // 3)
        picture[rows, left : left + height] = 250 * np.eye(3)[stripe]
    return picture


def test_the_middle_square_of_a_picture_is_read_in_colour() -> None:
    read = read_picture(png(three_stripes()), (3, 3, 3))
    expected = np.repeat(np.eye(3)[:, None] * 250 / 255, 3, axis=1)
    np.testing.assert_allclose(read.pixels, expected, atol=1e-6)
    assert read.pixels.dtype == np.float32
    assert read.notes == ()


def test_a_tall_picture_is_cut_above_and_below() -> None:
    picture = three_stripes().swapaxes(0, 1)
    read = read_picture(png(picture), (6, 6, 3))
    np.testing.assert_allclose(read.pixels[:, 0, 0], np.full(6, 250 / 255), atol=1e-6)
    assert not read.pixels[:, 2:, 0].any()


def test_another_form_than_a_square_is_cut_to_that_form() -> None:
    picture = np.zeros((40, 100), np.uint8)
    picture[:20, 10:90], picture[20:, 10:90] = 200, 100
    read = read_picture(png(picture), (10, 20, 1))
    np.testing.assert_allclose(read.pixels[:5], np.full((5, 20, 1), 200 / 255), atol=1e-6)
    np.testing.assert_allclose(read.pixels[5:], np.full((5, 20, 1), 100 / 255), atol=1e-6)


def test_each_pixel_is_the_mean_of_its_area() -> None:
    levels = np.random.default_rng(1).integers(0, 256, (256, 256))
    read = read_picture(png(levels), (64, 64, 1))
    means = levels.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert read.pixels.shape == (64, 64, 1)
    assert np.abs(255 * read.pixels[..., 0] - means).max() <= 0.51
    whole = 255 * read.pixels
    assert np.abs(whole - np.round(whole)).max() < 1e-4


def test_colours_become_their_brightness_for_a_grey_network() -> None:
    read = read_picture(png(three_stripes()), (3, 3, 1))
    expected = np.array([0.299, 0.587, 0.114]) * 250 / 255
    np.testing.assert_allclose(read.pixels[:, 1, 0], expected, atol=0.005)


def test_a_picture_of_a_data_set_comes_out_as_it_is() -> None:
    for shape in ((32, 32, 3), (64, 64, 1)):
        levels = np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)
        read = read_picture(png(levels if shape[2] == 3 else levels[..., 0]), shape)
        np.testing.assert_array_equal(np.rint(read.pixels * 255), levels)
        assert read.notes == ()


def test_a_turned_photograph_is_read_upright() -> None:
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    turned = Image.fromarray(three_stripes().astype(np.uint8)).transpose(Image.Transpose.ROTATE_90)
    turned.save(file, "PNG", exif=exif)
    read = read_picture(file.getvalue(), (3, 3, 3))
    assert (read.pixels.argmax(axis=2) == np.arange(3)[:, None]).all()


def test_a_small_picture_is_enlarged_and_said_so() -> None:
    read = read_picture(png(np.arange(64).reshape(8, 8) * 4), (32, 32, 3))
    assert read.pixels.shape == (32, 32, 3)
    assert read.notes == ("The picture is smaller than what the network takes and was enlarged.",)


@pytest.mark.parametrize(
    ("shape", "title"), [((32, 32, 3), "Middle"), ((64, 64, 1), "Middle in grey")]
)
def test_steps_of_a_picture_are_small_pictures_in_order(
    shape: tuple[int, int, int], title: str
) -> None:
    steps = read_picture(png(three_stripes(900, 1500)), shape).steps
    size = f"{shape[1]}×{shape[0]}"
    assert tuple(step.title for step in steps) == ("Original", title, f"Resized to {size}")
    for step in steps:
        assert step.picture.dtype == np.uint8
        assert max(step.picture.shape) <= 320
        assert step.help.endswith(".")
    assert steps[-1].picture.shape == (shape if shape[2] == 3 else shape[:2])


def test_a_plain_picture_is_refused_in_words() -> None:
    framed = np.zeros((60, 100, 3))
    framed[:, 20:80] = 90
    with pytest.raises(PictureError, match="one plain colour; choose one that shows something"):
        read_picture(png(framed), (32, 32, 3))


def test_a_network_of_two_channels_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected 1 or 3 channels\. Received: image_shape="):
        read_picture(png(three_stripes()), (8, 8, 2))


@pytest.mark.parametrize("size", [(4, 1000), (1000, 4), (4, 4), (5, 7)])
@pytest.mark.parametrize("shape", [(32, 32, 3), (64, 64, 1)])
def test_odd_sizes_of_pictures_are_read(size: tuple[int, int], shape: tuple[int, int, int]) -> None:
    levels = np.random.default_rng(4).integers(0, 256, size)
    assert read_picture(png(levels), shape).pixels.shape == shape
