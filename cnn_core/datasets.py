"""The data sets, and the only place that knows where their files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from cnn_core.errors import MissingFileError, UnknownNameError

SplitName = Literal["train", "test"]

_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Dataset:
    """What is known of a data set without reading it."""

    name: str
    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    split_sizes: dict[SplitName, int]
    file_name: str
    source: str
    licence: str

    @property
    def path(self) -> Path:
        """The file that holds the images and labels."""
        return _DATA / self.file_name


@dataclass(frozen=True)
class Split:
    """The images and labels of one split.

    Attributes:
        images: (n, height, width, channels) float32 in [0, 1]; 0 is background, 1 is ink.
        labels: (n,) int64, an index into the data set's class_names.
    """

    images: np.ndarray
    labels: np.ndarray


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="mnist",
            title="MNIST handwritten digits",
            image_shape=(28, 28, 1),
            class_names=tuple("0123456789"),
            split_sizes={"train": 60_000, "test": 10_000},
            file_name="mnist.npz",
            source="Yann LeCun, Corinna Cortes and Christopher J. C. Burges, The MNIST database "
            "of handwritten digits",
            licence="CC BY-SA 3.0",
        ),
    )
}


def get(name: str) -> Dataset:
    """Return the row of a data set.

    Raises:
        UnknownNameError: no data set has this name.
    """
    if name not in DATASETS:
        raise UnknownNameError(
            f"There is no data set {name!r}. Choose one of: {', '.join(DATASETS)}."
        )
    return DATASETS[name]


def load(name: str, *, split: SplitName) -> Split:
    """Load the images and labels of one split.

    Args:
        name: a key of DATASETS.
        split: "train" or "test".

    Returns:
        A Split; images are (n, height, width, channels) float32 in [0, 1].

    Raises:
        UnknownNameError: no data set has this name.
        ValueError: no such split.
        MissingFileError: the file is absent or damaged.
    """
    dataset = get(name)
    if split not in dataset.split_sizes:
        raise ValueError(f"Expected split to be 'train' or 'test'. Received: split={split!r}")
    try:
        with dataset.path.open("rb") as file, np.load(file) as arrays:
            pixels = arrays[f"x_{split}"].reshape(-1, *dataset.image_shape)
            labels = arrays[f"y_{split}"]
    except Exception as error:  # a damaged archive raises BadZipFile, zlib.error and many more
        raise MissingFileError(
            f"The data of {dataset.title} cannot be read from {dataset.file_name}; "
            "restore it with `git checkout cnn_core/data`."
        ) from error
    images = pixels.astype(np.float32) / np.float32(255)
    return Split(images, labels.astype(np.int64))
