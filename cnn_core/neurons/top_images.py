"""The images that excite a neuron most, and which part of each it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import activations, inference
from cnn_core.activations import ReceptiveField
from cnn_core.inference import Progress, no_progress
from cnn_core.model_cache import cached_per_model
from cnn_core.neurons.units import check_channel, neuron_layers, summarise

if TYPE_CHECKING:
    import keras

NUM_PATCHES = 16
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Patch:
    """The part of an image that excites a neuron most.

    Attributes:
        activation: There, the largest value of the neuron's map.
        place: (row, column) of it in the map; None for a unit, which has no place.
        box: (top, left, bottom, right), the pixels seen from that place, the last two exclusive,
            clipped to the image; the whole image where there is no place.
    """

    activation: float
    place: tuple[int, int] | None
    box: Box


def top_images(
    model: keras.Model,
    images: np.ndarray,
    *,
    count: int = NUM_PATCHES,
    progress: Progress = no_progress,
) -> dict[str, np.ndarray]:
    """Find the images that excite each neuron of a network most, in one pass over them.

    Args:
        model: A Functional network.
        images: (n, height, width, channels) in [0, 1].
        count: Images for each neuron, fewer if there are not as many.
        progress: Callback that receives the share done, in [0, 1], after every batch.

    Returns:
        For each of neuron_layers() (count, neurons) int32, indices of images, the strongest
        first; of equals the earlier.

    Raises:
        ValueError: There is no image, or they do not fit the network.
    """
    batch, run = inference.as_batch(model, images), _traced(model, count)
    if not len(batch):
        raise ValueError("Expected at least one image. Received: none")
    best: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    size = 2 * inference.BATCH_SIZE  # each part is sorted, so larger ones are quicker
    for start in range(0, len(batch), size):
        found = run(batch[start : start + size])
        for layer in neuron_layers(model):
            values, indices = (part.numpy() for part in found[layer])
            best[layer] = _merged(best.get(layer), (values, indices + start), count)
        progress(min(1.0, (start + size) / len(batch)))
    return {layer: indices.T.astype(np.int32) for layer, (_, indices) in best.items()}


def _merged(
    known: tuple[np.ndarray, np.ndarray] | None,
    found: tuple[np.ndarray, np.ndarray],
    count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Merge two lists (neurons, k) of values and of whose they are, keeping the largest."""
    if known is None:
        return found
    values, indices = (np.concatenate(pair, axis=1) for pair in zip(known, found, strict=True))
    order = np.argsort(-values, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(values, order, 1), np.take_along_axis(indices, order, 1)


@cached_per_model(max_entries=4)
def _traced(model: keras.Model, count: int) -> Callable[[np.ndarray], Any]:
    import keras
    import tensorflow as tf

    layers = {name: model.get_layer(name).output for name in neuron_layers(model)}
    inner = keras.Model(model.inputs, layers)

    def run(images: Any) -> Any:
        outputs = inner([images], training=False)
        most = tf.minimum(count, tf.shape(images)[0])
        return {
            name: tf.math.top_k(tf.transpose(summarise(values, "max")), most)
            for name, values in outputs.items()
        }

    return inference.traced(model, run)


def top_patches(
    model: keras.Model, layer: str, channel: int, images: np.ndarray
) -> tuple[Patch, ...]:
    """Show which part of each image excites a neuron most.

    Args:
        model: A Functional network.
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.
        images: (n, height, width, channels) in [0, 1].

    Returns:
        A Patch for each image: the place of the largest activation, the first of equals in
        reading order, and its exact receptive field.

    Raises:
        UnknownNameError: There is no such layer or channel.
        ValueError: The images do not fit the network, or hold a value that is not finite.
    """
    check_channel(model, layer, channel)
    batch = inference.as_batch(model, images)
    field = activations.receptive_fields(model).get(layer)
    shape = model.input_shape[1:3]
    maps = [activations.feature_maps(model, image)[layer][..., channel] for image in batch]
    return tuple(_patch(values, field, shape) for values in maps)


def _patch(values: np.ndarray, field: ReceptiveField | None, shape: tuple[int, int]) -> Patch:
    if values.ndim == 0:
        return Patch(float(values), None, (0, 0, *shape))
    row, column = (int(i) for i in np.unravel_index(values.argmax(), values.shape))
    box = (0, 0, *shape) if field is None else box_of(field, (row, column), shape)
    return Patch(float(values[row, column]), (row, column), box)


def box_of(field: ReceptiveField, place: tuple[int, int], shape: tuple[int, int]) -> Box:
    """Return the pixels that one unit sees, clipped to the image.

    Args:
        field: Field of the layer.
        place: (row, column) of the unit in the feature map.
        shape: (height, width) of the image.

    Returns:
        (top, left, bottom, right), the last two exclusive.
    """
    starts = [at + step * i for at, step, i in zip(field.start, field.stride, place, strict=True)]
    ends = [
        min(start + size, side) for start, size, side in zip(starts, field.size, shape, strict=True)
    ]
    return max(starts[0], 0), max(starts[1], 0), ends[0], ends[1]
