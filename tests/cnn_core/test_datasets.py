from __future__ import annotations

import dataclasses
import hashlib
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from cnn_core import datasets, folders, models
from cnn_core.errors import MissingFileError, UnknownNameError

# Counted in the files of the data set's own site.
LABEL_COUNTS = {
    "train": [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    "test": [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
}
MNIST_SHA256 = "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64"


@pytest.mark.parametrize("name", datasets.DATASETS)
@pytest.mark.parametrize("split", ["train", "test"])
def test_every_split_is_as_its_row_says(name: str, split: datasets.SplitName) -> None:
    row = datasets.get(name)
    if datasets.find(name) is None:
        pytest.skip(f"{row.title} is not on this machine")
    loaded = datasets.load(name, split=split)
    assert loaded.images.shape == (row.split_sizes[split], *row.image_shape)
    assert loaded.images.dtype == np.float32
    assert 0 <= loaded.images.min() < 0.05
    assert 0.95 < loaded.images.max() <= 1
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


def test_mnist_is_the_file_that_was_tested() -> None:
    path = datasets.find("mnist")
    assert path is not None
    assert models.sha256(path) == MNIST_SHA256


def test_a_sample_is_some_of_the_split_and_follows_its_seed(test_split: datasets.Split) -> None:
    first, again, other = (
        datasets.sample("mnist", split="test", size=30, seed=seed) for seed in (1, 1, 2)
    )
    assert first.images.shape == (30, 28, 28, 1)
    np.testing.assert_array_equal(again.images, first.images)
    assert not np.array_equal(other.images, first.images)
    flat = test_split.images.reshape(10_000, -1)
    places = [int(np.flatnonzero((flat == image.ravel()).all(axis=1))[0]) for image in first.images]
    assert places == sorted(set(places))
    np.testing.assert_array_equal(test_split.labels[places], first.labels)
    assert len(datasets.sample("mnist", split="test", size=10**6).labels) == 10_000
    with pytest.raises(ValueError, match="Expected size of at least 0"):
        datasets.sample("mnist", split="test", size=-1)


def test_unknown_name_lists_the_names() -> None:
    with pytest.raises(UnknownNameError, match=r"no data set 'cifar'.*Choose one of: mnist"):
        datasets.load("cifar", split="test")


def test_unknown_split() -> None:
    with pytest.raises(ValueError, match=r"Expected split.*Received: split='valid'"):
        datasets.load("mnist", split="valid")


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small good copy of the data file, which stands in for the shipped one."""
    monkeypatch.setattr(datasets, "_SHIPPED", tmp_path)
    path = tmp_path / "mnist.npz"
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (30, 28, 28), np.uint8)
    np.savez_compressed(path, x_train=images, y_train=np.arange(30) % 10)
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


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without data sets: the folder that CNN_LENS_DATA would name; the cache is empty."""
    monkeypatch.delenv("CNN_LENS_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def replace_row(monkeypatch: pytest.MonkeyPatch, name: str, **changes: object) -> None:
    row = dataclasses.replace(datasets.get(name), **changes)  # type: ignore[arg-type]
    monkeypatch.setitem(datasets.DATASETS, name, row)


def colours(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)


def save_pictures(path: Path, count: int = 12) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = colours(count), np.arange(count) % 10
    np.savez(path, x_train=x, y_train=y, x_test=x[:4], y_test=y[:4])


def test_named_folder_comes_before_the_cache(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pictures(folders.cache_folder() / "cifar10.npz", 5)
    assert datasets.find("cifar10") == nowhere / "cache" / "cnn_lens" / "cifar10.npz"
    assert len(datasets.load("cifar10", split="train").images) == 5
    save_pictures(nowhere / "cifar10.npz", 7)
    monkeypatch.setenv("CNN_LENS_DATA", str(nowhere))
    assert len(datasets.load("cifar10", split="train").images) == 7


def test_pictures_kept_as_jpeg_are_read(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Red stays red: the order of the colours is the usual trap."""
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 255
    jpegs = [cv2.imencode(".jpg", picture[..., ::-1])[1].ravel() for picture in (red, 255 - red)]
    ends = np.cumsum([len(jpeg) for jpeg in jpegs])
    arrays = {f"jpeg_{s}": np.concatenate(jpegs) for s in ("train", "test")}
    arrays |= {f"end_{s}": ends for s in ("train", "test")}
    arrays |= {f"y_{s}": np.array([3, 5], np.uint8) for s in ("train", "test")}
    np.savez(nowhere / "cifar10_jpeg.npz", **arrays)
    monkeypatch.setenv("CNN_LENS_DATA", str(nowhere))
    loaded = datasets.load("cifar10", split="test")
    assert loaded.labels.tolist() == [3, 5]
    np.testing.assert_allclose(loaded.images[0], red / 255, atol=0.02)
    np.testing.assert_allclose(loaded.images[1], 1 - red / 255, atol=0.02)


def test_signs_are_split_as_published(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The split of scikit-learn with a fifth and seed 8."""
    number = np.arange(2062)
    pixels = np.zeros((2062, 64, 64), np.uint8)
    pixels[:, 0, 0], pixels[:, 0, 1] = number // 256, number % 256
    np.savez(nowhere / "sign_digits.npz", x=pixels, y=number % 10, src=number.astype(str))
    monkeypatch.setenv("CNN_LENS_DATA", str(nowhere))
    expected = train_test_split(number, test_size=0.2, random_state=8)
    for name, wanted in zip(("train", "test"), expected, strict=True):
        loaded = datasets.load("sign_digits", split=name)  # type: ignore[arg-type]
        found = np.round(loaded.images[:, 0, :2, 0] * 255) @ (256, 1)
        np.testing.assert_array_equal(found, wanted)
        np.testing.assert_array_equal(loaded.labels, wanted % 10)


def test_download_fills_the_cache_once(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def download() -> datasets.Arrays:
        calls.append(1)
        x, y = colours(6), np.arange(6)
        return {"x_train": x, "y_train": y, "x_test": x[:2], "y_test": y[:2]}

    replace_row(monkeypatch, "cifar10", download=download)
    assert datasets.find("cifar10") is None
    for _ in range(2):
        loaded = datasets.load("cifar10", split="test")
    np.testing.assert_array_equal(np.round(loaded.images * 255), colours(6)[:2])
    assert len(calls) == 1
    assert [path.name for path in folders.cache_folder().iterdir()] == ["cifar10.npz"]


def test_two_downloads_at_once_both_end_well(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = colours(6), np.arange(6)
    arrays = {"x_train": x, "y_train": y, "x_test": x[:2], "y_test": y[:2]}

    class Overtaken:
        """Labels in whose writing another program downloads the same pictures."""

        def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
            if not others:
                others.append("begun")
                others[0] = datasets.fetch("cifar10").name
            return y

    others: list[str] = []
    replace_row(
        monkeypatch,
        "cifar10",
        download=lambda: arrays if others else {**arrays, "y_train": Overtaken()},
    )
    assert datasets.fetch("cifar10").name == "cifar10.npz"
    assert others == ["cifar10.npz"]
    assert [path.name for path in folders.cache_folder().iterdir()] == ["cifar10.npz"]
    assert datasets.load("cifar10", split="train").labels.tolist() == y.tolist()


@pytest.mark.parametrize("name", ["cifar10", "sign_digits"])
def test_offline_and_absent_names_the_three_ways(
    name: str, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download() -> datasets.Arrays:
        raise OSError("Name or service not known")

    replace_row(monkeypatch, name, download=download)
    ways = rf"{name}\.npz.*set CNN_LENS_DATA.*copy the file into .*cnn_lens.*internet connection"
    with pytest.raises(MissingFileError, match=ways):
        datasets.load(name, split="test")
    assert not folders.cache_folder().exists()


def test_damaged_download_says_which_file_to_delete(nowhere: Path) -> None:
    path = folders.cache_folder() / "cifar10.npz"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    with pytest.raises(MissingFileError, match=rf"delete {path} and try again"):
        datasets.load("cifar10", split="test")


def archive_of_photographs(path: Path) -> str:
    """A zip as the public address gives it, with two photographs; the digest of their names."""
    with zipfile.ZipFile(path, "w") as files:
        for member, level in (
            ("Signs-master/Dataset/3/IMG_2.JPG", 200),
            ("Signs-master/Dataset/0/IMG_1.JPG", 40),
            ("Signs-master/Examples/example_0.JPG", 90),
            ("Signs-master/README.md", 0),
        ):
            photograph = np.full((100, 100, 3), level, np.uint8)
            files.writestr(member, cv2.imencode(".jpg", photograph)[1].tobytes())
    return hashlib.sha256(b"0/IMG_1.JPG\n3/IMG_2.JPG").hexdigest()


def test_sign_photographs_are_read_by_their_folders(tmp_path: Path) -> None:
    path = tmp_path / "signs.zip"
    arrays = datasets.read_sign_photographs(path, digest=archive_of_photographs(path))
    assert arrays["src"].tolist() == ["0/IMG_1.JPG", "3/IMG_2.JPG"]
    assert arrays["y"].tolist() == [0, 3]
    assert arrays["x"].shape == (2, 64, 64)
    np.testing.assert_allclose(arrays["x"].mean(axis=(1, 2)), [40, 200], atol=2)


def test_other_photographs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "signs.zip"
    archive_of_photographs(path)
    with pytest.raises(ValueError, match="other photographs"):
        datasets.read_sign_photographs(path, digest="0" * 64)
