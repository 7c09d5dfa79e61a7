from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets, models
from cnn_core.errors import MissingFileError, UnknownNameError

# Counted in the files of the data set's own site.
LABEL_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
SHA256 = {"mnist": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"}


@pytest.mark.parametrize("name", datasets.DATASETS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_split_is_as_its_row_says(name: str, split: datasets.SplitName) -> None:
    row = datasets.get(name)
    loaded = datasets.load(name, split=split)
    assert loaded.images.shape == (row.split_sizes[split], *row.image_shape)
    assert loaded.images.dtype == np.float32
    assert loaded.images.min() == 0
    assert loaded.images.max() == 1
    assert loaded.labels.shape == (row.split_sizes[split],)
    assert loaded.labels.dtype == np.int64
    assert set(loaded.labels) == set(range(len(row.class_names)))


@pytest.mark.parametrize("split", ["train", "test"])
def test_mnist_label_counts(split: datasets.SplitName) -> None:
    labels = datasets.load("mnist", split=split).labels
    assert np.bincount(labels).tolist() == LABEL_COUNTS[split]


def test_mnist_first_digits_and_orientation(test_split: datasets.Split) -> None:
    assert test_split.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    # The first digit is a 7: its bar lies in the upper rows, its foot ends lower left.
    seven = test_split.images[0, ..., 0]
    assert np.flatnonzero(seven.any(axis=1))[[0, -1]].tolist() == [7, 26]
    assert seven[7:11].sum() > seven[23:27].sum()


@pytest.mark.parametrize("name", datasets.DATASETS)
def test_files_are_those_that_were_tested(name: str) -> None:
    assert models.sha256(datasets.get(name).path) == SHA256[name]


def test_unknown_name_lists_the_names() -> None:
    with pytest.raises(UnknownNameError, match=r"no data set 'cifar'.*Choose one of: mnist"):
        datasets.load("cifar", split="test")


def test_unknown_split() -> None:
    with pytest.raises(ValueError, match=r"Expected split.*Received: split='valid'"):
        datasets.load("mnist", split="valid")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small good copy of the data file, which stands in for the shipped one."""
    path = tmp_path / "mnist.npz"
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 28, 28), np.uint8)
    np.savez_compressed(path, x_train=images, y_train=np.arange(30) % 10)
    row = dataclasses.replace(datasets.get("mnist"), file_name=str(path))
    monkeypatch.setitem(datasets.DATASETS, "mnist", row)
    return path


def test_whole_copy_is_read(archive: Path) -> None:
    assert datasets.load("mnist", split="train").images.shape == (30, 28, 28, 1)


def test_absent_file(archive: Path) -> None:
    archive.unlink()
    with pytest.raises(MissingFileError, match="restore it with `git checkout"):
        datasets.load("mnist", split="train")


def test_absent_array(archive: Path) -> None:
    with pytest.raises(MissingFileError):
        datasets.load("mnist", split="test")


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY"])
def test_something_else(archive: Path, content: bytes) -> None:
    archive.write_bytes(content)
    with pytest.raises(MissingFileError):
        datasets.load("mnist", split="train")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_truncated_file(archive: Path, share: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(MissingFileError):
        datasets.load("mnist", split="train")


def test_flipped_bits_are_read_or_refused_in_words(archive: Path) -> None:
    """A flip in a field that nothing reads does no harm; every other one is an error for users."""
    whole = archive.read_bytes()
    good = datasets.load("mnist", split="train")
    refused = 0
    for at in [*range(120), *range(120, len(whole), 257)]:
        archive.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            read = datasets.load("mnist", split="train")
        except MissingFileError:
            refused += 1
        else:
            np.testing.assert_array_equal(read.images, good.images)
            np.testing.assert_array_equal(read.labels, good.labels)
    assert refused > 100


def test_arrays_of_another_shape(archive: Path) -> None:
    np.savez(archive, x_train=np.zeros((3, 5, 5), np.uint8), y_train=np.zeros(3))
    with pytest.raises(MissingFileError):
        datasets.load("mnist", split="train")
