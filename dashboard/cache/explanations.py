"""Predictions and maps that follow the hand, each computed once for all visitors.

The keys hold the SHA-256 of the weights, see weights_key.py. Streamlit's own cache would take a
millisecond to look something up, as long as the network takes to answer, and keeps a lock for every
key for ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.attribution import METHODS
from cnn_core.datasets import Background
from cnn_core.inference import Prediction
from dashboard.cache import networks, pictures
from dashboard.cache.single_flight import Once
from dashboard.cache.weights_key import keyed_by_weights, weights_hash

if TYPE_CHECKING:
    from cnn_core.attribution import Attribution
    from cnn_core.attribution.occlusion import OcclusionMap


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


Options = tuple[tuple[str, Any], ...]
_predictions: Once[Prediction] = Once(512)
_explanations: Once[Attribution] = Once(512)
_occlusion_maps: Once[OcclusionMap] = Once(128)


def background(model_name: str) -> Background:
    """The background of the pictures that a network takes."""
    return datasets.get(models.get(model_name).dataset).background


def prediction(model_name: str, pixels: np.ndarray) -> Prediction:
    """Return the prediction for one image; one run of a page asks several times."""
    from cnn_core import inference

    def compute() -> Prediction:
        answer = inference.predict(networks.model(model_name), pixels)
        _freeze(answer.logits, answer.probabilities)
        return answer

    return _predictions.get(_key(model_name, pixels), compute)


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
    from dashboard.cache.explanations import references_of

    def compute() -> Attribution:
        settings: dict[str, Any] = {"layer": layer, "references": references_of(model_name, method)}
        settings |= {"background": background(model_name), **dict(options)}
        found = explain(
            networks.model(model_name), pixels, target, against=against, method=method, **settings
        )
        _freeze(found.heatmap)
        return found

    named = tuple((key, _as_key(value)) for key, value in options)
    asked = (method, target, against, layer, named)
    return _explanations.get((*_key(model_name, pixels), asked), compute)


def occlusion_map(
    model_name: str, pixels: np.ndarray, patch_size: int, stride: int, fill: str
) -> OcclusionMap:
    """Return the logits with a patch at every position, read-only."""
    from cnn_core.attribution.occlusion import occlusion_sensitivity

    def compute() -> OcclusionMap:
        found = occlusion_sensitivity(networks.model(model_name), pixels, patch_size, stride, fill)
        _freeze(found.logits, found.base_logits, found.filling, found.tops, found.lefts)
        return found

    return _occlusion_maps.get((*_key(model_name, pixels), (patch_size, stride, fill)), compute)


def live_patch(model_name: str) -> tuple[int, int, str]:
    """Patch size, stride and fill of the occlusion map that follows the pen.

    Args:
        model_name: Model name of the network.
    """
    scale = max(1, round(models.get(model_name).input_shape[1] / 28))
    # A black patch would draw on a photograph, on paper it is none.
    return 4 * scale, 2 * scale, "black" if background(model_name) == "paper" else "mean"


def _key(model_name: str, pixels: np.ndarray) -> tuple[Any, ...]:
    return model_name, weights_hash(model_name), *_as_key(np.asarray(pixels, np.float32))


def _as_key(value: Any) -> Any:
    """Return a hashable key of a setting: shape and bytes for a picture."""
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def _freeze(*arrays: np.ndarray) -> None:
    for array in arrays:
        array.flags.writeable = False
