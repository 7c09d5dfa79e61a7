"""What the gradient at the image, or around it, says.

tf-keras-vis gives the gradients; here they are traced once for each network, left raw instead of
stretched to [0, 1], and their noise is made repeatable by a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.keras_vis import visualization
from cnn_core.model_cache import cached_per_model
from cnn_core.options import number

if TYPE_CHECKING:
    import keras

GROUP = "Gradients"


def gradient_saliency(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """How strongly the score reacts to a small change of each pixel, whichever its direction.

    The magnitude of the gradient of the score with respect to the pixel, the largest over the
    channels: the attention map of the one-versus-two study. Never below 0.

    Reference: Karen Simonyan, Andrea Vedaldi and Andrew Zisserman, "Deep Inside Convolutional
    Networks", 2014, https://arxiv.org/abs/1312.6034
    """
    return _saliency(model, image[None], score.weights(model.output_shape[-1]))[0]


def smooth_grad(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    samples: int = 25,
    noise: float = 0.2,
) -> np.ndarray:
    """The magnitude of the gradient averaged over noisy copies of the image.

    Normal noise with a standard deviation of noise times the image's range is added to each
    copy; of the means, the largest over the channels. Never below 0, and smoother than one
    gradient. The paper averages gradients with their signs, which would cancel where they change
    from copy to copy.

    Reference: Daniel Smilkov and others, "SmoothGrad: removing noise by adding noise", 2017,
    https://arxiv.org/abs/1706.03825
    """
    return np.abs(_noisy(model, image, score, seed, samples, noise)).mean(axis=0).max(axis=-1)


def var_grad(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    samples: int = 25,
    noise: float = 0.2,
) -> np.ndarray:
    """How much the gradient at each pixel varies between noisy copies of the image.

    The variance of the gradients with their signs, the largest over the channels: high where a
    small change of the image changes what the network looks at. Never below 0.

    Reference: Julius Adebayo, Justin Gilmer, Ian Goodfellow and Been Kim, "Local Explanation
    Methods for Deep Neural Networks Lack Sensitivity to Parameter Values", 2018,
    https://arxiv.org/abs/1810.03307
    """
    return _noisy(model, image, score, seed, samples, noise).var(axis=0).max(axis=-1)


def input_x_gradient(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """The gradient of the score times the pixel, summed over the channels.

    Above 0: what is here raises the score; below 0: it lowers it.

    Reference: Avanti Shrikumar, Peyton Greenside, Anna Shcherbina and Anshul Kundaje, "Not Just
    a Black Box", 2016, https://arxiv.org/abs/1605.01713
    """
    return _products(model, image[None], score.weights(model.output_shape[-1]))[0]


def gradients(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the gradient of each image's score with respect to its pixels.

    Args:
        model: A network whose last layer gives logits.
        images: (n, height, width, channels) float32.
        weights: (classes,) or (n, classes) float32, the score of each image is logits @ weights.

    Returns:
        (n, height, width, channels) float32, in logits per unit of brightness.
    """
    return for_scores(_traced(model), images, weights)


def for_scores(run: Callable[..., Any], images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give many images to a traced function in parts that fit into memory.

    Args:
        run: (images, weights) -> tensor, with one row for each image.
        images: (n, height, width, channels).
        weights: (classes,) or (n, classes).
    """
    rows = np.broadcast_to(weights, (len(images), weights.shape[-1])).astype(np.float32)
    return inference.in_batches(run, images, rows)


def signature(model: keras.Model) -> list[Any]:
    """Return the signature of a traced function of images and the weights of their scores."""
    import tensorflow as tf

    return [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec((None, model.output_shape[-1]), tf.float32),
    ]


def _saliency(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.abs(gradients(model, images, weights)).max(axis=-1)


def _products(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (gradients(model, images, weights) * images).sum(axis=-1)


def _noisy(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    seed: int,
    samples: int,
    noise: float,
) -> np.ndarray:
    deviation = np.float32(noise * float(np.ptp(image)))
    random = np.random.default_rng(seed).standard_normal((samples, *image.shape), np.float32)
    return gradients(model, image + deviation * random, score.weights(model.output_shape[-1]))


@cached_per_model()
def _traced(model: keras.Model) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    # tf-keras-vis passes a list of inputs; a network told so does not warn about it.
    saliency = visualization("Saliency")(keras.Model(model.inputs, model.outputs))

    @tf.function(input_signature=signature(model))
    def run(images: Any, weights: Any) -> Any:
        return saliency(
            lambda logits: tf.reduce_sum(logits * weights, axis=-1),
            images,
            keepdims=True,
            gradient_modifier=None,
            normalize_map=False,
        )

    return run


_SAMPLES = number("samples", "Samples", "Noisy copies averaged.", 25, (1, 200, 1))
_COPIES = number("samples", "Samples", "Noisy copies compared.", 25, (2, 200, 1))
_NOISE = number(
    "noise", "Noise", "Standard deviation, as a share of the image's range.", 0.2, (0.0, 1.0, 0.05)
)

ROWS = (
    Method(
        "gradient_saliency",
        "Gradient saliency",
        GROUP,
        gradient_saliency,
        unit="logits per unit of brightness",
        is_signed=False,
        paper="https://arxiv.org/abs/1312.6034",
        weakness="It tells where the network is sensitive, not what speaks for the class, and it "
        "is noisy from pixel to pixel.",
        cost="one gradient",
        batch=_saliency,
    ),
    Method(
        "smooth_grad",
        "SmoothGrad",
        GROUP,
        smooth_grad,
        unit="logits per unit of brightness",
        is_signed=False,
        paper="https://arxiv.org/abs/1706.03825",
        weakness="It explains noisy images that the network never saw in training, not this one.",
        cost="one gradient a sample",
        options=(_SAMPLES, _NOISE),
        random_part="the noise of each copy",
    ),
    Method(
        "var_grad",
        "VarGrad",
        GROUP,
        var_grad,
        unit="(logits per unit of brightness) squared",
        is_signed=False,
        paper="https://arxiv.org/abs/1810.03307",
        weakness="A pixel that always matters equally gets 0, so it shows where the answer is "
        "unsteady rather than what it rests on.",
        cost="one gradient a sample",
        options=(_COPIES, _NOISE),
        random_part="the noise of each copy",
    ),
    Method(
        "input_x_gradient",
        "Input x gradient",
        GROUP,
        input_x_gradient,
        unit="logits",
        is_signed=True,
        paper="https://arxiv.org/abs/1605.01713",
        weakness="It is 0 wherever the image is 0, so it says nothing of missing strokes, and even "
        "a random network's map shows the image's shapes.",
        cost="one gradient",
        batch=_products,
    ),
)
