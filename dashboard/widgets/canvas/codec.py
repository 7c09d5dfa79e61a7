"""A picture as text, short where much of it is empty: zero runs, then base64url.

The browser's side in canvas.js writes and reads the same text.
"""

from __future__ import annotations

import base64
import binascii
import math

import numpy as np

_LONGEST_RUN = 255


def to_text(pixels: np.ndarray) -> str:
    """Write a picture as URL-safe text, short when much of it is empty.

    A byte 0 is followed by the number of zeros it stands for (1 to 255); any other byte stands for
    itself. The bytes are then written as base64url without padding.

    Args:
        pixels: (height, width) or (height, width, 3) uint8; of digits 0 is empty, 255 full ink.

    Returns:
        Characters of A-Z, a-z, 0-9, "-" and "_", at most 2 for each level; 1568 for a digit. One
        picture has one text.

    Raises:
        ValueError: pixels have another shape or type.
    """
    pixels = np.asarray(pixels)
    is_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    if not is_picture or pixels.dtype != np.uint8:
        raise ValueError(
            "Expected pixels of shape (height, width) or (height, width, 3) and type uint8. "
            f"Received: pixels.shape={pixels.shape}, pixels.dtype={pixels.dtype}"
        )
    packed = base64.urlsafe_b64encode(_pack(pixels.tobytes()))
    return packed.rstrip(b"=").decode("ascii")


def from_text(text: str, shape: tuple[int, ...] = (28, 28)) -> np.ndarray:
    """Read a picture written by `to_text`; the text may come from anybody.

    Args:
        text: Text as `to_text` writes it.
        shape: Shape of the picture, that of a digit by default.

    Returns:
        shape, uint8.

    Raises:
        ValueError: text is not exactly what `to_text` writes for some picture of this shape.
    """
    if not isinstance(text, str) or len(text) > _longest_text(math.prod(shape)):
        raise ValueError(f"Expected text of a picture. Received: {str(text)[:60]!r}")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        pixels = np.frombuffer(_unpack(packed), np.uint8).reshape(shape).copy()
        is_written_so = to_text(pixels) == text
    except (binascii.Error, ValueError, IndexError):
        is_written_so = False
    if not is_written_so:
        raise ValueError(f"Expected text of a picture. Received: {text[:60]!r}")
    return pixels


def _longest_text(size: int) -> int:
    # Every second level 0 is the worst case: a lone zero takes two bytes.
    return math.ceil((size + math.ceil(size / 2)) * 4 / 3)


def _pack(raw: bytes) -> bytes:
    packed = bytearray()
    zeros = 0
    for level in raw:
        if zeros and (level or zeros == _LONGEST_RUN):
            packed += bytes((0, zeros))
            zeros = 0
        if level:
            packed.append(level)
        else:
            zeros += 1
    return bytes(packed + bytes((0, zeros))) if zeros else bytes(packed)


def _unpack(packed: bytes) -> bytes:
    raw = bytearray()
    levels = iter(packed)
    for level in levels:
        raw += bytes((level,)) if level else bytes(next(levels, 0))
    return bytes(raw)
