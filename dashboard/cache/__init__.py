"""The only user of Streamlit's caches; every cache is bounded.

Results are keyed by the model, its weights, the pixels and the settings, so visitors who ask the
same share one computation. What follows the hand is in live.py.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core import architecture, datasets, evaluation, models
from cnn_core.architecture import Table
from cnn_core.datasets import Split
from cnn_core.errors import MissingFileError
from cnn_core.evaluation import Curve, Mistake, Summary
from cnn_core.inference import Prediction, softmax
from cnn_core.models import ShippedAnswers
from dashboard import charts, runtime
from dashboard.cache.live import (
    Options,
    background,
    explanation,
    is_compiled,
    live_patch,
    model,
    occlusion_map,
    prediction,
    wait_until_compiled,
)
from dashboard.cache.once import Once
from dashboard.cache.weights import keyed_by_weights

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cnn_core.activations import ReceptiveField, WeightStatistics
    from cnn_core.studies.baselines import Baselines
    from cnn_core.studies.conclusions import Conclusion
    from cnn_core.studies.experiments import ExperimentResult
    from cnn_core.studies.grid_search import GridSearch
    from cnn_core.studies.k_fold import KFold
    from cnn_core.studies.one_vs_two import OneVersusTwo, StudyStep

__all__ = [
    "Options",
    "background",
    "explanation",
    "is_compiled",
    "live_patch",
    "model",
    "occlusion_map",
    "prediction",
    "wait_until_compiled",
]

# What the study of one versus two is about.
STUDY_DATASET = "mnist"
# Every run looks at it several times, and a look into Streamlit's own cache takes 0.2 ms.
_splits: Once[Split] = Once(4)
_download_lock = threading.Lock()
SPEED_CALLS = 31
_speed_lock = threading.Lock()
_speeds: dict[str, float] = {}  # one number for each network at most


class AbsentPicturesError(MissingFileError):
    """The pictures of a data set are not on this machine, and nobody asked for a download yet.

    Attributes:
        dataset: the name of the data set.
    """

    def __init__(self, dataset: str) -> None:
        self.dataset = dataset
        row = datasets.get(dataset)
        super().__init__(
            f"The pictures of {row.title} are not on this machine: download them here, or put "
            f"{row.file_names[0]} into a folder and set CNN_LENS_DATA to it, or copy the file into "
            f"{datasets.cache_folder()}."
        )


def warm_up(then: Iterable[str] = ()) -> None:
    """Compile what the first visitor would wait for, on the first network and one digit.

    Args:
        then: names of the networks that visitors go on to, where they are trained.
    """
    name = next(iter(models.MODELS))
    wait_until_compiled(name)
    digit = split(models.get(name).dataset, "test").images[0]
    prediction(name, digit)
    feature_maps(name, digit)
    for other in filter(models.is_trained, then):
        wait_until_compiled(other)


def split(dataset: str, name: datasets.SplitName) -> Split:
    """One split of a data set, once for all visitors, read-only.

    Raises:
        AbsentPicturesError: it is not on this machine; nothing is downloaded by itself.
        MissingFileError: its file is damaged.
    """
    return _splits.get((dataset, name), lambda: _load_split(dataset, name))


def _load_split(dataset: str, name: datasets.SplitName) -> Split:
    if datasets.get(dataset).download is not None and datasets.find(dataset) is None:
        raise AbsentPicturesError(dataset)
    loaded = datasets.load(dataset, split=name)
    loaded.images.flags.writeable = loaded.labels.flags.writeable = False
    return loaded


def download(dataset: str) -> None:
    """Download a data set into the user's cache, unless another visitor just did.

    Raises:
        MissingFileError: it cannot be downloaded.
    """
    runtime.wait()  # Keras brings CIFAR-10
    with _download_lock:
        if datasets.find(dataset) is None:
            datasets.fetch(dataset)


@keyed_by_weights(st.cache_resource, max_entries=32)
def card(name: str) -> dict[str, Any]:
    """What was recorded when the network was trained."""
    return models.load_card(name)


@keyed_by_weights(st.cache_resource, max_entries=32)
def test_answers(name: str) -> ShippedAnswers:
    """The shipped answers to the test set: they need neither TensorFlow nor the pictures."""
    return models.load_test_answers(name)


@keyed_by_weights(st.cache_resource, max_entries=32)
def mistakes(name: str) -> tuple[Mistake, ...]:
    """The test images that a network gets wrong."""
    answers = test_answers(name)
    return evaluation.misclassified(answers.logits, answers.labels)


@keyed_by_weights(st.cache_resource, max_entries=32)
def summary(name: str) -> Summary:
    """How right a network is on the test set, in one line."""
    answers = test_answers(name)
    return evaluation.summarise(answers.logits, answers.labels)


@keyed_by_weights(st.cache_resource, max_entries=8)
def class_curves(name: str) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """The ROC and the precision-recall curve of every class on the test set."""
    answers = test_answers(name)
    roc, precision_recall = (
        tuple(curve(answers.logits, answers.labels, i) for i in range(answers.logits.shape[1]))
        for curve in (evaluation.roc_curve, evaluation.precision_recall_curve)
    )
    return roc, precision_recall


def shipped_prediction(name: str, index: int) -> Prediction:
    """The answer to an untouched test image; it needs neither TensorFlow nor the picture."""
    logits = test_answers(name).logits[index : index + 1]
    return Prediction(logits, softmax(logits))


@keyed_by_weights(st.cache_data, max_entries=32)
def feature_maps(name: str, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """The output of every layer for one image."""
    from cnn_core import activations

    return activations.feature_maps(model(name), pixels)


@keyed_by_weights(st.cache_data, max_entries=64)
def receptive_field(name: str, layer: str) -> ReceptiveField:
    """The part of the image that the units of a layer see."""
    from cnn_core import activations

    return activations.receptive_field(model(name), layer)


@keyed_by_weights(st.cache_data, max_entries=32)
def layer_names(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the convolution layers, and of all layers with feature maps."""
    from cnn_core import activations

    network = model(name)
    return activations.convolution_layers(network), activations.spatial_layers(network)


@keyed_by_weights(st.cache_data, max_entries=32)
def default_layer(name: str) -> str:
    """The layer that class activation maps look at unless they are told another one."""
    from cnn_core import attribution

    return attribution.default_layer(model(name))


@keyed_by_weights(st.cache_data, max_entries=64)
def filters(name: str, layer: str) -> np.ndarray:
    """The kernel of a convolution layer."""
    from cnn_core import activations

    return activations.filters(model(name), layer)


@keyed_by_weights(st.cache_resource, max_entries=4)
def weight_statistics(name: str) -> tuple[WeightStatistics, ...]:
    """Every weight array of a network."""
    from cnn_core import activations

    return activations.weight_statistics(model(name))


@keyed_by_weights(st.cache_resource, max_entries=16)
def weight_histograms(name: str) -> tuple[go.Figure, ...]:
    """All kernels and biases, in two charts that find room beside or above each other.

    To build them takes longer than to draw the page.
    """
    shown = [s for s in weight_statistics(name) if s.kind in ("kernel", "bias")]
    return tuple(map(charts.weight_histograms, charts.in_halves(shown, charts.HISTOGRAM_COLUMNS)))


@st.cache_resource(max_entries=32, show_spinner=False)
def layer_table(name: str) -> Table:
    """Every layer of a network, trained or not; it needs no TensorFlow."""
    return architecture.load(name)


def speeds() -> dict[str, float]:
    """Milliseconds an image of the networks that were measured on this machine, by name."""
    return dict(_speeds)


def measure_speed(name: str) -> None:
    """Measure how long a network takes for one image: the median of many calls.

    The weights are new ones, since the time does not depend on them.
    """
    runtime.wait()
    from cnn_core import inference

    network = models.build(name)
    image = models.golden_images(models.architecture(name).input_shape)[0]
    with _speed_lock:  # two at once would measure each other
        inference.logits(network, image)  # compiles
        times = []
        for _ in range(SPEED_CALLS):
            started = time.perf_counter()
            inference.logits(network, image)
            times.append(time.perf_counter() - started)
    _speeds[name] = 1000 * statistics.median(times)


@keyed_by_weights(st.cache_data, max_entries=4)
def one_vs_two(name: str) -> OneVersusTwo:
    """The one-versus-two study, with the training ones and 200 test twos."""
    from cnn_core.studies import one_vs_two as study

    network = model(name)
    train = datasets.load(STUDY_DATASET, split="train")
    test = split(STUDY_DATASET, "test")
    return study.one_vs_two(
        network, train.images[train.labels == 1], test.images[test.labels == 2][:200]
    )


@keyed_by_weights(st.cache_data, max_entries=256)
def study_step(name: str, pixels: np.ndarray, title: str) -> StudyStep:
    """The study's questions asked about one digit."""
    from cnn_core.studies import one_vs_two as study

    return study.study_step(model(name), pixels, title)


@st.cache_resource(max_entries=32, show_spinner=False)
def experiment(name: str) -> ExperimentResult:
    """The shipped result of a one-factor experiment."""
    from cnn_core.studies import experiments

    return experiments.load(name)


@st.cache_resource(max_entries=32, show_spinner=False)
def conclusion(name: str) -> Conclusion:
    """What a one-factor experiment found."""
    from cnn_core.studies import conclusions

    return conclusions.conclude(experiment(name))


@st.cache_resource(max_entries=1, show_spinner=False)
def baselines() -> Baselines:
    """The classical methods on the same pixels."""
    from cnn_core.studies import baselines as study

    return study.load()


@st.cache_resource(max_entries=1, show_spinner=False)
def k_fold() -> KFold:
    """The cross-validation of the dense network."""
    from cnn_core.studies import k_fold as study

    return study.load()


@st.cache_resource(max_entries=1, show_spinner=False)
def grid_search() -> GridSearch:
    """The grid search that found the dense network."""
    from cnn_core.studies import grid_search as study

    return study.load()
