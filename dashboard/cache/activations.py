"""Outputs of layers, receptive fields and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.cache.networks import model
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    from cnn_core.activations import ReceptiveField, WeightStatistics


@keyed_by_weights(st.cache_data, max_entries=32)
def feature_maps(model_name: str, pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the output of every layer for one image."""
    from cnn_core import activations

    return activations.feature_maps(model(model_name), pixels)


@keyed_by_weights(st.cache_data, max_entries=64)
def receptive_field(model_name: str, layer: str) -> ReceptiveField:
    """Return the part of the image that the units of a layer see."""
    from cnn_core import activations

    return activations.receptive_field(model(model_name), layer)


@keyed_by_weights(st.cache_resource, max_entries=4)
def weight_statistics(model_name: str) -> tuple[WeightStatistics, ...]:
    """Return the statistics of every weight array of a network."""
    from cnn_core import activations

    return activations.weight_statistics(model(model_name))
