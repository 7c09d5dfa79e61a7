"""Arrays become uint8 pictures to show, and PNG addresses."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from cnn_core.datasets import Background
from dashboard.figures import colours


def over_image(
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
        background: Background of the pixels.
        is_signed: True for the diverging scale.
        strength: Strength of the ink, in [0, 1].

    Returns:
        (height, width, 3) uint8.
    """
    brightness = pixels.mean(axis=-1, keepdims=True)
    ink = strength * (1 - brightness if is_signed and background == "photo" else brightness)
    mixed = coloured * (1 - ink) if is_signed else coloured + (255 - coloured.astype(float)) * ink
    return np.round(mixed).astype(np.uint8)


def below(pixels: np.ndarray, *, background: Background, is_signed: bool) -> np.ndarray:
    """Return the picture to lie below a half-transparent map, (height, width, 3) uint8.

    Grey, or its colours would mix with the map's. Below the diverging scale, whose zero is white,
    ink is dark on white and a photograph pale; below the sequential one both stay as they are.

    Args:
        pixels: (height, width, channels) in [0, 1].
        background: Background of the pixels.
        is_signed: True for the diverging scale.
    """
    brightness = pixels.mean(axis=-1, keepdims=True)
    if is_signed:
        brightness = 1 - brightness if background == "paper" else 0.25 + 0.75 * brightness
    return as_picture(np.repeat(brightness, 3, axis=-1))


def edited(original: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Colour an edited picture: what was taken away in blue, what was added in red.

    Args:
        original: (height, width, channels) in [0, 1], ink on empty ground.
        pixels: The same, with the edit.

    Returns:
        (height, width, 3) uint8.
    """
    change = (pixels - original).mean(axis=-1, keepdims=True)
    ends = colours.ramp(is_signed=True, steps=11)[
        [2, 8]
    ]  # neither so dark that it is lost on black
    colour = np.where(change < 0, ends[0], ends[1])
    shown = np.repeat(255 * pixels.mean(axis=-1, keepdims=True), 3, axis=-1)
    share = np.abs(change)
    return np.round(shown * (1 - share) + colour * share).astype(np.uint8)


def marked(pixels: np.ndarray, is_marked: np.ndarray) -> np.ndarray:
    """Dim a picture except for some of its pixels, which become orange.

    Args:
        pixels: (height, width, channels) in [0, 1].
        is_marked: (height, width) bool.

    Returns:
        (height, width, 3) uint8.
    """
    dimmed = np.repeat(0.45 * 255 * pixels.mean(axis=-1, keepdims=True), 3, axis=-1)
    orange = [int(colours.AFTER[i : i + 2], 16) for i in (1, 3, 5)]
    return np.round(np.where(is_marked[..., None], orange, dimmed)).astype(np.uint8)


def as_picture(pixels: np.ndarray) -> np.ndarray:
    """Turn an image (height, width, channels) in [0, 1] into a uint8 picture, grey or RGB."""
    picture = np.clip(np.round(pixels * 255), 0, 255).astype(np.uint8)
    return picture[..., 0] if picture.shape[-1] == 1 else picture


def data_uri(picture: np.ndarray) -> str:
    """Encode a uint8 picture, (height, width) or (height, width, 3), as a PNG address."""
    blue_green_red = picture if picture.ndim == 2 else picture[..., ::-1]
    png = cv2.imencode(".png", np.ascontiguousarray(blue_green_red))[1]
    return "data:image/png;base64," + base64.b64encode(png.tobytes()).decode("ascii")
