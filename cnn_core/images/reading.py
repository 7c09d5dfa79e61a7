"""Any picture -> what a network takes, with every step kept for display.

The networks learnt MNIST: white ink on black, the digit in a box of 20 x 20 with its aspect kept,
its centre of mass in the middle of 28 x 28, strokes about a seventh of its height thick. A reader
has to bring a photograph to the same form, or the network is asked about pictures it never saw.
Networks that learnt photographs take the middle of a picture as it is, only smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from cnn_core.errors import PictureError
from cnn_core.images.decoding import decode
from cnn_core.images.segmentation import Segmentation, find_digit, no_digit_found
from cnn_core.pixels import checked_pixels

SIZE = 28
BOX = 20
_WORKING_SIDE = 480
_DISPLAY_SIDE = 320
_FINE = 10  # fine cells to one cell of the 28 x 28 grid
_STROKE = 2.4 * _FINE  # MNIST's usual stroke width, in fine cells
_WIDEST_STROKE = 4.0 * _FINE
_EVEN = 0.01  # the paper of a drawing or a screenshot differs from itself by less
_NO_INK, _FULL_INK = 0.2, 0.55  # contrast, as a share of the digit's own

_UPRIGHT = "The picture as it came, turned upright."
_PLAIN = "The middle of the picture is of one plain colour; choose one that shows something."
_KEPT = "The picture has the form of the training digits and was kept as it is."
_ENLARGED = "The picture is smaller than what the network takes and was enlarged."
_SEVERAL = "There is more than one thing in the picture; the largest was read."
_WORDS = (
    ("Original", _UPRIGHT),
    ("Grey", "Only the brightness counts; colour is left out."),
    (
        "Background removed",
        "What differs from the paper around it is bright; light and shadow are gone.",
    ),
    ("Ink", "Only the strokes of the digit; lines of the paper, specks and edges are left out."),
    ("Cropped", "The digit alone, cut to its size."),
    (
        "Centred 28×28",
        "Drawn into 20 × 20 cells with the training digits' stroke width, the centre of mass in "
        "the middle of 28 × 28: what the network sees.",
    ),
)


@dataclass(frozen=True)
class Step:
    """One step of the reading, for display.

    Attributes:
        title: Title of the picture, in two or three words.
        picture: uint8, (height, width) or (height, width, 3).
        help: One plain sentence on what was done and why.
    """

    title: str
    picture: np.ndarray
    help: str


@dataclass(frozen=True)
class ReadPicture:
    """A picture as a network takes it, and how it was made from the file.

    Attributes:
        pixels: (height, width, channels) float32 in [0, 1], whole multiples of 1/255; of a digit
            (28, 28, 1), 1 is ink.
        steps: Steps from the original picture to the pixels, in order.
        notes: Plain sentences on what a user should know about the reading.
    """

    pixels: np.ndarray
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def read_digit(data: bytes) -> ReadPicture:
    """Find the digit in a picture and bring it to the form of the training digits.

    Args:
        data: A picture file: a photograph, a scan, a drawing or a 28 x 28 digit.

    Returns:
        The digit, every step of the reading and notes on it.

    Raises:
        PictureError: The file is no readable picture, or no digit is found in it.

    Example:
        >>> page = np.full((90, 90), 255, np.uint8)
        >>> page[20:70, 42:48] = 0
        >>> found = read_digit(cv2.imencode(".png", page)[1].tobytes())
        >>> found.pixels.shape, [step.title for step in found.steps][-1]
        ((28, 28, 1), 'Centred 28×28')
    """
    decoded = decode(data)
    notes = decoded.notes
    if _is_training_digit(decoded.grey):
        grey = contrast = ink = decoded.grey
        pixels = _in_levels(grey)
        notes += (_KEPT,)
    else:
        grey = _with_margin(_resized(decoded.grey, _WORKING_SIDE))
        found = find_digit(grey)
        contrast, ink = found.contrast, _ink_of(found)
        pixels = centre_digit(_with_usual_stroke(_cropped(ink)))
        notes += (_SEVERAL,) if found.is_one_of_several else ()
    pictures = (decoded.preview, grey, contrast, ink, _cropped(ink), pixels[..., 0])
    steps = (
        Step(title, _shown(picture), text)
        for (title, text), picture in zip(_WORDS, pictures, strict=True)
    )
    return ReadPicture(pixels, tuple(steps), notes)


def read_picture(data: bytes, image_shape: tuple[int, int, int]) -> ReadPicture:
    """Cut the middle out of a picture and shrink it to what a network takes.

    Each pixel is the mean of the area it stands for; a picture smaller than that is enlarged.

    Args:
        data: A picture file.
        image_shape: (height, width, channels) that the network takes, 1 channel for grey or 3.

    Returns:
        The picture, every step of the reading and notes on it.

    Raises:
        ValueError: image_shape has another number of channels.
        PictureError: The file is no readable picture, or its middle is of one plain colour.

    Example:
        >>> page = np.arange(90 * 90, dtype=np.uint8).reshape(90, 90)
        >>> read_picture(cv2.imencode(".png", page)[1].tobytes(), (32, 32, 3)).pixels.shape
        (32, 32, 3)
    """
    height, width, channels = image_shape
    if channels not in (1, 3):
        raise ValueError(f"Expected 1 or 3 channels. Received: image_shape={image_shape}")
    decoded = decode(data)
    whole = decoded.grey if channels == 1 else decoded.colour / np.float32(255)
    middle = _middle(whole, height / width)
    if np.ptp(middle, axis=(0, 1)).max() < _EVEN:
        raise PictureError(_PLAIN)
    levels = _levels(_fitted(middle, width, height))
    steps = (
        Step("Original", decoded.preview, _UPRIGHT),
        Step(
            "Middle" if channels == 3 else "Middle in grey",
            _shown(middle),
            "The largest part around the middle that has the form the network takes.",
        ),
        Step(
            f"Resized to {width}×{height}",
            levels,
            "Each pixel is the mean of its area: what the network sees.",
        ),
    )
    notes = decoded.notes + ((_ENLARGED,) if len(middle) < height else ())
    return ReadPicture(levels.reshape(image_shape) / np.float32(255), steps, notes)


def centre_digit(ink: np.ndarray) -> np.ndarray:
    """Fit a digit into MNIST's form: 20 x 20 with its aspect kept, centre of mass in the middle.

    Args:
        ink: (height, width) or (height, width, 1) in [0, 1], 1 is ink.

    Returns:
        (28, 28, 1) float32 in [0, 1], whole multiples of 1/255.

    Raises:
        ValueError: ink has another shape, or a value outside [0, 1].
        PictureError: There is no ink.

    Example:
        >>> bar = np.zeros((60, 60))
        >>> bar[5:50, 5:10] = 1
        >>> digit = centre_digit(bar)
        >>> digit.shape, np.flatnonzero(digit.any(axis=(1, 2)))[[0, -1]].tolist()
        ((28, 28, 1), [4, 23])
    """
    ink = checked_pixels(ink, "ink")
    ink = ink[..., 0] if ink.ndim == 3 and ink.shape[2] == 1 else ink
    if ink.ndim != 2:
        raise ValueError(f"Expected ink of shape (height, width). Received: ink.shape={ink.shape}")
    if not ink.any():
        raise no_digit_found()
    fine = _resized(_cropped(ink), BOX * _FINE)
    height, width = fine.shape
    y, x = _centre_of_mass(fine)
    canvas = np.zeros((SIZE * _FINE, SIZE * _FINE), np.float32)
    middle = SIZE * _FINE / 2
    top = int(np.clip(round(middle - y), 0, len(canvas) - height))
    left = int(np.clip(round(middle - x), 0, len(canvas) - width))
    canvas[top : top + height, left : left + width] = fine
    cells = canvas.reshape(SIZE, _FINE, SIZE, _FINE).mean(axis=(1, 3))
    return _in_levels(cells)


def _with_margin(grey: np.ndarray) -> np.ndarray:
    """Put a margin of its own paper around a picture whose border is evenly plain.

    A drawing or a screenshot may be cut close to the digit, which then looks like an edge of the
    picture. Around a photograph, which is never so even, a margin would draw a frame.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    level = float(np.median(border[_is_commonest(border)]))
    if (np.abs(border - level) < _EVEN).mean() < 0.5:
        return grey
    return np.pad(grey, max(grey.shape) // 6, constant_values=level)


def _is_commonest(values: np.ndarray) -> np.ndarray:
    """Return True for the values in the fullest sixteenth of [0, 1]."""
    sixteenths = np.minimum((values * 16).astype(int), 15)
    return sixteenths == np.bincount(sixteenths).argmax()


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
    """Measure the usual width of the strokes of a shape, in its pixels."""
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    ridge = (distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > 0)
    return 2 * float(np.median(distance[ridge])) if ridge.any() else 0.0


def _is_training_digit(grey: np.ndarray) -> bool:
    """Return True if a picture has MNIST's form: 28 x 28, white on a black rim, in the middle."""
    if grey.shape != (SIZE, SIZE) or grey.max() < 0.5:
        return False
    rim = np.ones_like(grey, bool)
    rim[2:-2, 2:-2] = False
    off_middle = np.subtract(_centre_of_mass(grey), SIZE / 2)
    return bool(grey[rim].mean() < 0.03 and np.abs(off_middle).max() < 1.5)


def _centre_of_mass(ink: np.ndarray) -> tuple[float, float]:
    total = float(ink.sum())
    rows, columns = (np.arange(n) + 0.5 for n in ink.shape)
    return float(ink.sum(axis=1) @ rows) / total, float(ink.sum(axis=0) @ columns) / total


def _cropped(ink: np.ndarray) -> np.ndarray:
    there = ink > 0.2 * ink.max()
    rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _resized(picture: np.ndarray, longest: int) -> np.ndarray:
    """Resize with the aspect kept until the longest side is as given."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    return _fitted(picture, max(1, round(width * scale)), max(1, round(height * scale)))


def _fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    is_smaller = width * height < picture.shape[0] * picture.shape[1]
    how = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.clip(cv2.resize(picture, (width, height), interpolation=how), 0, 1)


def _middle(picture: np.ndarray, aspect: float) -> np.ndarray:
    """Return the largest part around the middle whose height is `aspect` times its width."""
    height, width = picture.shape[:2]
    rows, columns = min(height, round(width * aspect)), min(width, round(height / aspect))
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def _levels(picture: np.ndarray) -> np.ndarray:
    return np.floor(255 * picture + 0.5).astype(np.uint8)


def _in_levels(picture: np.ndarray) -> np.ndarray:
    return (_levels(picture).astype(np.float32) / np.float32(255))[..., None]


def _shown(picture: np.ndarray) -> np.ndarray:
    if picture.dtype == np.uint8:
        return picture
    is_small = max(picture.shape) <= _DISPLAY_SIDE
    return _levels(picture if is_small else _resized(picture, _DISPLAY_SIDE))
