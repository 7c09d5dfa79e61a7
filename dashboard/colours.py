"""The colour scales used everywhere, and arrays -> coloured pictures.

Both scales are safe for colour blindness: SEQUENTIAL (Magma: black, through violet and orange,
to pale yellow) for values that are never below 0, DIVERGING (blue, white, red) for signed ones,
always symmetric about 0. (Magma begins at #000004, but Streamlit's chart theme takes that very
colour for a place holder of its own.)
"""

from __future__ import annotations

import base64

import cv2
import numpy as np

from cnn_core.datasets import Background

SEQUENTIAL = (
    "#000000", "#180f3d", "#440f76", "#721f81", "#9e2f7f",
    "#cd4071", "#f1605d", "#fd9668", "#feca8d", "#fcfdbf",
)  # fmt: skip
DIVERGING = (
    "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0",
    "#f7f7f7",
    "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f",
)  # fmt: skip
# Classes side by side, as dots. Ten colours cannot all be told apart without colour vision, so
# whoever uses them names each class in another way as well.
CLASSES = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee",
    "#aa3377", "#8a8f94", "#ee7733", "#009988", "#a0724a",
)  # fmt: skip
BEFORE, AFTER = "#8a97a3", "#e08214"


def scale(is_signed: bool) -> tuple[str, ...]:
    """The colours for signed or for unsigned values, from low to high."""
    return DIVERGING if is_signed else SEQUENTIAL


def ramp(is_signed: bool, steps: int = 256) -> np.ndarray:
    """The scale as (steps, 3) uint8 colours from low to high."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in scale(is_signed)])
    at = np.linspace(0, len(stops) - 1, steps)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def limit_of(values: np.ndarray) -> float:
    """The largest magnitude, or 1 if all values are 0: the end of a colour scale."""
    return float(np.abs(values).max(initial=0)) or 1.0


def colourise(values: np.ndarray, *, is_signed: bool, limit: float | None = None) -> np.ndarray:
    """Give each value its colour.

    Args:
        values: any shape, any range.
        is_signed: use the diverging scale from -limit to limit; else the sequential from 0.
        limit: the value at the end of the scale; the largest magnitude if None.

    Returns:
        values.shape + (3,) uint8.
    """
    share = values / (limit or limit_of(values))
    if is_signed:
        share = (share + 1) / 2
    return ramp(is_signed)[np.clip(np.round(share * 255), 0, 255).astype(int)]


def with_digit(
    coloured: np.ndarray,
    pixels: np.ndarray,
    *,
    background: Background,
    is_signed: bool,
    strength: float = 0.4,
) -> np.ndarray:
    """Let the digit's ink, or a photograph, show through a coloured map.

    Ink darkens the diverging scale, whose zero is white, and lightens the sequential one, whose
    zero is black; where there is no ink the colours stay as they are. Of a photograph, what is
    dark darkens the one, and what is bright lightens the other.

    Args:
        coloured: (height, width, 3) uint8.
        pixels: (height, width, channels) in [0, 1].
        background: of the pixels.
        is_signed: which scale the map is coloured with.
        strength: of the ink, in [0, 1].

    Returns:
        (height, width, 3) uint8.
    """
    brightness = pixels.mean(axis=-1, keepdims=True)
    ink = strength * (1 - brightness if is_signed and background == "photo" else brightness)
    mixed = coloured * (1 - ink) if is_signed else coloured + (255 - coloured.astype(float)) * ink
    return np.round(mixed).astype(np.uint8)


def below(pixels: np.ndarray, *, background: Background, is_signed: bool) -> np.ndarray:
    """The picture to lie below a half-transparent map, (height, width, 3) uint8.

    Grey, or its colours would mix with the map's. Below the diverging scale, whose zero is white,
    ink is dark on white and a photograph pale; below the sequential one both stay as they are.

    Args:
        pixels: (height, width, channels) in [0, 1].
        background: of the pixels.
        is_signed: which scale the map is coloured with.
    """
    brightness = pixels.mean(axis=-1, keepdims=True)
    if is_signed:
        brightness = 1 - brightness if background == "paper" else 0.25 + 0.75 * brightness
    return as_picture(np.repeat(brightness, 3, axis=-1))


def edited(original: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """An edited picture that shows what was taken away in blue and what was added in red.

    Args:
        original: (height, width, channels) in [0, 1], ink on empty ground.
        pixels: the same, with the edit.

    Returns:
        (height, width, 3) uint8.
    """
    change = (pixels - original).mean(axis=-1, keepdims=True)
    ends = ramp(is_signed=True, steps=11)[[2, 8]]  # neither so dark that it is lost on black
    colour = np.where(change < 0, ends[0], ends[1])
    shown = np.repeat(255 * pixels.mean(axis=-1, keepdims=True), 3, axis=-1)
    share = np.abs(change)
    return np.round(shown * (1 - share) + colour * share).astype(np.uint8)


def marked(pixels: np.ndarray, is_marked: np.ndarray) -> np.ndarray:
    """A picture dimmed but for some of its pixels, which are orange.

    Args:
        pixels: (height, width, channels) in [0, 1].
        is_marked: (height, width) bool.

    Returns:
        (height, width, 3) uint8.
    """
    dimmed = np.repeat(0.45 * 255 * pixels.mean(axis=-1, keepdims=True), 3, axis=-1)
    orange = [int(AFTER[i : i + 2], 16) for i in (1, 3, 5)]
    return np.round(np.where(is_marked[..., None], orange, dimmed)).astype(np.uint8)


def as_picture(pixels: np.ndarray) -> np.ndarray:
    """An image (height, width, channels) in [0, 1] as a uint8 picture to show, grey or RGB."""
    picture = np.clip(np.round(pixels * 255), 0, 255).astype(np.uint8)
    return picture[..., 0] if picture.shape[-1] == 1 else picture


def data_uri(picture: np.ndarray) -> str:
    """A uint8 picture, (height, width) or (height, width, 3) RGB, as the address of a PNG."""
    blue_green_red = picture if picture.ndim == 2 else picture[..., ::-1]
    png = cv2.imencode(".png", np.ascontiguousarray(blue_green_red))[1]
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
