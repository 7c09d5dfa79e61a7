"""Class activation maps: the feature maps of a layer, weighed by what they do for the score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.attribution.gradient import for_scores, signature
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.keras_vis import traceable_cam, visualization
from cnn_core.model_cache import cached_per_model
from cnn_core.options import number

if TYPE_CHECKING:
    import keras

GROUP = "Class activation maps"


def grad_cam(model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str) -> np.ndarray:
    """Where the layer's feature maps, weighed by their mean gradient, raise the score.

    The positive part of the weighted sum of the feature maps, enlarged to the image. Never below
    0.

    Reference: Ramprasaath R. Selvaraju and others, "Grad-CAM", 2017,
    https://arxiv.org/abs/1610.02391
    """
    return grad_cams(model, image[None], score.weights(model.output_shape[-1]), layer=layer)[0]


def grad_cam_plus_plus(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """Grad-CAM with weights that count each place where a feature map raises the score.

    Made for several objects in one picture. Never below 0, and given up to a factor: the paper's
    exp(score), which only scales the map, is taken as 1.

    Reference: Aditya Chattopadhyay and others, "Grad-CAM++", 2018,
    https://arxiv.org/abs/1710.11063
    """
    weights = score.weights(model.output_shape[-1])
    run = _traced(model, "GradcamPlusPlus", layer)
    return _enlarged_to(image[None], for_scores(run, image[None], weights))[0]


def hires_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """The feature maps times their gradient, place by place, summed over the maps.

    The positive part of the sum, enlarged to the image. Never below 0. Behind the last convolution
    of a network with a single dense layer it shows exactly what that layer adds up.

    Reference: Rachel Lea Draelos and Lawrence Carin, "Use HiResCAM instead of Grad-CAM for
    faithful explanations of convolutional neural networks", 2020,
    https://arxiv.org/abs/2011.08891
    """
    return _hires_cams(model, image[None], score.weights(model.output_shape[-1]), layer=layer)[0]


def layer_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """The feature maps weighed place by place with the positive part of their gradient.

    Never below 0. It keeps the layer's resolution, so it stays sharp at early layers.

    Reference: Peng-Tao Jiang and others, "LayerCAM", 2021,
    https://doi.org/10.1109/TIP.2021.3089943
    """
    return _layer_cams(model, image[None], score.weights(model.output_shape[-1]), layer=layer)[0]


def score_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """The feature maps weighed by the probability the network gives to what each lets through.

    Each feature map masks the image once; no gradient is used. Never below 0.

    Reference: Haofan Wang and others, "Score-CAM", 2020, https://arxiv.org/abs/1910.01279
    """
    # The layer itself: by name, tf-keras-vis would silently take the nearest convolution.
    heatmap = visualization("Scorecam")(_with_compiled_predict(model))(
        score,
        image[None],
        penultimate_layer=model.get_layer(layer),
        seek_penultimate_conv_layer=False,
        normalize_cam=False,
    )
    return np.array(heatmap[0], np.float32)


def finer_cam(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    layer: str,
    strength: float = 0.6,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Grad-CAM of what tells the class apart from the one most like it.

    It explains logit(target) - strength * logit(rival); the rival is the class weighed against or,
    without one, the class with the nearest logit. Never below 0.

    Reference: Ziheng Zhang, Jianyang Gu, Arpita Chowdhury, Zheda Mai, David Carlyn, Tanya
    Berger-Wolf, Yu Su and Wei-Lun Chao, "Finer-CAM: Spotting the Difference Reveals Finer Details
    for Visual Explanation", 2025, https://arxiv.org/abs/2501.11309
    """
    rival, logits = score.against, None
    if rival is None:
        logits = inference.logits(model, image)[0]
        distances = np.abs(logits - logits[score.target])
        distances[score.target] = np.inf
        rival = int(distances.argmin())
    weights = np.zeros(model.output_shape[-1], np.float32)
    weights[score.target] = 1
    if rival != score.target:  # a network of one class has no rival
        weights[rival] = -strength
    return grad_cams(model, image[None], weights, layer=layer)[0], logits


def grad_cams(
    model: keras.Model, images: np.ndarray, weights: np.ndarray, *, layer: str
) -> np.ndarray:
    """Grad-CAM of many images.

    Args:
        model: A network whose last layer gives logits.
        images: (n, height, width, channels) float32.
        weights: (classes,) or (n, classes) float32, the score of each image is logits @ weights.
        layer: Layer with feature maps.

    Returns:
        (n, height, width) float32, at least 0.
    """
    return _enlarged_to(images, for_scores(_traced(model, "Gradcam", layer), images, weights))


def _layer_cams(
    model: keras.Model, images: np.ndarray, weights: np.ndarray, *, layer: str
) -> np.ndarray:
    return _enlarged_to(images, for_scores(_traced(model, "Layercam", layer), images, weights))


def _hires_cams(
    model: keras.Model, images: np.ndarray, weights: np.ndarray, *, layer: str
) -> np.ndarray:
    return _enlarged_to(images, for_scores(_traced_hires(model, layer), images, weights))


def _enlarged_to(images: np.ndarray, cams: np.ndarray) -> np.ndarray:
    from scipy.ndimage import zoom

    sides = [wanted / had for wanted, had in zip(images.shape[1:3], cams.shape[1:], strict=True)]
    return np.stack([zoom(cam, sides, order=1) for cam in cams])


@cached_per_model(max_entries=32)
def _traced(model: keras.Model, name: str, layer: str) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    cam = traceable_cam(name)(keras.Model(model.inputs, model.outputs))

    # GradcamPlusPlus asks for the number of images while it is traced.
    size = 1 if name == "GradcamPlusPlus" else None
    shapes = [tf.TensorSpec((size, *each.shape[1:]), tf.float32) for each in signature(model)]

    # Layercam passes on all its local variables; autograph would add some of its own.
    @tf.function(input_signature=shapes, autograph=False)
    def run(images: Any, weights: Any) -> Any:
        def score(logits: Any) -> Any:
            value = tf.reduce_sum(logits * weights, axis=-1)
            # exp(score) overflows float32 from 89 on; it scales Grad-CAM++ and nothing else.
            return value - tf.stop_gradient(value) if name == "GradcamPlusPlus" else value

        # The layer itself: by name, tf-keras-vis would silently take the nearest convolution.
        return cam(
            score,
            images,
            penultimate_layer=model.get_layer(layer),
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )

    return run


@cached_per_model()
def _traced_hires(model: keras.Model, layer: str) -> Callable[..., Any]:
    import keras
    import tensorflow as tf

    inner = keras.Model(model.inputs, [model.get_layer(layer).output, *model.outputs])

    @tf.function(input_signature=signature(model))
    def run(images: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps, logits = inner(images, training=False)
            score = tf.reduce_sum(logits * weights, axis=-1)
        return tf.nn.relu(tf.reduce_sum(maps * tape.gradient(score, maps), axis=-1))

    return run


@cached_per_model()
def _with_compiled_predict(model: keras.Model) -> keras.Model:
    import keras

    class CompiledPredict(keras.Model):
        """The same network whose `predict`, which Score-CAM calls, is the traced pass."""

        def predict(self, images: list[np.ndarray], **options: Any) -> np.ndarray:
            # The masks are feature maps, so NaN among these pixels comes from the network.
            return inference.logits(model, inference.check_finite(images[0]))

    return CompiledPredict(model.inputs, model.outputs)


_STRENGTH = number(
    "strength", "Strength", "How much of the rival's logit is taken away.", 0.6, (0.0, 1.0, 0.05)
)

ROWS = (
    Method(
        "grad_cam",
        "Grad-CAM",
        GROUP,
        grad_cam,
        unit="activation x gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/1610.02391",
        weakness="For about one MNIST digit in five it is 0 everywhere, and the mean gradient can "
        "mark places that the score does not use.",
        cost="one gradient",
        needs_conv_layer=True,
        batch=grad_cams,
    ),
    Method(
        "grad_cam_plus_plus",
        "Grad-CAM++",
        GROUP,
        grad_cam_plus_plus,
        unit="activation x gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/1710.11063",
        weakness="Its weights are never below 0, so feature maps that speak against the class are "
        "left out, and often it only shows where the ink is.",
        cost="one gradient",
        needs_conv_layer=True,
    ),
    Method(
        "hires_cam",
        "HiRes-CAM",
        GROUP,
        hires_cam,
        unit="activation x gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/2011.08891",
        weakness="It says what the layer's places do by themselves; with several dense layers "
        "behind it, that is true near this image only.",
        cost="one gradient",
        needs_conv_layer=True,
        batch=_hires_cams,
    ),
    Method(
        "layer_cam",
        "Layer-CAM",
        GROUP,
        layer_cam,
        unit="activation x gradient",
        is_signed=False,
        paper="https://doi.org/10.1109/TIP.2021.3089943",
        weakness="Negative gradients are left out, so it shows too much rather than too little.",
        cost="one gradient",
        needs_conv_layer=True,
        batch=_layer_cams,
    ),
    Method(
        "score_cam",
        "Score-CAM",
        GROUP,
        score_cam,
        unit="activation x probability",
        is_signed=False,
        paper="https://arxiv.org/abs/1910.01279",
        weakness="A mask that dims the whole image gives an image never seen in training, and "
        "probabilities near 0 or 1 weigh all feature maps alike.",
        cost="one pass a feature map",
        needs_conv_layer=True,
    ),
    Method(
        "finer_cam",
        "Finer-CAM",
        GROUP,
        finer_cam,
        unit="activation x gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/2501.11309",
        weakness="What both classes share drops out, so it can be 0 everywhere although the answer "
        "is clear.",
        cost="one gradient",
        needs_conv_layer=True,
        options=(_STRENGTH,),
    ),
)
