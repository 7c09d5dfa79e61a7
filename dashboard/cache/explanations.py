"""Predictions and maps that follow the hand, each computed once for all visitors.

The keys hold the SHA-256 of the weights, see weights_key.py.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.attribution import METHODS
from cnn_core.datasets import Background
from cnn_core.inference import Prediction
from dashboard.cache import networks, pictures
from dashboard.cache.single_flight import shared
from dashboard.cache.weights_key import keyed_by_weights, weights_hash

if TYPE_CHECKING:
    from cnn_core.attribution import Attribution
    from cnn_core.attribution.occlusion import OcclusionMap


Options = tuple[tuple[str, Any], ...]


def _hashable(value: Any) -> Hashable:
    """Return shape and bytes of a picture; other settings are hashable themselves."""
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return tuple(map(_hashable, value)) if isinstance(value, tuple) else value


def _key(model_name: str, pixels: np.ndarray, *settings: Any) -> Hashable:
    asked = _hashable((np.asarray(pixels, np.float32), *settings))
    return model_name, weights_hash(model_name), asked


def _explanation_key(
    model_name: str,
    pixels: np.ndarray,
    method: str,
    target: int,
    against: int | None = None,
    layer: str | None = None,
    options: Options = (),
) -> Hashable:
    return _key(model_name, pixels, method, target, against, layer, options)


def _freeze(*arrays: np.ndarray) -> None:
    for array in arrays:
        array.flags.writeable = False


def background(model_name: str) -> Background:
    """Return the background of the pictures that a network takes."""
    return datasets.get(models.get(model_name).dataset).background


@shared(512, _key)
def prediction(model_name: str, pixels: np.ndarray) -> Prediction:
    """Return the prediction for one image; one run of a page asks several times."""
    from cnn_core import inference

    answer = inference.predict(networks.model(model_name), pixels)
    _freeze(answer.logits, answer.probabilities)
    return answer


@shared(512, _explanation_key)
def explanation(
    model_name: str,
    pixels: np.ndarray,
    method: str,
    target: int,
    against: int | None = None,
    layer: str | None = None,
    options: Options = (),
) -> Attribution:
    """Return the heatmap of one method, read-only."""
    from cnn_core.attribution import explain

    found = explain(
        networks.model(model_name),
        pixels,
        target,
        against=against,
        method=method,
        layer=layer,
        references=references_of(model_name, method),
        background=background(model_name),
        **dict(options),
    )
    _freeze(found.heatmap)
    return found


@shared(128, _key)
def occlusion_map(
    model_name: str, pixels: np.ndarray, patch_size: int, stride: int, fill: str
) -> OcclusionMap:
    """Return the logits with a patch at every position, read-only."""
    from cnn_core.attribution.occlusion import occlusion_sensitivity

    found = occlusion_sensitivity(networks.model(model_name), pixels, patch_size, stride, fill)
    _freeze(found.logits, found.base_logits, found.filling, found.tops, found.lefts)
    return found


def live_patch(model_name: str) -> tuple[int, int, str]:
    """Return patch size, stride and fill of the occlusion map that follows the pen."""
    scale = max(1, round(models.get(model_name).input_shape[1] / 28))
    # A black patch would draw on a photograph, on paper it is none.
    return 4 * scale, 2 * scale, "black" if background(model_name) == "paper" else "mean"


def references_of(model_name: str, method: str) -> np.ndarray | None:
    """Return the pictures that a method compares with; None if the method takes none."""
    needs_some = METHODS[method].needs_references
    return pictures.references(models.get(model_name).dataset) if needs_some else None


def obstacles(model_name: str) -> dict[str, str]:
    """Return why some methods cannot explain a network now: a sentence for each, by method."""
    found = dict(_obstacles(model_name))
    dataset = models.get(model_name).dataset
    if datasets.find(dataset) is None:
        for method, row in METHODS.items():
            if row.needs_references:
                found[method] = (
                    f"It compares with training pictures, and those of "
                    f"{datasets.get(dataset).title} are not on this machine."
                )
    return found


@keyed_by_weights(st.cache_data, max_entries=32)
def _obstacles(model_name: str) -> dict[str, str]:
    from cnn_core import attribution

    network = networks.model(model_name)
    reasons = {method: attribution.obstacle(network, method) for method in METHODS}
    return {method: reason for method, reason in reasons.items() if reason is not None}
