"""The weights that make a neuron: those of its own layer, or of the layer it stems from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.activations import source_layers
from cnn_core.neurons.units import check_channel

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Kernel:
    """The weights of one neuron.

    Attributes:
        layer: The layer that holds them.
        channel: The neuron's channel there.
        weights: (height, width, input channels) float32. Of a unit that looks at flattened maps
            or pixels, a weight for every place of each; of a unit that looks at units, their
            weights in one row (1, units, 1).
        bias: Number that is added; 0 where the layer has none.
        sources: The names of the layers the weights are laid on.
    """

    layer: str
    channel: int
    weights: np.ndarray
    bias: float
    sources: tuple[str, ...]


def kernel(model: keras.Model, layer: str, channel: int) -> Kernel | None:
    """Find the weights that make a neuron.

    A layer without weights of its own, such as a pooling or an activation, and a normalisation
    pass channels on: their neurons stem from a layer before.

    Args:
        model: A Functional network.
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.

    Returns:
        The weights, or None if there are none: the channel is one of the image itself, or the sum
        of several maps.

    Raises:
        UnknownNameError: There is no such layer or channel.
    """
    import keras

    check_channel(model, layer, channel)
    found: Any = model.get_layer(layer)
    while not isinstance(found, (keras.layers.Conv2D, keras.layers.Dense)):
        before = [model.get_layer(name) for name in source_layers(found)]
        if isinstance(found, keras.layers.Concatenate):
            for each in before:
                if channel < each.output.shape[-1]:
                    found = each
                    break
                channel -= each.output.shape[-1]
        elif len(before) == 1 and before[0].output.shape[-1] == found.output.shape[-1]:
            found = before[0]
        else:
            return None
    bias = 0.0 if found.bias is None else float(found.bias.numpy()[channel])
    weights = _laid_out(model, found, found.kernel.numpy()[..., channel])
    return Kernel(found.name, channel, weights, bias, source_layers(found))


def _laid_out(model: keras.Model, layer: Any, weights: np.ndarray) -> np.ndarray:
    """Return the weights in the places of what they are laid on."""
    import keras

    if weights.ndim == 3:
        return weights.astype(np.float32)
    before: Any = layer
    while True:
        (name,) = source_layers(before)
        before = model.get_layer(name)
        shape = before.output.shape[1:]
        if len(shape) == 3:
            return weights.reshape(shape).astype(np.float32)
        keeps_places = (keras.layers.Flatten, keras.layers.Dropout, keras.layers.BatchNormalization)
        if not isinstance(before, keeps_places):
            return weights.reshape(1, -1, 1).astype(np.float32)
