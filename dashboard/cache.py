"""The only user of Streamlit's caches; every cache is bounded.

Results are keyed by the model's name, the pixels and the settings, so visitors who ask the same
share one computation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core import datasets, evaluation, models
from cnn_core.datasets import Split
from cnn_core.evaluation import Mistake
from dashboard import charts, runtime

if TYPE_CHECKING:
    import keras
    import plotly.graph_objects as go

    from cnn_core.activations import ReceptiveField, WeightStatistics
    from cnn_core.attribution import Attribution
    from cnn_core.attribution.occlusion import OcclusionMap
    from cnn_core.inference import Prediction
    from cnn_core.studies import OneVersusTwo, StudyStep

Options = tuple[tuple[str, Any], ...]


def warm_up() -> None:
    """Compile what the first visitor would wait for, on the first network and one digit."""
    name = next(iter(models.MODELS))
    digit = split(models.get(name).dataset, "test").images[0]
    answer = int(prediction(name, digit).classes[0])
    feature_maps(name, digit)
    explanation(name, digit, "gradient_saliency", answer)


@st.cache_resource(max_entries=4, show_spinner=False)
def model(name: str) -> keras.Model:
    """A network with its shipped weights, once for all visitors."""
    runtime.wait()
    return models.load_pretrained(name)


# Every run looks at it several times, and a look into Streamlit's own cache takes 0.2 ms.
@lru_cache(maxsize=2)
def split(dataset: str, name: datasets.SplitName) -> Split:
    """One split of a data set, once for all visitors, read-only."""
    loaded = datasets.load(dataset, split=name)
    loaded.images.flags.writeable = loaded.labels.flags.writeable = False
    return loaded


@st.cache_resource(max_entries=16, show_spinner=False)
def card(name: str) -> dict[str, Any]:
    """What was recorded when the network was trained."""
    return models.load_card(name)


@st.cache_resource(max_entries=16, show_spinner=False)
def test_logits(name: str) -> np.ndarray:
    """The shipped logits of the test set: answers that need no TensorFlow."""
    return models.load_test_logits(name)


@st.cache_resource(max_entries=16, show_spinner=False)
def mistakes(name: str) -> tuple[Mistake, ...]:
    """The test images that a network gets wrong."""
    labels = split(models.get(name).dataset, "test").labels
    return evaluation.misclassified(test_logits(name), labels)


def prediction(name: str, pixels: np.ndarray) -> Prediction:
    """The answer to one image; one run of a page asks for it several times."""
    return _prediction(name, pixels.astype(np.float32).tobytes(), pixels.shape)


# Streamlit's own cache would take as long as the network: 1 ms.
@lru_cache(maxsize=512)
def _prediction(name: str, data: bytes, shape: tuple[int, ...]) -> Prediction:
    from cnn_core import inference

    answer = inference.predict(model(name), np.frombuffer(data, np.float32).reshape(shape))
    answer.logits.flags.writeable = answer.probabilities.flags.writeable = False
    return answer


@st.cache_data(max_entries=512, show_spinner=False)
def explanation(
    name: str,
    pixels: np.ndarray,
    method: str,
    target: int,
    against: int | None = None,
    layer: str | None = None,
    options: Options = (),
) -> Attribution:
    """The heatmap of one method."""
    from cnn_core.attribution import explain

    return explain(
        model(name), pixels, target, against=against, method=method, layer=layer, **dict(options)
    )


@st.cache_data(max_entries=128, show_spinner=False)
def occlusion_map(
    name: str, pixels: np.ndarray, patch_size: int, stride: int, fill: str
) -> OcclusionMap:
    """The answers with a patch at every position."""
    from cnn_core.attribution.occlusion import occlusion_sensitivity

    return occlusion_sensitivity(model(name), pixels, patch_size, stride, fill)


@st.cache_data(max_entries=32, show_spinner=False)
def feature_maps(name: str, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """The output of every layer for one image."""
    from cnn_core import activations

    return activations.feature_maps(model(name), pixels)


@st.cache_data(max_entries=64, show_spinner=False)
def receptive_field(name: str, layer: str) -> ReceptiveField:
    """The part of the image that the units of a layer see."""
    from cnn_core import activations

    return activations.receptive_field(model(name), layer)


@st.cache_data(max_entries=16, show_spinner=False)
def layer_names(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the convolution layers, and of all layers with feature maps."""
    from cnn_core import activations

    network = model(name)
    return activations.convolution_layers(network), activations.spatial_layers(network)


@st.cache_data(max_entries=64, show_spinner=False)
def filters(name: str, layer: str) -> np.ndarray:
    """The kernel of a convolution layer."""
    from cnn_core import activations

    return activations.filters(model(name), layer)


@st.cache_resource(max_entries=4, show_spinner=False)
def weight_statistics(name: str) -> tuple[WeightStatistics, ...]:
    """Every weight array of a network."""
    from cnn_core import activations

    return activations.weight_statistics(model(name))


@st.cache_resource(max_entries=4, show_spinner=False)
def weight_histograms(name: str) -> go.Figure:
    """The chart of every weight array; to build it takes longer than to draw the page."""
    return charts.weight_histograms(weight_statistics(name))


@st.cache_data(max_entries=4, show_spinner=False)
def one_vs_two(name: str) -> OneVersusTwo:
    """The one-versus-two study, with the training ones and 200 test twos."""
    from cnn_core import studies

    network = model(name)
    train = datasets.load("mnist", split="train")
    test = split("mnist", "test")
    return studies.one_vs_two(
        network, train.images[train.labels == 1], test.images[test.labels == 2][:200]
    )


@st.cache_data(max_entries=256, show_spinner=False)
def study_step(name: str, pixels: np.ndarray, title: str) -> StudyStep:
    """The study's questions asked about one digit."""
    from cnn_core import studies

    return studies.study_step(model(name), pixels, title)
