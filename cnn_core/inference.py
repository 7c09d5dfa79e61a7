"""The only forward pass, and its gradient: traced once a network, batched, thread-safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256


@dataclass(frozen=True)
class Prediction:
    """A network's answer to each of n images.

    Attributes:
        logits: (n, classes) float32, the last layer's values before the softmax.
        probabilities: (n, classes) float32, their softmax; each row sums to 1.
    """

    logits: np.ndarray
    probabilities: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        """(n,) int64, the class with the largest logit: the network's answer."""
        return self.logits.argmax(axis=1)

    @property
    def confidences(self) -> np.ndarray:
        """(n,) float32, the probability of the answer."""
        return self.probabilities.max(axis=1)

    @property
    def margins(self) -> np.ndarray:
        """(n,) float32, the largest logit minus the second largest."""
        top = np.partition(self.logits, -2, axis=1)
        return top[:, -1] - top[:, -2]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities that sum to 1 along the last axis."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    probabilities: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities.astype(np.float32)


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Run the network forward.

    Args:
        model: a network whose last layer gives logits.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].

    Returns:
        (n, classes) float32.

    Raises:
        ValueError: the images do not fit the network's input, or hold a value that is not finite.
    """
    batch = as_batch(model, images)
    forward = _traced(model)
    parts = [forward(batch[i : i + BATCH_SIZE]).numpy() for i in range(0, len(batch), BATCH_SIZE)]
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), np.float32)


def predict(model: keras.Model, images: np.ndarray) -> Prediction:
    """Run the network forward and turn its logits into probabilities.

    Args:
        model: a network whose last layer gives logits.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].

    Returns:
        A Prediction of n rows.

    Raises:
        ValueError: the images do not fit the network's input, or hold a value that is not finite.
    """
    values = logits(model, images)
    return Prediction(values, softmax(values))


def gradients(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How a weighted sum of each image's logits changes with each of its pixels.

    Args:
        model: a network whose last layer gives logits.
        images: (n, height, width, channels), in [0, 1].
        weights: (n, classes), of each image's logits; or (classes,) for all images.

    Returns:
        (n, height, width, channels) float32, logits per unit of brightness.

    Raises:
        ValueError: the images or the weights do not fit the network, or a value is not finite.
    """
    batch, classes = as_batch(model, images), model.output_shape[-1]
    each = np.asarray(weights, np.float32)
    if each.shape not in ((classes,), (len(batch), classes)) or not np.isfinite(each).all():
        raise ValueError(
            f"Expected finite weights of shape ({classes},) or ({len(batch)}, {classes}). "
            f"Received: weights.shape={each.shape}"
        )
    each = np.broadcast_to(each, (len(batch), classes))
    run, size = _traced_gradients(model), BATCH_SIZE
    parts = [
        run(batch[i : i + size], each[i : i + size]).numpy() for i in range(0, len(batch), size)
    ]
    return np.concatenate(parts) if parts else np.zeros_like(batch)


def as_image(model: keras.Model, image: np.ndarray) -> np.ndarray:
    """Return one image as float32 (height, width, channels) that fits the network.

    Raises:
        ValueError: it does not fit, is not a single image, or holds a value that is not finite.
    """
    batch = as_batch(model, image)
    if len(batch) != 1:
        raise ValueError(f"Expected one image. Received: image.shape={np.shape(image)}")
    return batch[0]


def as_batch(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return images as a float32 batch that fits the network, or say what does not fit.

    Raises:
        ValueError: the images do not fit the network's input, or hold a value that is not finite.
    """
    batch = np.asarray(images, np.float32)
    expected = tuple(model.input_shape[1:])
    if batch.ndim == len(expected):
        batch = batch[None]
    if batch.shape[1:] != expected:
        raise ValueError(
            f"Expected images of shape {expected} or (n, *{expected}). "
            f"Received: images.shape={np.shape(images)}"
        )
    if not np.isfinite(batch).all():
        raise ValueError("Expected finite images. Received: images with NaN or infinite values")
    return batch


@lru_cache(maxsize=16)
def _traced(model: keras.Model) -> Callable[[np.ndarray], Any]:
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)]
    return tf.function(lambda images: model(images, training=False), input_signature=signature)


@lru_cache(maxsize=16)
def _traced_gradients(model: keras.Model) -> Callable[[np.ndarray, np.ndarray], Any]:
    import tensorflow as tf

    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec((None, model.output_shape[-1]), tf.float32),
    ]

    @tf.function(input_signature=signature)
    def run(images: Any, weights: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            scores = tf.reduce_sum(model(images, training=False) * weights)
        return tape.gradient(scores, images)

    return run
