"""Activation maximisation: the image that a neuron would like best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cnn_core import activations, compatibility
from cnn_core.keras_vis import visualization
from cnn_core.model_cache import cached_per_model
from cnn_core.neurons.top_images import Box, box_of
from cnn_core.neurons.units import check_channel

if TYPE_CHECKING:
    import keras

# Noise, fine and coarse, soft and hard: a neuron that one kind leaves cold another may wake.
_BLURS = (0.0, 0.7, 1.2, 2.0, 3.0)
_NUM_TRIED, _NUM_STARTS = 320, 4
_STEP = 0.05


@dataclass(frozen=True)
class Maximised:
    """An image made to excite a neuron.

    Attributes:
        image: (height, width, channels) float32 in [0, 1].
        activation: Activation of the neuron, on that image.
        start: The largest activation on the random images that it began with.
        box: (top, left, bottom, right), the pixels that the neuron sees, the last two exclusive;
            the others stay black.
    """

    image: np.ndarray
    activation: float
    start: float
    box: Box


def maximise(
    model: keras.Model,
    layer: str,
    channel: int,
    *,
    seed: int = 0,
    steps: int = 60,
    smoothness: float = 0.5,
    sparsity: float = 0.6,
) -> Maximised:
    """Paint an image that excites a neuron as strongly as possible.

    Of many random images the few that excite it most climb the neuron's gradient, step by step,
    held to [0, 1], and the best one is kept. Two penalties keep it readable: total variation,
    against speckle, and the mean brightness, against ink that does nothing. Of a channel the
    neuron in the middle of the map is excited. The result is what this neuron answers to most, not
    what it usually sees: it need not look like any image of the data set.

    Reference: Dumitru Erhan, Yoshua Bengio, Aaron Courville and Pascal Vincent, "Visualizing
    Higher-Layer Features of a Deep Network", 2009; Aravindh Mahendran and Andrea Vedaldi,
    "Understanding Deep Image Representations by Inverting Them", 2015,
    https://arxiv.org/abs/1412.0035

    Args:
        model: A Functional network whose images are in [0, 1].
        layer: Layer, one of neuron_layers().
        channel: Channel of the layer.
        seed: Seed of the images to begin with; the same seed gives the same result.
        steps: Up the gradient, at least 1.
        smoothness: Weight of the total variation, finite and at least 0.
        sparsity: Weight of the mean brightness, finite and at least 0.

    Returns:
        A Maximised. Its activation may be no larger than at the start: a neuron that no random
        image wakes has no gradient to climb.

    Raises:
        UnknownNameError: There is no such layer or channel.
        ValueError: steps is below 1, or a weight is out of its range.
    """
    import keras
    import tensorflow as tf

    check_channel(model, layer, channel)
    if steps < 1:
        raise ValueError(f"Expected steps of at least 1. Received: steps={steps}")
    for name, weight in (("smoothness", smoothness), ("sparsity", sparsity)):
        if not 0 <= weight < np.inf:
            raise ValueError(
                f"Expected {name} to be finite and at least 0. Received: {name}={weight}"
            )
    inner = _traced_part(model, layer)
    sides = tuple(inner.output_shape[1:-1])
    unit = (..., *(side // 2 for side in sides), channel)

    def score(outputs: Any) -> Any:
        return outputs[unit]

    tried = _noise(model.input_shape[1:], seed)
    before = score(inner([tried], training=False)).numpy()
    starts = tried[np.argsort(-before, kind="stable")[:_NUM_STARTS]]
    # All penalties are weighed against a neuron whose gradient has the size 1.
    with tf.GradientTape() as tape:
        images = tf.constant(starts)
        tape.watch(images)
        value = score(inner([images], training=False))
    slopes = tf.reduce_sum(tf.abs(tape.gradient(value, images)), axis=(1, 2, 3)).numpy()
    size = float(slopes.max()) or 1.0
    found = visualization("ActivationMaximization")(inner)(
        lambda outputs: score(outputs) / size,
        seed_input=starts,
        input_range=(0.0, 1.0),
        # It holds only the result to the range; a climb outside of it would be in vain.
        input_modifiers=[lambda images: tf.clip_by_value(images, 0.0, 1.0)],
        regularizers=[
            visualization("TotalVariation2D")(weight=smoothness),
            visualization("Norm")(weight=sparsity, p=1),
        ],
        steps=steps,
        optimizer=keras.optimizers.RMSprop(_STEP),
    )
    painted = np.array(found, np.float32)
    values = score(inner([painted], training=False)).numpy()
    best = int(values.argmax())
    box = _seen(model, layer, sides)
    image = np.zeros_like(painted[best])
    seen = np.s_[box[0] : box[2], box[1] : box[3]]
    image[seen] = painted[best][seen]
    return Maximised(image, float(values[best]), float(before.max()), box)


@cached_per_model(max_entries=8)
def _traced_part(model: keras.Model, layer: str) -> keras.Model:
    """Trace the network up to a layer once: every step of a climb calls it."""
    import keras
    import tensorflow as tf

    part = keras.Model(model.inputs, model.get_layer(layer).output)
    call = part.call
    images = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    run = tf.function(lambda inputs: call(inputs, training=False), input_signature=[[images]])
    compatibility.replace_call(part, run)
    return part


def _noise(shape: tuple[int, int, int], seed: int) -> np.ndarray:
    """Random images (n, height, width, channels) in [0, 1]."""
    random = np.random.default_rng(seed)
    images = random.standard_normal((_NUM_TRIED, *shape), np.float32)
    for i in range(_NUM_TRIED):
        if blur := _BLURS[i % len(_BLURS)]:
            images[i] = cv2.GaussianBlur(images[i], (0, 0), blur).reshape(shape)
    images /= images.std(axis=(1, 2, 3), keepdims=True)
    gain, level = random.uniform((0.2, -0.5), (2.0, 1.0), (_NUM_TRIED, 2)).astype(np.float32).T
    return np.clip(images * gain[:, None, None, None] + level[:, None, None, None], 0, 1)


def _seen(model: keras.Model, layer: str, sides: tuple[int, ...]) -> Box:
    shape = model.input_shape[1:3]
    field = activations.receptive_fields(model).get(layer)
    if field is None or not sides:
        return (0, 0, *shape)
    return box_of(field, (sides[0] // 2, sides[1] // 2), shape)
