"""The features of test and training images, and their layouts: computed once for all visitors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import streamlit as st

from cnn_core import disk_cache, embedding, models
from cnn_core.datasets import Dataset, get, sample_indices
from cnn_core.embedding import Projection
from dashboard import cache
from dashboard.cache import background_jobs
from dashboard.cache.weights_key import weights_hash

# Features of the training set are held in memory: 48 MB, all of MNIST for most networks.
MAX_NUMBERS = 12_000_000
NUM_LAID_OUT = 2000


@dataclass(frozen=True)
class Layout:
    """The test set laid out flat.

    Attributes:
        points: (n, 2) float32, every test image.
        projection: The plane, to place other images on it.
        sample: Indices of the test images that t-SNE lays out and neighbours are looked for in.
        features: (sample, d) float32.
    """

    points: np.ndarray
    projection: Projection
    sample: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Training:
    """The training images, or a random part of them, as the network sees them.

    Attributes:
        key: Names what it was computed from.
        indices: Indices of the images, rising.
        features: (n, d) float32.
        labels: (n,) int64.
    """

    key: str
    indices: np.ndarray
    features: np.ndarray
    labels: np.ndarray


def features(model_name: str, pixels: np.ndarray) -> np.ndarray:
    """Return the last features (d,) of one image."""
    return embedding.features(cache.model(model_name), pixels)[0]


def _name_of(kind: str, model_name: str) -> str:
    return _name_for(kind, model_name, weights_hash(model_name))


# To digest all weights takes 20 ms.
@lru_cache(maxsize=64)
def _name_for(kind: str, model_name: str, _weights: str) -> str:
    sizes = _dataset(model_name).split_sizes
    return disk_cache.name_of(kind, cache.model(model_name), sizes["train"], sizes["test"])


def _dataset(model_name: str) -> Dataset:
    return get(models.get(model_name).dataset)


def _known(key: str) -> None:
    """Let a job have the result that is kept on disk, if there is one."""
    if background_jobs.find(key) is None and (kept := disk_cache.find(key)) is not None:
        background_jobs.keep(key, kept)


def layout_job(model_name: str) -> tuple[str, background_jobs.Work]:
    """Return name and job of the layout of the test set by principal components."""
    key, network = _name_of("layout", model_name), cache.model(model_name)
    _known(key)

    def compute(progress: background_jobs.Progress) -> disk_cache.Arrays:
        images = cache.split(_dataset(model_name).name, "test").images
        found = embedding.features(network, images, progress=progress)
        plane = embedding.fit_projection(found)
        sample = sample_indices(len(images), NUM_LAID_OUT)
        return {
            "points": plane.place(found),
            "mean": plane.mean,
            "axes": plane.axes,
            "shares": plane.shares,
            "sample": sample,
            "features": found[sample],
        }

    return key, lambda progress: disk_cache.load_or_compute(key, lambda: compute(progress))


def layout_of(kept: disk_cache.Arrays) -> Layout:
    """Return the result of layout_job()."""
    plane = Projection(kept["mean"], kept["axes"], kept["shares"])
    return Layout(kept["points"], plane, kept["sample"], kept["features"])


def neighbourhoods_job(model_name: str, layout: Layout) -> tuple[str, background_jobs.Work]:
    """Return the name of the job that lays out the sample by t-SNE, and the job."""
    key = _name_of("neighbourhoods", model_name)
    _known(key)

    def work(_progress: background_jobs.Progress) -> disk_cache.Arrays:
        return disk_cache.load_or_compute(
            key, lambda: {"points": embedding.neighbourhoods(layout.features)}
        )

    return key, work


def training_job(model_name: str) -> tuple[str, background_jobs.Work]:
    """Return the name of the job that gets the features of the training images, and the job."""
    key = _name_of("training", model_name)
    _known(key)

    def compute(progress: background_jobs.Progress) -> disk_cache.Arrays:
        network, split = cache.model(model_name), cache.split(_dataset(model_name).name, "train")
        width = embedding.features(network, split.images[:1]).shape[1]
        chosen = sample_indices(len(split.labels), MAX_NUMBERS // width)
        found = embedding.features(network, split.images[chosen], progress=progress)
        # Half the digits are enough to tell neighbours apart, and half the file.
        return {"indices": chosen, "features": found.clip(-6e4, 6e4).astype(np.float16)}

    return key, lambda progress: disk_cache.load_or_compute(key, lambda: compute(progress))


def training_of(model_name: str, kept: disk_cache.Arrays) -> Training:
    """Return the result of training_job()."""
    return _training(_name_of("training", model_name), _dataset(model_name).name, kept)


@st.cache_resource(max_entries=2, show_spinner=False)
def _training(key: str, dataset: str, _kept: disk_cache.Arrays) -> Training:
    indices = _kept["indices"]
    labels = cache.split(dataset, "train").labels[indices]
    return Training(key, indices, _kept["features"].astype(np.float32), labels)


def nearest_training(
    training: Training, one: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Find the training images nearest to features (d,): places in `training`, and distances."""
    return _nearest(training.key, training, one, count)


# While the pen is down the same is asked again and again, and it takes 30 ms.
@st.cache_data(max_entries=64, show_spinner=False)
def _nearest(
    key: str, _training: Training, one: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    return embedding.nearest(_training.features, one, count)
