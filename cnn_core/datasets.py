"""The data sets, and the only place that knows where their files are.

MNIST ships with the project. The others are looked for in the folder that the environment variable
CNN_LENS_DATA names, then in the user's cache, and are downloaded into that cache if they are in
neither.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import cv2
import numpy as np

from cnn_core import atomic_files, folders
from cnn_core.errors import MissingFileError, UnknownNameError

SplitName = Literal["train", "test"]
Background = Literal["paper", "photo"]
Arrays = dict[str, Any]

_SHIPPED = Path(__file__).parent / "data"
_SIGNS_ADDRESS = (
    "https://github.com/ardamavi/Sign-Language-Digits-Dataset/archive/refs/heads/master.zip"
)
# SHA-256 of the sorted names of the 2,062 photographs, "0/IMG_1118.JPG" and so on, a line each.
_SIGNS_NAMES = "23f4c932b7d58bccb357f9500d40362b6ffe4357cfac6f6c0813087dd4055cae"


@dataclass(frozen=True)
class Dataset:
    """Facts of a data set that need no reading.

    Attributes:
        noun: Word for one image, for sentences such as "test digit 7".
        image_shape: (height, width, channels).
        file_names: The files that may hold it, the first found is read.
        source: Who made it, and its publication.
        licence: Licence with the address of its text, as a page shows it.
        is_shipped: True if the data lies beside the code; else see the module's docstring.
        background: "paper" (0) below strokes (1), or "photo" for pictures that have no paper.
        note: Note on the files that the shipped networks learnt from.
        read: The arrays of a split from the open file.
        download: Fetches the data set and gives all its arrays, as the first file holds them.
    """

    name: str
    title: str
    noun: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    split_sizes: dict[SplitName, int]
    file_names: tuple[str, ...]
    source: str
    licence: str
    read: Callable[[Any, SplitName], tuple[np.ndarray, np.ndarray]]
    is_shipped: bool = False
    background: Background = "photo"
    note: str = ""
    download: Callable[[], Arrays] | None = None


@dataclass(frozen=True)
class Split:
    """The images and labels of one split.

    Attributes:
        images: (n, height, width, channels) float32 in [0, 1]; of digits 0 is background, 1 ink.
        labels: (n,) int64, an index into the data set's class_names.
    """

    images: np.ndarray
    labels: np.ndarray


def get(name: str) -> Dataset:
    """Return the row of a data set.

    Raises:
        UnknownNameError: No data set has this name.
    """
    if name not in DATASETS:
        raise UnknownNameError(
            f"There is no data set {name!r}. Choose one of: {', '.join(DATASETS)}."
        )
    return DATASETS[name]


def check_background(background: str) -> None:
    """Raise ValueError if a value is none of the backgrounds."""
    if background not in get_args(Background):
        raise ValueError(
            f"Expected background to be one of {', '.join(get_args(Background))}. "
            f"Received: background={background!r}"
        )


def find(name: str) -> Path | None:
    """Return the file of a data set on this machine, or None if it would be downloaded.

    Raises:
        UnknownNameError: No data set has this name.
    """
    dataset = get(name)
    paths = (folder / file for folder in _folders(dataset) for file in dataset.file_names)
    return next((path for path in paths if path.is_file()), None)


def load(name: str, *, split: SplitName) -> Split:
    """Load the images and labels of one split; the first time, this may download them.

    Args:
        name: A key of DATASETS.
        split: "train" or "test".

    Returns:
        A Split; images are (n, height, width, channels) float32 in [0, 1].

    Raises:
        UnknownNameError: No data set has this name.
        ValueError: No such split.
        MissingFileError: The file is damaged, or absent and cannot be downloaded.

    Example:
        >>> test = load("mnist", split="test")
        >>> test.images.shape, int(test.labels[0])
        ((10000, 28, 28, 1), 7)
    """
    return _as_split(*_read(name, split))


def sample(name: str, *, split: SplitName, size: int, seed: int = 0) -> Split:
    """Load some images of a split, drawn at random; the rest never takes the room of floats.

    Args:
        name: A key of DATASETS.
        split: "train" or "test".
        size: Number of images, at least 0; all of them if the split has fewer.
        seed: Seed; the same seed draws the same images.

    Returns:
        A Split, in the order of the whole.

    Raises:
        UnknownNameError: No data set has this name.
        ValueError: No such split, or a size below 0.
        MissingFileError: The file is damaged, or absent and cannot be downloaded.
    """
    if size < 0:
        raise ValueError(f"Expected size of at least 0. Received: size={size}")
    pixels, labels = _read(name, split)
    chosen = sample_indices(len(labels), size, seed=seed)
    return _as_split(pixels[chosen], labels[chosen])


def sample_indices(size: int, count: int, *, seed: int = 0) -> np.ndarray:
    """Indices of a random part of a split, rising; all of it if it is not larger than count.

    Args:
        size: Size of the split.
        count: Count of the part.
        seed: Seed; the same seed gives the same part.
    """
    return np.sort(np.random.default_rng(seed).permutation(size)[:count])


def _read(name: str, split: SplitName) -> tuple[np.ndarray, np.ndarray]:
    """Read the levels and labels of a split, as the file has them."""
    dataset = get(name)
    if split not in dataset.split_sizes:
        raise ValueError(f"Expected split to be 'train' or 'test'. Received: split={split!r}")
    path = find(name) or fetch(name)
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            pixels, labels = dataset.read(arrays, split)
        pixels = pixels.reshape(-1, *dataset.image_shape)
        if len(pixels) != len(labels):
            raise ValueError("As many images as labels")
    except Exception as error:  # a damaged archive raises BadZipFile, zlib.error and many more
        raise MissingFileError(
            f"The data of {dataset.title} cannot be read from {path.name}; "
            + (
                "restore it with `git checkout cnn_core/data`."
                if dataset.is_shipped
                else f"delete {path} and try again."
            )
        ) from error
    return pixels, labels


def _as_split(pixels: np.ndarray, labels: np.ndarray) -> Split:
    return Split(pixels.astype(np.float32) / np.float32(255), labels.astype(np.int64))


def fetch(name: str) -> Path:
    """Download a data set into the user's cache, with a progress bar, and check it.

    Raises:
        UnknownNameError: No data set has this name.
        MissingFileError: The data set cannot be downloaded; the text names the ways that remain.
    """
    dataset = get(name)
    if dataset.download is None:
        raise MissingFileError(
            f"The data of {dataset.title} is missing; restore it with `git checkout cnn_core/data`."
        )
    folder = folders.cache_folder()
    path = folder / dataset.file_names[0]
    try:
        arrays = dataset.download()
        with atomic_files.atomic_write(path) as aside:
            np.savez_compressed(aside, **arrays)
    except Exception as error:  # offline, moved, altered: each library has its own errors for it
        raise MissingFileError(
            f"The pictures of {dataset.title} are not on this machine and cannot be downloaded: "
            f"put {dataset.file_names[0]} into a folder and set CNN_LENS_DATA to it, or copy the "
            f"file into {folder}, or try again with an internet connection."
        ) from error
    return path


def _folders(dataset: Dataset) -> tuple[Path, ...]:
    if dataset.is_shipped:
        return (_SHIPPED,)
    named = os.environ.get("CNN_LENS_DATA")
    return (*((Path(named),) if named else ()), folders.cache_folder())


def _read_plain(arrays: Any, split: SplitName) -> tuple[np.ndarray, np.ndarray]:
    return arrays[f"x_{split}"], arrays[f"y_{split}"]


def _read_cifar(arrays: Any, split: SplitName) -> tuple[np.ndarray, np.ndarray]:
    if f"x_{split}" in arrays:
        return _read_plain(arrays, split)
    pictures = np.split(arrays[f"jpeg_{split}"], arrays[f"end_{split}"][:-1])
    pixels = [_decoded(picture, cv2.IMREAD_COLOR_RGB) for picture in pictures]
    return np.stack(pixels), arrays[f"y_{split}"]


def _read_signs(arrays: Any, split: SplitName) -> tuple[np.ndarray, np.ndarray]:
    """Read the published split: a fifth, drawn with seed 8, is the test set."""
    pixels, labels = arrays["x"], arrays["y"]
    order = np.random.RandomState(8).permutation(len(pixels))
    num_test = -(-len(pixels) // 5)
    chosen = order[:num_test] if split == "test" else order[num_test:]
    return pixels[chosen], labels[chosen]


def _download_cifar() -> Arrays:
    from keras.datasets import cifar10

    (x_train, y_train), (x_test, y_test) = cifar10.load_data()  # checks a SHA-256 itself
    return {
        "x_train": x_train,
        "y_train": y_train.ravel(),
        "x_test": x_test,
        "y_test": y_test.ravel(),
    }


def _download_signs() -> Arrays:
    from keras.utils import get_file

    with tempfile.TemporaryDirectory() as folder:
        archive = get_file(
            "signs.zip", _SIGNS_ADDRESS, cache_dir=folder, cache_subdir="", extract=False
        )
        return read_sign_photographs(Path(archive), digest=_SIGNS_NAMES)


def read_sign_photographs(archive: Path, *, digest: str) -> Arrays:
    """Make the arrays of the Sign Language Digits from the archive of its photographs.

    Args:
        archive: A zip file with photographs at .../LABEL/NAME.JPG, LABEL from 0 to 9.
        digest: SHA-256 of the photographs' sorted "LABEL/NAME.JPG", a line each. What the files
            hold is checked by the archive's own sums.

    Returns:
        x (n, 64, 64) uint8 grey, y (n,) uint8, src (n,) the "LABEL/NAME.JPG", sorted.

    Raises:
        ValueError: The photographs are not those of the digest, or one cannot be read.
    """
    with zipfile.ZipFile(archive) as photographs:
        members = {
            "/".join(member.split("/")[-2:]): member
            for member in photographs.namelist()
            if re.search(r"/[0-9]/[^/]+\.JPG$", member)
        }
        names = sorted(members)
        if hashlib.sha256("\n".join(names).encode()).hexdigest() != digest:
            raise ValueError("The archive holds other photographs than expected")
        pixels = [_read_sign(photographs.read(members[name])) for name in names]
    labels = np.array([int(name[0]) for name in names], np.uint8)
    return {"x": np.stack(pixels), "y": labels, "src": np.array(names)}


def _read_sign(data: bytes) -> np.ndarray:
    picture = _decoded(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.asarray(cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA))


def _decoded(data: np.ndarray, how: int) -> np.ndarray:
    picture = cv2.imdecode(data, how)
    if picture is None:
        raise ValueError("A picture cannot be read")
    return picture


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
            name="mnist",
            title="MNIST handwritten digits",
            noun="digit",
            image_shape=(28, 28, 1),
            class_names=tuple("0123456789"),
            split_sizes={"train": 60_000, "test": 10_000},
            file_names=("mnist.npz",),
            source="Yann LeCun, Corinna Cortes and Christopher J. C. Burges, The MNIST database "
            "of handwritten digits",
            licence="CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0",
            read=_read_plain,
            is_shipped=True,
            background="paper",
        ),
        Dataset(
            name="cifar10",
            title="CIFAR-10",
            noun="picture",
            image_shape=(32, 32, 3),
            class_names=(
                "airplane", "automobile", "bird", "cat", "deer",
                "dog", "frog", "horse", "ship", "truck",
            ),
            split_sizes={"train": 50_000, "test": 10_000},
            file_names=("cifar10.npz", "cifar10_jpeg.npz"),
            source="Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
            licence="none stated; for research, with this citation",
            read=_read_cifar,
            note="The shipped networks learnt from a JPEG re-encoding of the pictures.",
            download=_download_cifar,
        ),
        Dataset(
            name="sign_digits",
            title="Sign Language Digits",
            noun="sign",
            image_shape=(64, 64, 1),
            class_names=tuple("0123456789"),
            split_sizes={"train": 1_649, "test": 413},
            file_names=("sign_digits.npz",),
            source="Arda Mavi and Zeynep Dikle, Sign Language Digits Dataset, 2017",
            licence="Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0",
            read=_read_signs,
            download=_download_signs,
        ),
    )
}  # fmt: skip
