"""What was computed to tell whether maps can be believed; every cache bounded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core import faithfulness, models
from cnn_core.attribution import ClassScore, explain
from cnn_core.datasets import Background
from cnn_core.faithfulness import DeletionInsertionTest, MapMaker
from cnn_core.studies.faithfulness import map_tests, ranking
from cnn_core.studies.faithfulness.map_tests import FreshNetworks, MapFigures
from cnn_core.studies.faithfulness.ranking import Estimate, MapRanking
from dashboard.cache import explanations, networks, pictures
from dashboard.cache.explanations import Options, references_of
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    import keras
from cnn_core.errors import MissingFileError


@dataclass(frozen=True)
class MapRequest:
    """The map of a method and all that it depends on besides network and picture."""

    method: str
    target: int
    against: int | None = None
    layer: str | None = None
    options: Options = ()

    def maker(self, model_name: str) -> MapMaker:
        """Return the function that makes this map of any picture, for a network or a copy."""
        return partial(
            _heatmap,
            self,
            references_of(model_name, self.method),
            explanations.background(model_name),
        )


def _heatmap(
    asked: MapRequest,
    references: np.ndarray | None,
    background: Background,
    network: keras.Model,
    pixels: np.ndarray,
) -> np.ndarray:
    found = explain(
        network,
        pixels,
        asked.target,
        against=asked.against,
        method=asked.method,
        layer=asked.layer,
        references=references,
        background=background,
        **dict(asked.options),
    )
    return found.heatmap


def heatmap(model_name: str, pixels: np.ndarray, asked: MapRequest) -> np.ndarray:
    """Return the map that is put to the test, from the cache that the pages share."""
    found = explanations.explanation(
        model_name, pixels, asked.method, asked.target, asked.against, asked.layer, asked.options
    )
    return found.heatmap


@keyed_by_weights(st.cache_resource, max_entries=32)
def shipped(model_name: str) -> MapRanking:
    """Return the shipped ranking of the methods on a network."""
    return ranking.load(model_name)


@keyed_by_weights(st.cache_resource, max_entries=4)
def fresh_networks(model_name: str) -> FreshNetworks:
    """Copies of a network that forgot what it learnt; the network itself is left alone."""
    return map_tests.fresh_networks(networks.model(model_name))


@keyed_by_weights(st.cache_data, max_entries=128)
def deletion_insertion(
    model_name: str, pixels: np.ndarray, asked: tuple[MapRequest, ...]
) -> DeletionInsertionTest:
    """Compute the curves of several maps of one picture, which explain the same score.

    Raises:
        PictureError: The picture is blank.
    """
    score = ClassScore(asked[0].target, asked[0].against)
    heatmaps = [heatmap(model_name, pixels, one) for one in asked]
    return faithfulness.deletion_insertion_test(
        networks.model(model_name),
        pixels,
        heatmaps,
        score,
        background=explanations.background(model_name),
    )


def strip(
    model_name: str, pixels: np.ndarray, asked: MapRequest | None, shares: Sequence[float]
) -> np.ndarray:
    """Return the picture while it is deleted in the order of a map; None is a random order."""
    order = np.zeros(pixels.shape[:2]) if asked is None else heatmap(model_name, pixels, asked)
    return faithfulness.snapshots(
        pixels, order, shares, background=explanations.background(model_name)
    )


@lru_cache(maxsize=2048)
def estimate(values: tuple[float | None, ...]) -> Estimate | None:
    """Estimate a mean with its interval; a ranking asks for more than a hundred."""
    return ranking.estimate(values)


# One other map at a time: a visitor who clicks on waits for no more, and loses nothing.
@keyed_by_weights(st.cache_data, max_entries=1024)
def similarity(model_name: str, pixels: np.ndarray, asked: MapRequest, turn: int) -> float | None:
    """Compare the map with that of one of the networks with fresh weights.

    Args:
        model_name: Model name of the network.
        pixels: Pixels of the picture.
        asked: Request for the map.
        turn: Number below NUM_FRESH for a fresh network, NUM_FRESH for the network with a fresh
            last layer.
    """
    fresh = fresh_networks(model_name)
    network = (*fresh.whole, fresh.last)[turn]
    where = faithfulness.baseline_of(
        pixels, background=explanations.background(model_name)
    ).is_deletable
    return faithfulness.similarity(
        heatmap(model_name, pixels, asked), asked.maker(model_name)(network, pixels), where
    )


@keyed_by_weights(st.cache_data, max_entries=1024)
def steadiness(model_name: str, pixels: np.ndarray, asked: MapRequest, turn: int) -> float | None:
    """Compare the map with that of one of the NUM_COPIES noisy copies of the picture."""
    baseline = faithfulness.baseline_of(pixels, background=explanations.background(model_name))
    copy = faithfulness.noisy_copies(pixels, baseline)[turn]
    return faithfulness.rank_correlation(
        heatmap(model_name, pixels, asked),
        asked.maker(model_name)(networks.model(model_name), copy),
        baseline.is_deletable,
    )


@keyed_by_weights(st.cache_data, max_entries=32)
def stages(model_name: str) -> tuple[str, ...]:
    """Return the layers at which the cascade stops, from the last to the first."""
    return faithfulness.stages(networks.model(model_name))


@keyed_by_weights(st.cache_data, max_entries=256)
def stage(model_name: str, pixels: np.ndarray, asked: MapRequest, lowest: str) -> float | None:
    """Compare the map with that after a layer and all behind that layer got fresh weights."""
    other = faithfulness.randomised(networks.model(model_name), lowest=lowest)
    where = faithfulness.baseline_of(
        pixels, background=explanations.background(model_name)
    ).is_deletable
    return faithfulness.similarity(
        heatmap(model_name, pixels, asked), asked.maker(model_name)(other, pixels), where
    )


# One map of one picture at a time: a visitor who leaves loses nothing, and others are let in.
@keyed_by_weights(st.cache_data, max_entries=4096)
def figures(model_name: str, method: str, index: int, turn: int) -> MapFigures:
    """Compute the figures of one map of a test picture, for its true class."""
    split = pictures.split(models.get(model_name).dataset, "test")
    return map_tests.figures_of(
        networks.model(model_name),
        fresh_networks(model_name),
        split.images[index],
        int(split.labels[index]),
        method,
        dataset=models.get(model_name).dataset,
        turn=turn,
    )


@keyed_by_weights(st.cache_data, max_entries=1024)
def random_area(model_name: str, index: int) -> float:
    """Compute the mean area under the curves of random orders on a test picture."""
    dataset = models.get(model_name).dataset
    split = pictures.split(dataset, "test")
    return map_tests.random_area(
        networks.model(model_name), split.images[index], int(split.labels[index]), dataset
    )


def rival_of(model_name: str, method: str) -> str:
    """Return the best other method: by the shipped ranking, or as it usually is."""
    return best_other(model_name, method) or usual_other(method)


def usual_other(method: str) -> str:
    """Return the method to compare with where nothing is ranked."""
    return "integrated_gradients" if method != "integrated_gradients" else "occlusion"


def best_other(model_name: str, method: str) -> str | None:
    """Return the best other method of the shipped ranking that can be asked, or None."""
    try:
        best = shipped(model_name).best({method, *explanations.obstacles(model_name)})
    except MissingFileError:
        return None
    return None if best is None else best.method
