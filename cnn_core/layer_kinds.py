"""What a layer is: one place that tells kinds of layers and activations apart.

A class that inherits from a Keras layer may compute something else, so methods that take a layer
apart must not treat it as that layer. kind_of() therefore knows exact classes only.
"""

from __future__ import annotations

from typing import Any

# The families that a drawing of a network tells apart, by the class of the layer.
_FAMILIES = {
    "Conv1D": "convolution",
    "Conv2D": "convolution",
    "Conv2DTranspose": "convolution",
    "Conv3D": "convolution",
    "DepthwiseConv2D": "convolution",
    "PartialConv2D": "convolution",
    "SeparableConv2D": "convolution",
    "AveragePooling2D": "pooling",
    "GlobalAveragePooling2D": "pooling",
    "GlobalMaxPooling2D": "pooling",
    "MaxPooling2D": "pooling",
    "IdentityShortcut": "shortcut",
    "Dense": "dense",
}


def kind_of(layer: Any) -> str | None:
    """Return the class name of a layer of Keras or of this project.

    None stands for any other class, also for one that inherits from a Keras layer.
    """
    import keras

    from cnn_core.models import layers

    kind = type(layer)
    homes = (keras.layers, layers)
    is_known = any(getattr(home, kind.__name__, None) is kind for home in homes)
    return kind.__name__ if is_known else None


def activation_name(layer: Any) -> str:
    """Return what a layer does to the sums that it computes, such as "relu" or "linear".

    Args:
        layer: A Keras layer. One without an activation is "linear".

    Returns:
        The name of a function of keras.activations or tf.nn; the class name of a layer of Keras
        that serves as the activation, such as "ReLU"; "custom NAME" for anything else.
    """
    activation = getattr(layer, "activation", None)
    return "linear" if activation is None else _name_of(activation)


def is_relu(activation: Any) -> bool:
    """Return True if an activation function or layer is a ReLU, leaky or not."""
    if kind_of(activation) == "Activation":
        activation = activation.activation
    return _name_of(activation) in ("relu", "relu6", "leaky_relu", "ReLU", "LeakyReLU")


def _name_of(activation: Any) -> str:
    import keras
    import tensorflow as tf

    if kind := kind_of(activation):
        return kind
    name = getattr(activation, "__name__", type(activation).__name__)
    public_name = str(name).removesuffix("_v2")  # tf.nn.softmax calls itself softmax_v2
    homes = (keras.activations, tf.nn)
    is_known = any(getattr(home, public_name, None) is activation for home in homes)
    return public_name if is_known else f"custom {name}"


def family_of(kind: str) -> str:
    """Return what a class of layers is drawn as.

    Args:
        kind: The name of the class.

    Returns:
        "convolution", "pooling", "shortcut", "dense" or "other".
    """
    return _FAMILIES.get(kind, "other")
