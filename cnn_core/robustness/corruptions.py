"""Changes that happen to pictures by themselves: a shaking hand, a thick pen, a bad camera.

Every function takes one image (height, width, channels) float32 in [0, 1] and a strength, and
gives a new image; what leaves [0, 1] is cut by perturb().
"""

from __future__ import annotations

import cv2
import numpy as np

from cnn_core.augmentation import affine_maps, warp

FILLS = {"grey": 0.5, "black": 0.0, "white": 1.0}
SIDEWAYS, UP_AND_DOWN = "sideways", "up and down"
UPRIGHT, LEVEL = "upright", "level"


def noise(image: np.ndarray, strength: float, *, seed: int) -> np.ndarray:
    """Grain: every pixel becomes brighter or darker at random.

    Normal noise with the strength as its standard deviation, 1 being the way from black to white.
    """
    grain = np.random.default_rng(seed).standard_normal(image.shape, np.float32)
    return image + np.float32(strength) * grain


def rotation(image: np.ndarray, strength: float) -> np.ndarray:
    """The picture turned about its middle, clockwise above 0.

    What comes in at the corners repeats the border, as it does in training.
    """
    return _moved(image, degrees=strength)


def shift(image: np.ndarray, strength: float, *, direction: str = SIDEWAYS) -> np.ndarray:
    """The picture moved, to the right or downwards above 0.

    What comes in at one side repeats the border, what goes out at the other is lost.
    """
    return _moved(image, shift=(strength, 0) if direction == SIDEWAYS else (0, strength))


def scale(image: np.ndarray, strength: float) -> np.ndarray:
    """The picture made larger about its middle, or below 0 smaller.

    The strength is by how much of its size it grows; what comes in repeats the border.
    """
    return _moved(image, zoom=1 + strength / 100)


def thickness(image: np.ndarray, strength: float) -> np.ndarray:
    """Strokes made thicker, or below 0 thinner, by so many pixels at each edge.

    Every pixel takes the brightest, or the darkest, value around it; a fraction of a pixel mixes
    the two whole numbers beside it. A stroke made thinner than it is wide is gone.
    """
    whole, rest = int(abs(strength)), np.float32(abs(strength) % 1)
    return (1 - rest) * _grown(image, whole, strength) + rest * _grown(image, whole + 1, strength)


def blur(image: np.ndarray, strength: float) -> np.ndarray:
    """The picture out of focus.

    Every pixel becomes the mean of those around it, with the weights of a bell curve whose
    standard deviation is the strength.
    """
    if strength == 0:
        return image.copy()
    return cv2.GaussianBlur(image, (0, 0), strength).reshape(image.shape)


def contrast(image: np.ndarray, strength: float) -> np.ndarray:
    """The differences from the picture's mean brightness made larger, or below 0 smaller.

    The strength is by how much of themselves they grow: at -100% the picture is one even tone. A
    picture that is even already stays as it is.
    """
    mean = image.mean(axis=(0, 1))
    return mean + np.float32(1 + strength / 100) * (image - mean)


def bar(
    image: np.ndarray,
    strength: float,
    *,
    orientation: str = UPRIGHT,
    position: int = 50,
    fill: str = "grey",
) -> np.ndarray:
    """A bar across the picture, as wide as the strength, that hides what is behind it.

    At position 0 its middle lies on the left or upper border, at 100 on the other one.
    """
    height, width = image.shape[:2]
    side = width if orientation == UPRIGHT else height
    middle, edges = side * position / 100, np.arange(side, dtype=np.float32)
    begin, end = middle - strength / 2, middle + strength / 2
    cover = np.clip(np.minimum(edges + 1, end) - np.maximum(edges, begin), 0, 1)
    cover = cover[None, :, None] if orientation == UPRIGHT else cover[:, None, None]
    return image * (1 - cover) + np.float32(FILLS[fill]) * cover


def _moved(
    image: np.ndarray,
    *,
    degrees: float = 0.0,
    zoom: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> np.ndarray:
    (affine_map,) = affine_maps(
        (image.shape[0], image.shape[1]),
        angle=np.radians([degrees]),
        shear=np.zeros(1),
        zoom=np.full((1, 2), zoom),
        shift=np.array([shift]),
    )
    return warp(image, affine_map)


def _grown(image: np.ndarray, pixels: int, sign: float) -> np.ndarray:
    """Return the brightest value within a disc; the darkest with a sign below 0."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    change = cv2.erode if sign < 0 else cv2.dilate
    return np.asarray(change(image, disc)).reshape(image.shape)
