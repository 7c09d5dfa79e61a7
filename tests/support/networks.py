"""Tiny networks whose every answer can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers


def linear(weights: np.ndarray) -> keras.Model:
    """A network whose logit c is the sum of image * weights[..., c]."""
    *shape, classes = weights.shape
    inputs = keras.Input(tuple(shape), name="image")
    flat = layers.Flatten(name="flatten")(inputs)
    model = keras.Model(inputs, layers.Dense(classes, use_bias=False, name="logits")(flat))
    model.set_weights([weights.reshape(-1, classes)])
    return model


def bent(kernel: np.ndarray, bias: np.ndarray) -> keras.Model:
    """A network whose one logit is the sum of relu(pixels @ kernel + bias).

    Args:
        kernel: (pixels, bends); the pixels stand in one row.
        bias: (bends,).
    """
    inputs = keras.Input((1, len(kernel), 1), name="image")
    x = layers.Dense(len(bias), activation="relu", name="bends")(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Dense(1, use_bias=False, name="logits")(x))
    model.set_weights([kernel, bias, np.ones((len(bias), 1))])
    return model


def two_maps(weights: np.ndarray) -> keras.Model:
    """Feature maps x and -2x of a one-channel image x, and logits that weigh every place of both.

    Args:
        weights: (height, width, 2, classes).
    """
    height, width, _, classes = weights.shape
    inputs = keras.Input((height, width, 1), name="image")
    maps = layers.Conv2D(2, 1, use_bias=False, name="maps")(inputs)
    flat = layers.Flatten(name="flatten")(maps)
    model = keras.Model(inputs, layers.Dense(classes, use_bias=False, name="logits")(flat))
    model.set_weights([np.array([[[[1, -2]]]]), weights.reshape(-1, classes)])
    return model


def small(
    shape: Sequence[int] = (20, 28, 1),
    *,
    classes: int = 3,
    activation: str = "relu",
    dtype: str = "float32",
    seed: int = 0,
) -> keras.Model:
    """Two convolutions, a pooling and a dense layer with random weights and biases."""
    inputs = keras.Input(tuple(shape), name="image", dtype=dtype)
    x = layers.Conv2D(3, 3, activation=activation, name="conv1", dtype=dtype)(inputs)
    x = layers.Conv2D(4, 3, activation=activation, name="conv2", dtype=dtype)(x)
    x = layers.MaxPooling2D(2, name="pool", dtype=dtype)(x)
    x = layers.Dropout(0.5, name="dropout", dtype=dtype)(x)
    x = layers.Flatten(name="flatten", dtype=dtype)(x)
    model = keras.Model(inputs, layers.Dense(classes, name="logits", dtype=dtype)(x))
    randomize(model, seed)
    return model


def randomize(model: keras.Model, seed: int) -> None:
    """Give a network random weights of a size at which its answers differ."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        weight.assign(random.normal(0, 0.3, weight.shape))


def picture(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """A random image in [0, 1], about half of it background."""
    random = np.random.default_rng(seed)
    return (random.random(tuple(shape), np.float32) * 2 - 1).clip(0)
