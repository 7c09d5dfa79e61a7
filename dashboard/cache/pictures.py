"""Data sets, once for all visitors, read-only."""

from __future__ import annotations

import threading

import numpy as np

from cnn_core import datasets, folders
from cnn_core.attribution.integrated_gradients import NUM_REFERENCES
from cnn_core.datasets import Split
from cnn_core.errors import MissingFileError
from dashboard import tensorflow_loader
from dashboard.cache.single_flight import shared

_download_lock = threading.Lock()


class AbsentPicturesError(MissingFileError):
    """The pictures of a data set are not on this machine, and nobody asked for a download yet.

    Attributes:
        dataset: The name of the data set.
    """

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        row = datasets.get(dataset)
        super().__init__(
            f"The pictures of {row.title} are not on this machine: download them here, or put "
            f"{row.file_names[0]} into a folder and set CNN_LENS_DATA to it, or copy the file into "
            f"{folders.cache_folder()}."
        )


@shared(4, lambda dataset, name: (dataset, name))
def split(dataset: str, name: datasets.SplitName) -> Split:
    """Return one split of a data set, once for all visitors, read-only.

    Raises:
        AbsentPicturesError: The pictures are not on this machine; nothing is downloaded by itself.
        MissingFileError: Its file is damaged.
    """
    if datasets.get(dataset).download is not None and datasets.find(dataset) is None:
        raise AbsentPicturesError(dataset)
    loaded = datasets.load(dataset, split=name)
    loaded.images.flags.writeable = loaded.labels.flags.writeable = False
    return loaded


def download(dataset: str) -> None:
    """Download a data set into the user's cache, unless another visitor just did.

    Raises:
        MissingFileError: The data set cannot be downloaded.
    """
    tensorflow_loader.wait()  # Keras brings CIFAR-10
    with _download_lock:
        if datasets.find(dataset) is None:
            datasets.fetch(dataset)


@shared(4, lambda dataset: dataset)
def references(dataset: str) -> np.ndarray:
    """Return some training pictures of a data set, always the same, read-only.

    Raises:
        AbsentPicturesError: They are not on this machine; nothing is downloaded by itself.
    """
    if datasets.find(dataset) is None:
        raise AbsentPicturesError(dataset)
    drawn = datasets.sample(dataset, split="train", size=NUM_REFERENCES).images
    drawn.flags.writeable = False
    return drawn
