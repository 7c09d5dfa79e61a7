"""Networks with their shipped weights, once for all visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnn_core import models
from dashboard import tensorflow_loader
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    import keras


@keyed_by_weights(st.cache_data, max_entries=32)
def layer_names(model_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the convolution layers, and of all layers with feature maps."""
    from cnn_core import activations

    network = model(model_name)
    return activations.convolution_layers(network), activations.spatial_layers(network)


@keyed_by_weights(st.cache_data, max_entries=32)
def default_layer(model_name: str) -> str:
    """Return the layer that class activation maps look at by default."""
    from cnn_core import attribution

    return attribution.default_layer(model(model_name))


# Room for all that ship: one that was thrown out would be compiled anew, while a visitor waits.
@keyed_by_weights(st.cache_resource, max_entries=32)
def model(model_name: str) -> keras.Model:
    """Return a network with its shipped weights, once for all visitors."""
    tensorflow_loader.wait()
    return models.load_pretrained(model_name)
