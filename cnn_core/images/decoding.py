"""A stranger's bytes -> a checked picture, in colour and in grey.

Pillow alone decodes: on damaged files OpenCV's decoder was seen to take seconds and gigabytes.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from cnn_core.errors import PictureError

FORMATS = ("PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF")
MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 16_000_000
MIN_SIDE = 4
LONGEST_SIDE = 1024
PREVIEW_SIDE = 320

_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"RIFF")
_FOREIGN_SIGNATURES = (b"%PDF", b"%!PS", b"<svg", b"<?xml", b"8BPS", b"\0\0\0\x0cjP", b"\0\0\1\0")
_DEEP_MODES = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_ALPHA_MODES = ("RGBA", "RGBa", "LA", "La", "PA")

# Warning filters belong to the process, and one large picture at a time bounds the memory.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """A picture as arrays, upright, without transparency.

    Attributes:
        grey: (height, width) float32 in [0, 1], 0 is black, the longest side at most LONGEST_SIDE.
        colour: (height, width, 3) uint8, the same picture in red, green and blue.
        preview: (height, width, 3) uint8, for display, the longest side at most PREVIEW_SIDE.
        notes: Plain sentences on what was left out.
    """

    grey: np.ndarray
    colour: np.ndarray
    preview: np.ndarray
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Decoded:
    """Decode a picture file that may be damaged or hostile.

    PNG, JPEG, WebP, BMP, GIF and TIFF are read, of animations the first frame. Transparent places
    take the colour that sets the ink off. Pictures of more than 8 bits are scaled by their range.

    Args:
        data: The bytes of the file, at most MAX_BYTES, of at most MAX_PIXELS pixels.

    Returns:
        The picture, shrunk to LONGEST_SIDE where it is larger.

    Raises:
        PictureError: The picture is empty, damaged, too large, too small or of another kind.
        TypeError: data is not bytes.
    """
    if not isinstance(data, bytes | bytearray):
        raise TypeError(
            "Expected the bytes of a picture file, as Path.read_bytes() gives. "
            f"Received: data of type {type(data).__name__}"
        )
    if not data:
        raise PictureError("The file is empty; choose a picture.")
    if len(data) > MAX_BYTES:
        raise PictureError(
            f"The file is larger than {MAX_BYTES // 2**20} MB; save the picture smaller."
        )
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            return _decode(data)
        except PictureError:
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise _too_many_pixels() from error
        except UnidentifiedImageError as error:
            raise _unidentified(data) from error
        except Exception as error:  # Pillow raises more than a dozen kinds on damaged files
            raise _damaged() from error


def _decode(data: bytes) -> Decoded:
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise _too_many_pixels()
        if min(width, height) < MIN_SIDE:
            raise PictureError(
                f"The picture is less than {MIN_SIDE} pixels high or wide; choose a larger one."
            )
        notes = _notes(image)
        image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image)
    picture = _without_alpha(_shrink(_as_grey_or_rgba(upright)))
    grey = np.asarray(picture.convert("L"), np.float32) / np.float32(255)
    preview = picture.convert("RGB")
    colour = np.array(preview)
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return Decoded(grey, colour, np.array(preview), notes)


def _notes(image: Image.Image) -> tuple[str, ...]:
    if not getattr(image, "is_animated", False) or image.format == "MPO":
        return ()
    if image.format == "TIFF":
        return ("The file holds several pages; the first one was used.",)
    return ("The picture is animated; the first frame was used.",)


def _as_grey_or_rgba(image: Image.Image) -> Image.Image:
    if image.mode in _DEEP_MODES:
        return Image.fromarray(_scaled_by_range(np.asarray(image)))
    if image.mode in _ALPHA_MODES or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("RGB")


def _scaled_by_range(values: np.ndarray) -> np.ndarray:
    """Stretch the range of the finite values to 0..255; what is no number becomes their median."""
    values = values.astype(np.float64)
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.min() == finite.max():
        return np.zeros(values.shape, np.uint8)
    low, high = finite.min(), finite.max()
    filled = np.nan_to_num(values, nan=float(np.median(finite)), posinf=high, neginf=low)
    return np.round((filled - low) / (high - low) * 255).astype(np.uint8)


def _shrink(image: Image.Image) -> Image.Image:
    factor = -(-max(image.size) // LONGEST_SIDE)
    return image.reduce(factor) if factor > 1 else image


def _without_alpha(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    backdrop = Image.new("RGBA", image.size, _backdrop(image))
    return Image.alpha_composite(backdrop, image).convert("RGB")


def _backdrop(image: Image.Image) -> tuple[int, int, int, int]:
    """Choose the colour behind the transparent places of a picture.

    Where most is visible, the picture brings its own paper, which goes on behind; where most is
    transparent, what is visible is ink, and white or black sets it off.
    """
    alpha = np.asarray(image.getchannel("A"), np.float64)
    grey = np.asarray(image.convert("RGB").convert("L"), np.float64)
    visible = alpha > 0
    if not visible.any():
        return (255, 255, 255, 255)
    if visible.mean() > 0.5:
        level = int(np.median(grey[visible]))
    else:
        level = 255 if np.average(grey, weights=alpha) < 128 else 0
    return (level, level, level, 255)


def _unidentified(data: bytes) -> PictureError:
    start = data[:64].lstrip()
    if start.startswith(_SIGNATURES):
        return _damaged()
    if start.startswith(_FOREIGN_SIGNATURES) or data[4:8] == b"ftyp":
        return PictureError(
            f"This kind of file is not supported; save the picture as one of: {', '.join(FORMATS)}."
        )
    return PictureError(
        f"This is not a picture that can be read; choose one of: {', '.join(FORMATS)}."
    )


def _damaged() -> PictureError:
    return PictureError("The picture is damaged or not complete; save or upload it again.")


def _too_many_pixels() -> PictureError:
    return PictureError(
        f"The picture has more than {MAX_PIXELS // 10**6} million pixels; save it smaller."
    )
