"""A stranger's bytes: every kind of picture comes out right, every kind of damage as a sentence."""

from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from cnn_core.errors import PictureError
from cnn_core.images import decoding
from cnn_core.images.decoding import decode

HEIGHT, WIDTH = 30, 20


def ink_mask() -> np.ndarray:
    """A bar in the upper left part of a picture higher than wide, so that turns can be seen."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[4:14, 3:6] = True
    return mask


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def dark_on_light() -> Image.Image:
    return Image.fromarray(np.where(ink_mask(), 0, 255).astype(np.uint8))


def assert_dark_on_light(data: bytes, tolerance: float = 0.05) -> None:
    grey = decode(data).grey
    assert grey.shape == (HEIGHT, WIDTH)
    assert grey.dtype == np.float32
    assert np.abs(grey - ~ink_mask()).max() <= tolerance


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_every_mode(mode: str) -> None:
    assert_dark_on_light(saved(dark_on_light().convert(mode)))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_lossless_formats(kind: str) -> None:
    assert_dark_on_light(saved(dark_on_light(), kind))


def test_webp() -> None:
    assert_dark_on_light(saved(dark_on_light(), "WebP", lossless=True))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_of_every_mode(mode: str) -> None:
    assert_dark_on_light(saved(dark_on_light().convert(mode), "JPEG", quality=100), 0.1)


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_tiff_of_printing_modes(mode: str) -> None:
    assert_dark_on_light(saved(dark_on_light().convert(mode), "TIFF"))


def test_colours_become_their_brightness() -> None:
    colours = np.zeros((8, 12, 3), np.uint8)
    colours[:, :4, 0] = colours[:, 4:8, 1] = colours[:, 8:, 2] = 255
    decoded = decode(saved(Image.fromarray(colours)))
    assert decoded.grey[0, [0, 5, 9]] == pytest.approx([0.299, 0.587, 0.114], abs=0.005)
    assert np.array_equal(decoded.preview, colours)


@pytest.mark.parametrize("level", [0, 255])
def test_ink_on_transparency_stands_out(level: int) -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), level, np.uint8)
    pixels[..., 3] = np.where(ink_mask(), 255, 0)
    grey = decode(saved(Image.fromarray(pixels))).grey
    assert np.array_equal(grey, np.where(ink_mask(), level, 255 - level) / np.float32(255))


@pytest.mark.parametrize("level", [0, 255])
def test_ink_on_a_transparent_palette_stands_out(level: int) -> None:
    image = Image.fromarray(ink_mask().astype(np.uint8), "L").convert("P")
    image.putpalette([99, 99, 99, level, level, level])
    grey = decode(saved(image, transparency=0)).grey
    assert np.array_equal(grey, np.where(ink_mask(), level, 255 - level) / np.float32(255))


def test_ink_on_a_transparent_level_stands_out() -> None:
    image = Image.fromarray(np.where(ink_mask(), 250, 10).astype(np.uint8))
    grey = decode(saved(image, transparency=10)).grey
    assert grey[ink_mask()] == pytest.approx(250 / 255)
    assert not grey[~ink_mask()].any()


def test_transparent_corners_take_the_colour_of_the_paper() -> None:
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[ink_mask()] = (0, 0, 0, 255)
    pixels[-3:, -3:] = 0
    assert_dark_on_light(saved(Image.fromarray(pixels)))


def test_half_transparent_ink_is_mixed() -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    pixels[..., 3] = np.where(ink_mask(), 128, 0)
    grey = decode(saved(Image.fromarray(pixels))).grey
    assert grey[ink_mask()] == pytest.approx(127 / 255, abs=0.01)
    assert (grey[~ink_mask()] == 1).all()


@pytest.mark.parametrize(("low", "high"), [(0, 65535), (0, 255), (1000, 1040), (65000, 65535)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_are_scaled_by_their_range(kind: str, low: int, high: int) -> None:
    values = np.where(ink_mask(), low, high).astype(np.uint16)
    assert_dark_on_light(saved(Image.fromarray(values), kind), 0.001)


def test_32_bits_are_scaled_by_their_range() -> None:
    values = np.where(ink_mask(), -70_000, 2_000_000).astype(np.int32)
    assert_dark_on_light(saved(Image.fromarray(values), "TIFF"), 0.001)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3e38, 3e38), (1e-7, 2e-7)])
def test_floats_are_scaled_by_their_finite_range(low: float, high: float) -> None:
    values = np.where(ink_mask(), low, high).astype(np.float32)
    values[20, 10], values[21, 10], values[5, 4] = np.nan, np.inf, -np.inf
    assert_dark_on_light(saved(Image.fromarray(values), "TIFF"), 0.001)


@pytest.mark.parametrize("value", [np.nan, 7.5])
def test_floats_without_a_range_are_blank(value: float) -> None:
    values = np.full((HEIGHT, WIDTH), value, np.float32)
    assert np.ptp(decode(saved(Image.fromarray(values), "TIFF")).grey) == 0


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (6, Image.Transpose.ROTATE_90),
        (8, Image.Transpose.ROTATE_270),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP", "TIFF"])
def test_turned_camera_is_set_upright(kind: str, orientation: int, turn: Image.Transpose) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(dark_on_light().convert("RGB").transpose(turn), kind, exif=exif, quality=100)
    assert_dark_on_light(data, 0.12)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WebP"])
def test_first_frame_of_an_animation(kind: str) -> None:
    blank = Image.new("L", (WIDTH, HEIGHT), 255)
    options = {"lossless": True} if kind == "WebP" else {}
    data = saved(dark_on_light(), kind, save_all=True, append_images=[blank], **options)
    assert_dark_on_light(data)
    assert decode(data).notes == ("The picture is animated; the first frame was used.",)


def test_first_page_of_a_file() -> None:
    blank = Image.new("L", (WIDTH, HEIGHT), 255)
    data = saved(dark_on_light(), "TIFF", save_all=True, append_images=[blank])
    assert_dark_on_light(data)
    assert decode(data).notes == ("The file holds several pages; the first one was used.",)


def test_still_picture_has_no_notes() -> None:
    assert decode(saved(dark_on_light())).notes == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_large_picture_is_shrunk_with_its_aspect(kind: str) -> None:
    decoded = decode(saved(dark_on_light().resize((2000, 3000)), kind))
    height, width = decoded.grey.shape
    assert 512 <= height <= 1024
    assert width / height == pytest.approx(2 / 3, abs=0.01)
    assert max(decoded.preview.shape) <= 320
    assert decoded.preview.dtype == np.uint8
    assert decoded.grey[int(0.3 * height), int(0.22 * width)] < 0.05


NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
JPEG = saved(Image.fromarray(NOISE), "JPEG")
PNG = saved(Image.fromarray(NOISE))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\0" * (decoding.MAX_BYTES + 1), "larger than 8 MB"),
        (b"hello, this is no picture <script>", "not a picture that can be read"),
        (b"\0" * 100, "not a picture that can be read"),
        (b"%PDF-1.7 and so on", "This kind of file is not supported"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This kind of file is not supported"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "This kind of file is not supported"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "This kind of file is not supported"),
        (saved(dark_on_light(), "PPM"), "not a picture that can be read"),
        (JPEG[: len(JPEG) // 2], "damaged or not complete"),
        (PNG[: len(PNG) // 2], "damaged or not complete"),
        (PNG[:20], "damaged or not complete"),
        (PNG[:200] + b"\xff" * 200 + PNG[400:], "damaged or not complete"),
        (saved(Image.new("1", (4001, 4000))), "more than 16 million pixels"),
        (saved(Image.new("1", (15_000, 15_000))), "more than 16 million pixels"),
        (saved(Image.new("L", (3, 50))), "less than 4 pixels"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence) as caught:
        decode(data)
    assert "script" not in str(caught.value)


def test_no_pixel_is_decoded_before_the_size_is_known() -> None:
    # A file that claims 60000 x 60000 pixels and holds none of them.
    claim = bytearray(saved(Image.new("1", (8, 8))))
    claim[16:24] = (60_000).to_bytes(4, "big") * 2
    with pytest.raises(PictureError):
        decode(bytes(claim))


def test_mutated_files_give_a_picture_or_a_sentence() -> None:
    rng = np.random.default_rng(1)
    picture = Image.fromarray(NOISE)
    whole = [
        saved(picture, "PNG"),
        saved(picture, "JPEG"),
        saved(picture, "WebP"),
        saved(picture, "BMP"),
        saved(picture.convert("P"), "GIF"),
        saved(picture, "TIFF", compression="tiff_lzw"),
    ]
    outcomes = {"picture": 0, "sentence": 0}
    for number in range(300):
        data = bytearray(whole[number % len(whole)])
        for place in rng.integers(0, len(data), rng.integers(1, 12)):
            data[place] = rng.integers(0, 256)
        if number % 3 == 0:
            data = data[: rng.integers(1, len(data))]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                grey = decode(bytes(data)).grey
            except PictureError:
                outcomes["sentence"] += 1
            else:
                outcomes["picture"] += 1
                assert np.isfinite(grey).all()
                assert 0 <= grey.min() <= grey.max() <= 1
    assert min(outcomes.values()) > 50
