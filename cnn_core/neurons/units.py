"""Which neurons a network has, and how strongly each reacts to an image.

A neuron is a channel of a layer with feature maps, or a unit of a layer without places. The
reaction of a channel to an image is the largest value of its map.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnn_core import activations, inference
from cnn_core.errors import UnknownNameError
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras

Summary = Literal["max", "mean"]


def neuron_layers(model: keras.Model) -> tuple[str, ...]:
    """Return the names of the layers whose channels or units are neurons, from the input on.

    Flattening and dropout layers are left out: they repeat the neurons of the layer before.
    """
    import keras

    spatial = activations.spatial_layers(model)
    repeating = (keras.layers.InputLayer, keras.layers.Dropout, keras.layers.Flatten)
    return tuple(
        layer.name
        for layer in model.layers
        if layer.name in spatial
        or (len(layer.output.shape) == 2 and not isinstance(layer, repeating))
    )


def num_channels(model: keras.Model, layer: str) -> int:
    """Count the neurons of a layer.

    Raises:
        UnknownNameError: The network has no such layer with neurons.
    """
    names = neuron_layers(model)
    if layer not in names:
        raise UnknownNameError(
            f"There is no layer {layer!r} with neurons. Choose one of: {', '.join(names)}."
        )
    return int(model.get_layer(layer).output.shape[-1])


def check_channel(model: keras.Model, layer: str, channel: int) -> None:
    """Hold a layer and a channel to those that the network has.

    Raises:
        UnknownNameError: There is no such layer, or it has no such channel.
    """
    count = num_channels(model, layer)
    if not 0 <= channel < count:
        raise UnknownNameError(
            f"There is no channel {channel} in {layer}. Choose one from 0 to {count - 1}."
        )


def unit_activations(
    model: keras.Model, layer: str, images: np.ndarray, *, summary: Summary = "max"
) -> np.ndarray:
    """Compute the activation of each neuron of a layer for each image.

    Args:
        model: A Functional network.
        layer: Layer, one of neuron_layers().
        images: (n, height, width, channels) in [0, 1].
        summary: The largest value of each map, or the mean over its places; of a unit, its value.

    Returns:
        (n, neurons) float32.

    Raises:
        UnknownNameError: The network has no such layer with neurons.
        ValueError: The images do not fit the network, or hold a value that is not finite.
    """
    num_channels(model, layer)  # says which layers there are
    return inference.in_batches(_traced(model, layer, summary), inference.as_batch(model, images))


@cached_per_model(max_entries=32)
def _traced(model: keras.Model, layer: str, summary: Summary) -> Callable[[np.ndarray], Any]:
    import keras

    inner = keras.Model(model.inputs, model.get_layer(layer).output)
    return inference.traced(
        model, lambda images: summarise(inner([images], training=False), summary)
    )


def summarise(values: Any, summary: Summary) -> Any:
    """Reduce a tensor (n, rows, columns, channels) to one number for each image and channel.

    Args:
        values: The tensor; one of shape (n, units) is given back.
        summary: The largest value of each map, or the mean over its places.
    """
    import tensorflow as tf

    if len(values.shape) == 2:
        return values
    reduce = tf.reduce_max if summary == "max" else tf.reduce_mean
    return reduce(values, axis=tuple(range(1, len(values.shape) - 1)))
