"""Any picture of a digit -> what a network takes, with every step kept for display.

The networks learnt MNIST: white ink on black, the digit in a box of 20 x 20 with its aspect kept,
its centre of mass in the middle of 28 x 28, strokes about a seventh of its height thick. A reader
has to bring a photograph to the same form, or the network is asked about pictures it never saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cnn_core.decoding import decode
from cnn_core.errors import PictureError
from cnn_core.segmentation import Segmentation, find_digit
from cnn_core.strokes import draw, erase

__all__ = ["ReadDigit", "Step", "centre_digit", "draw", "erase", "read_digit"]

SIZE = 28
BOX = 20
_WORKING_SIDE = 480
_DISPLAY_SIDE = 320
_FINE = 10  # fine cells to one cell of the 28 x 28 grid
_STROKE = 2.4 * _FINE  # MNIST's usual stroke width, in fine cells
_WIDEST_STROKE = 4.0 * _FINE
_NO_INK, _FULL_INK = 0.2, 0.55  # contrast, as a share of the digit's own


@dataclass(frozen=True)
class Step:
    """One step of the reading, for display.

    Attributes:
        title: what the picture shows, in two or three words.
        picture: uint8, (height, width) or (height, width, 3).
        help: one plain sentence on what was done and why.
    """

    title: str
    picture: np.ndarray
    help: str


@dataclass(frozen=True)
class ReadDigit:
    """A digit as a network takes it, and how it was found in the picture.

    Attributes:
        pixels: (28, 28, 1) float32 in [0, 1], 1 is ink; whole multiples of 1/255.
        steps: from the original picture to the pixels, in order.
        notes: plain sentences on what a user should know about the reading.
    """

    pixels: np.ndarray
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def read_digit(data: bytes) -> ReadDigit:
    """Find the digit in a picture and bring it to the form of the training digits.

    Args:
        data: a picture file: a photograph, a scan, a drawing or a 28 x 28 digit.

    Returns:
        The digit, every step of the reading and notes on it.

    Raises:
        PictureError: the file is no readable picture, or no digit is found in it.
    """
    decoded = decode(data)
    notes = list(decoded.notes)
    grey = _resized(decoded.grey, _WORKING_SIDE)
    found = find_digit(grey)
    ink = _ink_of(found)
    if found.is_one_of_several:
        notes.append("There is more than one thing in the picture; the largest was read.")
    cropped = _cropped(ink)
    if _is_centred_digit(decoded.grey):
        pixels = _as_shown(decoded.grey)
        notes.append("The picture has the form of the training digits and was kept as it is.")
    else:
        pixels = centre_digit(_with_usual_stroke(cropped))
    steps = (
        Step("Original", decoded.preview, "The picture as it came, turned upright."),
        Step("Grey", _shown(grey), "Only the brightness counts; colour is left out."),
        Step(
            "Background removed",
            _shown(found.contrast),
            "What differs from the paper around it is bright; light and shadow are gone.",
        ),
        Step("Ink", _shown(ink), "Lines of the paper, specks and edges are taken out."),
        Step("Cropped", _shown(cropped), "The strokes of the digit alone, cut to their size."),
        Step(
            "Centred 28x28",
            _shown(pixels[..., 0]),
            "Drawn with the training digits' stroke width into 20 x 20 cells, the centre of "
            "mass in the middle of 28 x 28: what the network sees.",
        ),
    )
    return ReadDigit(pixels, steps, tuple(notes))


def centre_digit(ink: np.ndarray) -> np.ndarray:
    """Fit a digit into MNIST's form: 20 x 20 with its aspect kept, centre of mass in the middle.

    Args:
        ink: (height, width) or (height, width, 1) in [0, 1], 1 is ink.

    Returns:
        (28, 28, 1) float32 in [0, 1], whole multiples of 1/255.

    Raises:
        ValueError: ink has another shape, or a value outside [0, 1].
        PictureError: there is no ink.
    """
    ink = np.asarray(ink, np.float32)
    ink = ink[..., 0] if ink.ndim == 3 and ink.shape[2] == 1 else ink
    if ink.ndim != 2 or not ((ink >= 0) & (ink <= 1)).all():
        raise ValueError(
            "Expected ink of shape (height, width) with values in [0, 1]. "
            f"Received: ink.shape={ink.shape}"
        )
    if not ink.any():
        raise _no_digit()
    fine = _resized(_cropped(ink), BOX * _FINE)
    height, width = fine.shape
    y, x = (_centre_of_mass(fine)[axis] for axis in (0, 1))
    canvas = np.zeros((SIZE * _FINE, SIZE * _FINE), np.float32)
    middle = SIZE * _FINE / 2
    top = int(np.clip(round(middle - y), 0, len(canvas) - height))
    left = int(np.clip(round(middle - x), 0, len(canvas) - width))
    canvas[top : top + height, left : left + width] = fine
    cells = canvas.reshape(SIZE, _FINE, SIZE, _FINE).mean(axis=(1, 3))
    return _in_levels(cells)


def _ink_of(found: Segmentation) -> np.ndarray:
    near = cv2.dilate(found.mask.astype(np.uint8), np.ones((5, 5), np.uint8))
    ink = np.clip((found.contrast / found.full - _NO_INK) / (_FULL_INK - _NO_INK), 0, 1)
    return (ink * near).astype(np.float32)


def _with_usual_stroke(ink: np.ndarray) -> np.ndarray:
    """Thicken a thin stroke, thin a very thick one, to the width the networks learnt."""
    fine = np.pad(_resized(ink, BOX * _FINE), 2 * _FINE)
    fine = cv2.GaussianBlur(fine, (0, 0), 2)
    width = _stroke_width(fine > 0.5)
    change = (_STROKE - width) / 2 if width < _STROKE else min(0.0, (_WIDEST_STROKE - width) / 2)
    size = 2 * round(abs(change)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(fine, kernel) if change > 0 else cv2.erode(fine, kernel)


def _stroke_width(mask: np.ndarray) -> float:
    """The usual width of the strokes of a shape, in its pixels."""
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > 0)
    return 2 * float(np.median(distance[ridge])) if ridge.any() else 0.0


def _is_centred_digit(grey: np.ndarray) -> bool:
    """Whether a picture is a training digit already: 28 x 28, white on black, in the middle."""
    if grey.shape != (SIZE, SIZE) or grey.max() < 0.5:
        return False
    rim = np.concatenate([grey[:2].ravel(), grey[-2:].ravel(), grey[:, :2].ravel()])
    return float(rim.mean()) < 0.03 and max(abs(c - 14) for c in _centre_of_mass(grey)) < 1.5


def _as_shown(grey: np.ndarray) -> np.ndarray:
    return _in_levels(grey)


def _centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    total = float(ink.sum())
    rows, columns = (np.arange(n) + 0.5 for n in ink.shape)
    return float(ink.sum(axis=1) @ rows) / total, float(ink.sum(axis=0) @ columns) / total


def _cropped(ink: np.ndarray) -> np.ndarray:
    there = ink > 0.1 * ink.max()
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(picture: np.ndarray, longest: int) -> np.ndarray:
    """Resize with the aspect kept until the longest side is as given."""
    height, width = picture.shape
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.clip(cv2.resize(picture, size, interpolation=how), 0, 1)


def _levels(picture: np.ndarray) -> np.ndarray:
    return np.floor(255 * np.clip(picture, 0, 1) + 0.5).astype(np.uint8)


def _in_levels(picture: np.ndarray) -> np.ndarray:
    return (_levels(picture).astype(np.float32) / np.float32(255))[..., None]


def _shown(picture: np.ndarray) -> np.ndarray:
    shown = picture if max(picture.shape) <= _DISPLAY_SIDE else _resized(picture, _DISPLAY_SIDE)
    return _levels(shown)


def _no_digit() -> PictureError:
    return PictureError(
        "No digit was found in the picture; write it larger and darker, alone on plain paper."
    )
