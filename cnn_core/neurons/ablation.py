"""Switching a neuron off, and what it does for each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import compatibility, inference
from cnn_core.activations import source_layers, walk
from cnn_core.inference import Progress, no_progress
from cnn_core.layer_kinds import kind_of
from cnn_core.model_cache import cached_per_model
from cnn_core.neurons.units import check_channel

if TYPE_CHECKING:
    import keras


def ablated_logits(
    model: keras.Model,
    layer: str,
    channel: int,
    images: np.ndarray,
    *,
    level: float = 0.0,
    progress: Progress = no_progress,
) -> np.ndarray:
    """Run the network with one neuron held at a fixed level, whatever the image shows.

    A channel is held at all places of its map. The network itself stays as it is: its layers are
    called one by one, with the neuron replaced on the way.

    Args:
        model: A Functional network whose last layer gives logits.
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].
        level: Level at which the neuron is held; 0 switches the neuron off.
        progress: Callback that receives the share done, in [0, 1], after every batch.

    Returns:
        (n, classes) float32.

    Raises:
        UnknownNameError: There is no such layer or channel.
        ValueError: The images do not fit the network, or hold a value that is not finite.
    """
    check_channel(model, layer, channel)
    batch = inference.as_batch(model, images)
    keep, put = _unchanged(model, layer)
    keep[channel], put[channel] = 0, level
    run = _traced(model, layer)
    return inference.in_batches(lambda part: run(part, keep, put), batch, progress=progress)


def class_effects(model: keras.Model, layer: str, channel: int, images: np.ndarray) -> np.ndarray:
    """Compute the fall of each logit when a neuron is switched off.

    The mean over the images of logit minus logit with the neuron at 0. Above 0: the neuron speaks
    for the class. Where the way from it to the logits is straight, this is its mean activation
    times its weight; elsewhere it says what really happens, bends and all.

    Args:
        model: A Functional network whose last layer gives logits.
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.
        images: (n, height, width, channels) in [0, 1], at least one.

    Returns:
        (classes,) float32, in logits.

    Raises:
        UnknownNameError: There is no such layer or channel.
        ValueError: There is no image, or they do not fit the network.
    """
    if not len(images):
        raise ValueError("Expected at least one image. Received: none")
    falls = inference.logits(model, images) - ablated_logits(model, layer, channel, images)
    mean: np.ndarray = falls.mean(axis=0, dtype=np.float64)
    return mean.astype(np.float32)


def direct_weights(model: keras.Model, layer: str, channel: int) -> np.ndarray | None:
    """Compute the exact weight of a neuron towards each class, where there is one.

    Args:
        model: A Functional network whose last layer gives logits.
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.

    Returns:
        (classes,) float32, in logits for each unit of activation (of a channel, at all places of
        its map at once); None if a layer behind it bends what passes, so that there is no single
        weight, or if it is a logit itself.

    Raises:
        UnknownNameError: There is no such layer or channel.
    """
    check_channel(model, layer, channel)
    behind = _behind(model, layer)
    if not behind or not all(_is_straight(each) for each in behind):
        return None
    blank = np.zeros((1, *model.input_shape[1:]), np.float32)
    keep, put = _unchanged(model, layer)
    base = _traced(model, layer)(blank, keep, put).numpy()[0]
    put[channel] = 1
    raised: np.ndarray = _traced(model, layer)(blank, keep, put).numpy()[0] - base
    return raised


def _unchanged(model: keras.Model, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Return factors and summands of all channels of a layer that change nothing."""
    count = model.get_layer(layer).output.shape[-1]
    return np.ones(count, np.float32), np.zeros(count, np.float32)


@cached_per_model()
def _traced(model: keras.Model, layer: str) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    channels = (model.get_layer(layer).output.shape[-1],)
    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec(channels, tf.float32),
        tf.TensorSpec(channels, tf.float32),
    ]

    @tf.function(input_signature=signature)
    def run(images: Any, keep: Any, put: Any) -> Any:
        def step(each: Any, taken: list[Any]) -> Any:
            output = each(keras.tree.pack_sequence_as(each.input, taken), training=False)
            return output * keep + put if each.name == layer else output

        return walk(model, images, step)[compatibility.source_name(model.outputs[0])]

    return run


def _behind(model: keras.Model, layer: str) -> list[Any]:
    """Return all layers between a layer's output and the logits."""
    reached, behind = {layer}, []
    for each in model.layers:
        if each.name != layer and reached & set(source_layers(each)):
            reached.add(each.name)
            behind.append(each)
    return behind


def _is_straight(layer: Any) -> bool:
    """Return True if a layer's output is a weighted sum of its input plus a constant."""
    import keras

    from cnn_core.models.layers import IdentityShortcut

    kinds = keras.layers
    straight = (
        *(kinds.Dense, kinds.Conv2D, kinds.BatchNormalization, kinds.Rescaling, kinds.Activation),
        *(kinds.Flatten, kinds.Reshape, kinds.Dropout, kinds.ZeroPadding2D, IdentityShortcut),
        *(kinds.AveragePooling2D, kinds.GlobalAveragePooling2D, kinds.Add, kinds.Concatenate),
    )
    activation = getattr(layer, "activation", keras.activations.linear)
    is_straight = kind_of(layer) is not None and isinstance(layer, straight)
    return is_straight and activation is keras.activations.linear
