"""Gradient and class-activation maps.

tf-keras-vis gives gradients and CAMs; here they are traced once for each network, left raw
instead of stretched to [0, 1], and made repeatable by a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.attribution.score import ClassScore
from cnn_core.keras_vis import visualization

if TYPE_CHECKING:
    import keras


def gradient_saliency(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """How strongly the score reacts to a small change of each pixel, whichever its direction.

    The magnitude of the gradient of the score with respect to the pixel, the largest over the
    channels: the attention map of the one-versus-two study. Never below 0. It tells where the
    network is sensitive, not what speaks for the class, and it is noisy from pixel to pixel.

    Reference: Karen Simonyan, Andrea Vedaldi and Andrew Zisserman, "Deep Inside Convolutional
    Networks", 2014, https://arxiv.org/abs/1312.6034
    """
    return np.abs(_gradients(model, image[None], score)[0]).max(axis=-1)


def smooth_grad(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    samples: int = 25,
    noise: float = 0.2,
) -> np.ndarray:
    """The gradient saliency averaged over noisy copies of the image.

    Normal noise with a standard deviation of noise times the image's range is added to each
    copy. Never below 0. Smoother than one gradient, but it explains noisy images, not this one.

    Reference: Daniel Smilkov and others, "SmoothGrad: removing noise by adding noise", 2017,
    https://arxiv.org/abs/1706.03825
    """
    deviation = noise * float(np.ptp(image))
    random = np.random.default_rng(seed).standard_normal((samples, *image.shape), np.float32)
    gradients = _gradients(model, image + np.float32(deviation) * random, score)
    return np.abs(gradients).mean(axis=0).max(axis=-1)


def input_x_gradient(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """The gradient of the score times the pixel, summed over the channels.

    Above 0: what is here raises the score. It is 0 wherever the image is 0, so it says nothing
    of missing strokes, and even a random network's map shows the image's shapes.

    Reference: Avanti Shrikumar, Peyton Greenside, Anna Shcherbina and Anshul Kundaje, "Not Just
    a Black Box", 2016, https://arxiv.org/abs/1605.01713
    """
    return (_gradients(model, image[None], score)[0] * image).sum(axis=-1)


def integrated_gradients(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, steps: int = 64
) -> np.ndarray:
    """Share out the score's rise from an empty image to this one among the pixels.

    The gradient is averaged along the straight way from black to the image (midpoints of equal
    steps) and multiplied by the pixel; the values add up to score(image) - score(black). Above
    0: what is here raises the score. Empty pixels always get 0.

    Reference: Mukund Sundararajan, Ankur Taly and Qiqi Yan, "Axiomatic Attribution for Deep
    Networks", 2017, https://arxiv.org/abs/1703.01365
    """
    ways = (np.arange(steps, dtype=np.float32) + 0.5) / steps
    gradients = _gradients(model, ways[:, None, None, None] * image, score)
    return (gradients.mean(axis=0) * image).sum(axis=-1)


def grad_cam(model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str) -> np.ndarray:
    """Where the layer's feature maps, weighed by their mean gradient, raise the score.

    The positive part of the weighted sum of the feature maps, enlarged to the image. Never below
    0; for about one MNIST digit in five it is 0 everywhere: no positive evidence at this layer.

    Reference: Ramprasaath R. Selvaraju and others, "Grad-CAM", 2017,
    https://arxiv.org/abs/1610.02391
    """
    return _cam("Gradcam", model, image, score, layer)


def grad_cam_plus_plus(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """Grad-CAM with weights that count each place where a feature map raises the score.

    Made for several objects in one picture. Never below 0, and given up to a factor: the paper's
    exp(score), which only scales the map, is taken as 1.

    Reference: Aditya Chattopadhyay and others, "Grad-CAM++", 2018,
    https://arxiv.org/abs/1710.11063
    """

    def shifted(logits: Any) -> Any:
        import tensorflow as tf

        # exp(score) overflows float32 from 89 on; it scales the map and nothing else.
        return score(logits) - tf.stop_gradient(score(logits))

    return _cam("GradcamPlusPlus", model, image, shifted, layer)


def layer_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """The feature maps weighed place by place with the positive part of their gradient.

    Never below 0. It keeps the layer's resolution, so it stays sharp at early layers.

    Reference: Peng-Tao Jiang and others, "LayerCAM", 2021,
    https://doi.org/10.1109/TIP.2021.3089943
    """
    return _cam("Layercam", model, image, score, layer)


def score_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """The feature maps weighed by the probability the network gives to what each lets through.

    Each feature map masks the image once; no gradient is used. Never below 0. Costs one forward
    pass for each channel, and a mask that dims the whole image is an image never seen in training.

    Reference: Haofan Wang and others, "Score-CAM", 2020, https://arxiv.org/abs/1910.01279
    """
    return _cam("Scorecam", _with_compiled_predict(model), image, score, layer)


def _gradients(model: keras.Model, images: np.ndarray, score: ClassScore) -> np.ndarray:
    """The gradient of each image's score with respect to its pixels, shaped as the images."""
    weights = score.weights(model.output_shape[-1])
    run = _traced_gradients(model)
    size = inference.BATCH_SIZE
    return np.concatenate(
        [run(images[i : i + size], weights).numpy() for i in range(0, len(images), size)]
    )


@lru_cache(maxsize=16)
def _traced_gradients(model: keras.Model) -> Callable[[np.ndarray, np.ndarray], Any]:
    import keras
    import tensorflow as tf

    # tf-keras-vis passes a list of inputs; a network told so does not warn about it.
    saliency = visualization("Saliency")(keras.Model(model.inputs, model.outputs))
    signature = [
        tf.TensorSpec((None, *model.input_shape[1:]), tf.float32),
        tf.TensorSpec((model.output_shape[-1],), tf.float32),
    ]

    @tf.function(input_signature=signature)
    def gradients(images: Any, weights: Any) -> Any:
        return saliency(
            lambda logits: tf.linalg.matvec(logits, weights),
            images,
            keepdims=True,
            gradient_modifier=None,
            normalize_map=False,
        )

    return gradients


def _cam(
    name: str, model: keras.Model, image: np.ndarray, score: Callable[[Any], Any], layer: str
) -> np.ndarray:
    # The layer itself: by name, tf-keras-vis would silently take the nearest convolution.
    heatmap = visualization(name)(model)(
        score,
        image[None],
        penultimate_layer=model.get_layer(layer),
        seek_penultimate_conv_layer=False,
        normalize_cam=False,
    )
    return np.array(heatmap[0], np.float32)


@lru_cache(maxsize=16)
def _with_compiled_predict(model: keras.Model) -> keras.Model:
    import keras

    class CompiledPredict(keras.Model):
        """The same network whose `predict`, which Score-CAM calls, is the traced pass."""

        def predict(self, images: list[np.ndarray], **options: Any) -> np.ndarray:
            return inference.logits(model, images[0])

    return CompiledPredict(model.inputs, model.outputs)
