"""Random changes to training images, so that a network learns what does not matter.

affine_maps() and warp() turn, shift and zoom without chance; cnn_core.robustness uses them too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes to training images; every field is the end of a symmetric range.

    Attributes:
        rotation: degrees.
        shift: Share of the side, along rows and columns.
        zoom: Share of the size, along rows and columns apart.
        shear: Degrees that upright lines are slanted by.
        thickness: Share of the images whose strokes are made one pixel thicker or thinner.
        softness: Share of the images that are blurred, or dimmed and given grain, as photographs.
        flips: True if half of the images are mirrored left to right.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    thickness: float = 0.0
    softness: float = 0.0
    flips: bool = False


def augment(images: np.ndarray, how: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Change every image at random; what comes in from outside repeats the nearest border pixel.

    Args:
        images: (n, height, width, channels) float32 in [0, 1].
        how: Ranges of the changes.
        random: Generator of the numbers.

    Returns:
        A new array of the same shape, float32 in [0, 1].

    Example:
        >>> images = np.zeros((2, 28, 28, 1), np.float32)
        >>> augment(images, Augmentation(rotation=10), np.random.default_rng(0)).shape
        (2, 28, 28, 1)
    """
    maps = _affine_maps(len(images), images.shape[1:3], how, random)
    is_changed = random.random((2, len(images)))
    result = np.empty_like(images)
    for i, image in enumerate(images):
        picture = image
        if is_changed[0, i] < how.thickness:
            picture = _change_thickness(picture, random)
        picture = warp(picture, maps[i])
        if is_changed[1, i] < how.softness:
            picture = _soften(picture, random)
        result[i] = picture.reshape(image.shape)
    return np.clip(result, 0, 1, out=result)


def affine_maps(
    size: tuple[int, int],
    *,
    angle: np.ndarray,
    shear: np.ndarray,
    zoom: np.ndarray,
    shift: np.ndarray,
) -> np.ndarray:
    """Return the affine maps that zoom, slant, turn and move pictures.

    Args:
        size: Height and width of a picture; its middle stays where it is but for the shift.
        angle: (n,) radians, clockwise above 0.
        shear: (n,) radians that upright lines are slanted by.
        zoom: (n, 2) factors along x and y; below 0 mirrored.
        shift: (n, 2) pixels along x and y.

    Returns:
        (n, 2, 3) float32, for warp().
    """
    height, width = size
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], axis=1)
    slant = np.stack(
        [np.ones(len(shear)), -np.tan(shear), np.zeros(len(shear)), np.ones(len(shear))], axis=1
    )
    linear = turn.reshape(-1, 2, 2) @ slant.reshape(-1, 2, 2) * zoom[:, None]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = middle + shift - linear @ middle
    return np.concatenate([linear, offset[:, :, None]], axis=2).astype(np.float32)


def warp(image: np.ndarray, affine_map: np.ndarray) -> np.ndarray:
    """Move the pixels of one picture; what comes in from outside repeats the border.

    Args:
        image: (height, width, channels) float32.
        affine_map: (2, 3), of affine_maps().

    Returns:
        (height, width, channels) float32.
    """
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(
        image, affine_map, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved.reshape(image.shape))


def _affine_maps(
    count: int, size: tuple[int, int], how: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """(count, 2, 3) float32: where each image's pixels go, about its middle."""
    angle, shear = (
        np.radians(random.uniform(-limit, limit, count)) for limit in (how.rotation, how.shear)
    )
    zoom = random.uniform(1 - how.zoom, 1 + how.zoom, (count, 2))
    if how.flips:
        zoom[:, 0] *= random.choice((-1, 1), count)
    height, width = size
    shift = random.uniform(-how.shift, how.shift, (count, 2)) * (width, height)
    return affine_maps(size, angle=angle, shear=shear, zoom=zoom, shift=shift)


def _change_thickness(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    kernel = np.ones(((2, 2), (2, 3), (3, 2), (3, 3))[random.integers(4)], np.uint8)
    change = cv2.dilate if random.random() < 0.6 else cv2.erode
    changed = change(image, kernel).reshape(image.shape)
    # A thin stroke must not vanish: mixing with the image keeps a trace of it.
    share = random.uniform(0.4, 1.0 if change is cv2.dilate else 0.7)
    return np.asarray(share * changed + (1 - share) * image, np.float32)


def _soften(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    softened = cv2.GaussianBlur(image, (0, 0), random.uniform(0.3, 1.0))
    softened = np.clip(softened * random.uniform(0.8, 1.6), 0, 1)
    noise = random.normal(0, random.uniform(0, 0.06), softened.shape).astype(np.float32)
    # Grain only where there is ink: what reads pictures leaves the paper at 0.
    return np.asarray(softened + noise * (softened > 0.05), np.float32)
