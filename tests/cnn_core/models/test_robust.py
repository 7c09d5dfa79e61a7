"""The default network of the drawing page reads what a hand or a camera makes of a digit."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import keras
import numpy as np
import pytest

from cnn_core import datasets, images, inference, models
from cnn_core.errors import PictureError
from support.photographs import photographs

COUNT = 1000


def moved(image: np.ndarray, matrix: list[list[float]]) -> np.ndarray:
    """A digit after an affine map about its middle; blank paper comes in."""
    affine = np.array(matrix, np.float32)
    affine[:, 2] += 13.5 - affine[:, :2] @ (13.5, 13.5)
    return cv2.warpAffine(image, affine, (28, 28))


def turned(image: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(np.radians(15)), np.sin(np.radians(15))
    return moved(image, [[cosine, -sine, 0], [sine, cosine, 0]])


EDITS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "thick": lambda image: cv2.dilate(image, np.ones((3, 3), np.uint8)),
    "thin": lambda image: cv2.erode(image, np.ones((2, 2), np.uint8)),
    "slanted": lambda image: moved(image, [[1, -np.tan(np.radians(20)), 0], [0, 1, 0]]),
    "shifted": lambda image: moved(image, [[1, 0, 3], [0, 1, -3]]),
    "turned": turned,
    "small": lambda image: moved(image, [[0.8, 0, 0], [0, 0.8, 0]]),
}


@pytest.fixture(scope="module")
def robust() -> keras.Model:
    return models.load_pretrained("robust")


def accuracy(model: keras.Model, pictures: np.ndarray, labels: np.ndarray) -> float:
    return float((inference.predict(model, pictures).classes == labels).mean())


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_changed_digits_are_read_better_than_by_the_study_network(
    edit: str, robust: keras.Model, study: keras.Model, test_split: datasets.Split
) -> None:
    labels = test_split.labels[:COUNT]
    changed = np.stack([EDITS[edit](image[..., 0]) for image in test_split.images[:COUNT]])
    found = accuracy(robust, changed[..., None], labels)
    assert found >= 0.97
    assert found > accuracy(study, changed[..., None], labels)


def read(data: bytes) -> np.ndarray:
    """The digit of a photograph; blank where the reader refuses it, which no network gets right."""
    try:
        return images.read_digit(data).pixels
    except PictureError:
        return np.zeros((28, 28, 1), np.float32)


@pytest.mark.slow
def test_photographs_are_read_better_than_by_the_study_network(
    robust: keras.Model, study: keras.Model
) -> None:
    photos = list(photographs(264, seed=31))
    pixels = np.stack([read(photo.data) for photo in photos])
    labels = np.array(
        [photo.label if x.any() else -1 for photo, x in zip(photos, pixels, strict=True)]
    )
    found = accuracy(robust, pixels, labels)
    assert found >= 0.97
    assert found > accuracy(study, pixels, labels)
