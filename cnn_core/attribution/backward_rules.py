"""A network walked layer by layer, each activation apart from the linear layer before it.

Methods that change how a signal goes back through an activation or a pooling bring a Rule; all
other layers stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnn_core.activations import source_layers

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
        "softsign", "elu", "selu", "gelu", "silu", "swish", "exponential", "mish",
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
        model: A Functional network that uses each layer once.
        images: (n, height, width, channels) tensor.
        rule: Rule for activations and poolings.
    """
    outputs: dict[str, Any] = {}
    for layer in model.layers:
        taken = [outputs[name] for name in source_layers(layer)] or [images]
        outputs[layer.name] = _step(layer, taken, rule)
    return outputs[model.outputs[0]._keras_history.operation.name]


def obstacle(model: keras.Model) -> str | None:
    """Return the reason why contributions cannot be passed back exactly, as a sentence; or None."""
    for layer in model.layers:
        kind = type(layer).__name__
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if kind not in _LINEAR | _BENDS | _POOLS:
            what = f"layers of the kind {kind}"
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
    kind = type(layer).__name__
    if kind == "InputLayer":
        return taken[0]
    if kind in ("Conv2D", "PartialConv2D", "Dense"):
        value = rule.weigh(_weighted(layer, taken[0]))
        is_linear = layer.activation.__name__ == "linear"
        return value if is_linear else rule.activation(value, layer.activation)
    if kind in _BENDS:
        return rule.activation(taken[0], layer)
    if kind in _POOLS:
        return rule.pool(taken[0], layer)
    return layer(taken if len(taken) > 1 else taken[0], training=False)


def _weighted(layer: Any, value: Any) -> Any:
    """Compute a dense or convolution layer without its activation."""
    from keras import ops

    if type(layer).__name__ == "Dense":
        value = ops.matmul(value, layer.kernel)
    else:
        value = layer.convolution_op(value, layer.kernel)
    return value if layer.bias is None else value + layer.bias
