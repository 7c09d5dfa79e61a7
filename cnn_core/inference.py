"""The only forward pass: traced once a network, batched, thread-safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cnn_core.errors import DivergedNetworkError
from cnn_core.layer_kinds import activation_name
from cnn_core.model_cache import cached_per_model
from cnn_core.pixels import checked_pixels

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 256
# What turns logits into probabilities, as an activation or a layer of its own.
_SQUASHING = {"softmax", "log_softmax", "sigmoid"}

Progress = Callable[[float], None]


def no_progress(_share: float) -> None:
    """Listen to how far it is, and say nothing."""


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
        """(n,) float32, the largest logit minus the second largest; infinite for a single class."""
        if self.logits.shape[1] == 1:
            return np.full(len(self.logits), np.inf, np.float32)
        top = np.partition(self.logits, -2, axis=1)
        return top[:, -1] - top[:, -2]

    @property
    def top2(self) -> tuple[int, int]:
        """The two classes with the largest logits for the first image, the larger first."""
        first, second = np.argsort(-self.logits[0], kind="stable")[:2]
        return int(first), int(second)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn logits into probabilities that sum to 1 along the last axis.

    Example:
        >>> softmax(np.array([0.0, np.log(3.0)])).tolist()
        [0.25, 0.75]
    """
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    probabilities: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities.astype(np.float32)


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Run the network forward.

    Args:
        model: A network whose last layer gives logits.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].

    Returns:
        (n, classes) float32.

    Raises:
        ValueError: The images do not fit the network's input, or a value lies outside [0, 1].
        DivergedNetworkError: The network gives NaN or infinite values.
    """
    batch = as_batch(model, images)
    return in_batches(_traced(model), batch)


def predict(model: keras.Model, images: np.ndarray) -> Prediction:
    """Run the network forward and turn its logits into probabilities.

    Args:
        model: A network whose last layer gives logits.
        images: (n, height, width, channels) or one (height, width, channels), in [0, 1].

    Returns:
        A Prediction of n rows.

    Raises:
        ValueError: The images do not fit the network's input, or a value lies outside [0, 1].
        DivergedNetworkError: The network gives NaN or infinite values.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> prediction = predict(model, digit)
        >>> int(prediction.classes[0]), bool(prediction.confidences[0] > 0.99)
        (7, True)
    """
    values = logits(model, images)
    return Prediction(values, softmax(values))


def in_batches(
    run: Callable[..., Any], *arrays: np.ndarray, progress: Progress = no_progress
) -> np.ndarray:
    """Give many rows to a traced function in parts that fit into memory.

    Args:
        run: (arrays) -> tensor, with one row for each of theirs.
        arrays: Arrays of the same length n, which may be 0.
        progress: Callback that receives the share done, in [0, 1], after every part.

    Returns:
        The rows (n, ...) of all parts together.

    Raises:
        DivergedNetworkError: A value is NaN or infinite.
    """
    count = len(arrays[0])
    if not count:  # TensorFlow fails to convolve nothing
        one = (np.zeros((1, *array.shape[1:]), array.dtype) for array in arrays)
        nothing: np.ndarray = run(*one).numpy()[:0]
        return nothing
    parts = []
    for start in range(0, count, BATCH_SIZE):
        end = start + BATCH_SIZE
        parts.append(run(*(array[start:end] for array in arrays)).numpy())
        progress(min(1.0, end / count))
    return check_finite(np.concatenate(parts))


def check_finite(values: np.ndarray) -> np.ndarray:
    """Return values that a network gave if all are finite.

    Raises:
        DivergedNetworkError: A value is NaN or infinite.
    """
    if not np.isfinite(values).all():
        raise DivergedNetworkError(
            "The network gives values that are not finite numbers, so its training diverged or its "
            "weights are damaged; train it again or choose another network."
        )
    return values


def as_image(model: keras.Model, image: np.ndarray) -> np.ndarray:
    """Return one image as float32 (height, width, channels) that fits the network.

    Raises:
        ValueError: The image does not fit, is not single, or a value lies outside [0, 1].
    """
    batch = as_batch(model, image)
    if len(batch) != 1:
        raise ValueError(f"Expected one image. Received: image.shape={np.shape(image)}")
    return batch[0]


def as_batch(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return images as a float32 batch that fits the network, or say what does not fit.

    Raises:
        ValueError: The images do not fit the network's input, or a value lies outside [0, 1]; or
            the network does not know the shape of its input, or gives no logits.
    """
    _check_network(model)
    batch = np.asarray(images)
    expected = tuple(model.input_shape[1:])
    if batch.ndim == len(expected):
        batch = batch[None]
    if batch.shape[1:] != expected:
        raise ValueError(
            f"Expected images of shape {expected} or (n, *{expected}). "
            f"Received: images.shape={np.shape(images)}"
        )
    return checked_pixels(batch)


def _check_network(model: keras.Model) -> None:
    """Stop what would otherwise be explained as logits and is none."""
    if getattr(model, "inputs", None) is None:
        raise ValueError(
            "Expected a network that knows the shape of its input: a Functional one, or a "
            "Sequential one that begins with keras.Input or was called on an image before. "
            f"Received: {model.name}"
        )
    last = model.layers[-1]
    while getattr(last, "layers", None):
        last = last.layers[-1]
    name = activation_name(last)
    squashing = (type(last).__name__ if name == "linear" else name).lower().removeprefix("custom ")
    if squashing in _SQUASHING:
        raise ValueError(
            "Expected a network whose last layer gives logits. Received: its last layer, "
            f"{last.name}, ends in a {squashing}. Set the activation of that layer to "
            "keras.activations.linear, or leave the layer out"
        )


def traced(model: keras.Model, compute: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Trace a function of a batch (n, height, width, channels) of a network's images, once."""
    import tensorflow as tf

    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    return cast(Callable[[Any], Any], tf.function(compute, input_signature=[images]))


@cached_per_model()
def _traced(model: keras.Model) -> Callable[[np.ndarray], Any]:
    return traced(model, lambda images: model(images, training=False))
