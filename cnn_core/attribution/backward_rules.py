"""A network walked layer by layer, each activation apart from the linear layer before it.

Methods that change how a signal goes back through an activation or a pooling bring a Rule; all
other layers stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn_core.activations import walk
from cnn_core.compatibility import source_name
from cnn_core.layer_kinds import activation_name, kind_of

if TYPE_CHECKING:
    import keras

# Layers whose output is a linear function of their inputs, up to a constant, in a used network.
_LINEAR = frozenset(
    {
        "InputLayer", "Add", "Average", "Subtract", "Concatenate",
        "AveragePooling2D", "GlobalAveragePooling2D", "BatchNormalization",
        "Conv2D", "PartialConv2D", "Dense", "Rescaling", "Normalization",
        "Flatten", "Reshape", "Permute", "ZeroPadding2D", "Cropping2D", "UpSampling2D",
        "Dropout", "SpatialDropout2D", "GaussianNoise", "Identity", "IdentityShortcut",
    }
)  # fmt: skip
_BENDS = frozenset({"Activation", "ReLU", "LeakyReLU", "ELU"})
_POOLS = frozenset({"MaxPooling2D", "GlobalMaxPooling2D"})
# Activations that look at one value at a time.
_ELEMENTWISE = frozenset(
    {
        "linear", "relu", "relu6", "leaky_relu", "tanh", "sigmoid", "hard_sigmoid", "softplus",
        "softsign", "elu", "selu", "gelu", "silu", "exponential", "mish",
        "ReLU", "LeakyReLU", "ELU",
    }
)  # fmt: skip


def _plain(value: Any, layer: Callable[[Any], Any]) -> Any:
    return layer(value)


@dataclass(frozen=True)
class Rule:
    """Rule for the layers where a network is not linear.

    Attributes:
        activation: (value, activation) -> what the activation gives, with a gradient of its own.
        pool: (value, layer) -> what a max pooling gives, with a gradient of its own.
        weigh: (value) -> the sum that a dense or convolution layer gives, before its activation.
    """

    activation: Callable[[Any, Callable[[Any], Any]], Any] = _plain
    pool: Callable[[Any, Callable[[Any], Any]], Any] = _plain
    weigh: Callable[[Any], Any] = lambda value: value


def forward_with_rules(model: keras.Model, images: Any, rule: Rule) -> Any:
    """Give the logits of images, with the gradients of a rule.

    Args:
        model: A Functional or Sequential network that uses each layer once.
        images: (n, height, width, channels) tensor.
        rule: Rule for activations and poolings.
    """
    outputs = walk(model, images, lambda layer, taken: _step(layer, taken, rule))
    return outputs[source_name(model.outputs[0])]


def obstacle(model: keras.Model) -> str | None:
    """Return the reason why contributions cannot be passed back exactly, as a sentence; or None."""
    for layer in model.layers:
        activation = activation_name(layer)
        if kind_of(layer) not in _LINEAR | _BENDS | _POOLS:
            what = f"layers of the kind {type(layer).__name__}"
        elif activation not in _ELEMENTWISE:
            what = f"the activation {activation}"
        else:
            continue
        return (
            f"It passes contributions back layer by layer and has no rule for {what} "
            f"({layer.name}); integrated gradients add up too and take any network."
        )
    return None


def _step(layer: Any, taken: list[Any], rule: Rule) -> Any:
    kind = kind_of(layer)
    if kind in ("Conv2D", "PartialConv2D", "Dense"):
        value = rule.weigh(_weighted(layer, taken[0]))
        is_linear = activation_name(layer) == "linear"
        return value if is_linear else rule.activation(value, layer.activation)
    if kind in _BENDS:
        return rule.activation(taken[0], layer)
    if kind in _POOLS:
        return rule.pool(taken[0], layer)
    return layer(taken if len(taken) > 1 else taken[0], training=False)


def _weighted(layer: Any, value: Any) -> Any:
    """Compute a dense or convolution layer without its activation."""
    from keras import ops

    if kind_of(layer) == "Dense":
        value = ops.matmul(value, layer.kernel)
    else:
        value = layer.convolution_op(value, layer.kernel)
    return value if layer.bias is None else value + layer.bias
