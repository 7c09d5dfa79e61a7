"""Gradients whose way back through the ReLUs is changed to give cleaner pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.attribution.backward_rules import Rule, forward_with_rules
from cnn_core.attribution.cam import grad_cams
from cnn_core.attribution.gradient import for_scores, signature
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.layer_kinds import is_relu
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras

GROUP = "Guided gradients"
_CHECKS = (
    "It fails the published sanity checks: with random weights in the upper layers the map stayed "
    "nearly the same, so it shows the image's edges more than what a network has learnt. How it "
    "does on this network is measured apart."
)


def guided_backprop(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """The gradient saliency, with only what raises the score let back through each ReLU.

    At every ReLU the gradient is set to 0 where it is below 0, besides where the unit is off.
    The largest magnitude over the channels, never below 0; in a network without ReLUs it is the
    gradient saliency.

    Reference: Jost Tobias Springenberg, Alexey Dosovitskiy, Thomas Brox and Martin Riedmiller,
    "Striving for Simplicity: The All Convolutional Net", 2015, https://arxiv.org/abs/1412.6806
    """
    return _guided(model, image[None], score.weights(model.output_shape[-1]))[0]


def deconvolution(model: keras.Model, image: np.ndarray, score: ClassScore) -> np.ndarray:
    """The score sent back to the pixels, with a ReLU on the way back in place of each ReLU.

    At every ReLU the gradient is set to 0 where it is below 0, whether the unit is on or off.
    The largest magnitude over the channels, never below 0; in a network without ReLUs it is the
    gradient saliency.

    Reference: Matthew D. Zeiler and Rob Fergus, "Visualizing and Understanding Convolutional
    Networks", 2014, https://arxiv.org/abs/1311.2901
    """
    return _deconvolved(model, image[None], score.weights(model.output_shape[-1]))[0]


def guided_grad_cam(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, layer: str
) -> np.ndarray:
    """Guided backprop where Grad-CAM finds evidence: the product of the two maps.

    Never below 0, as fine as the pixels, and 0 everywhere if Grad-CAM is.

    Reference: Ramprasaath R. Selvaraju and others, "Grad-CAM", 2017,
    https://arxiv.org/abs/1610.02391
    """
    weights = score.weights(model.output_shape[-1])
    return _guided_cams(model, image[None], weights, layer=layer)[0]


def _guided(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.abs(for_scores(_traced(model, "guided"), images, weights)).max(axis=-1)


def _deconvolved(model: keras.Model, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.abs(for_scores(_traced(model, "deconvolution"), images, weights)).max(axis=-1)


def _guided_cams(
    model: keras.Model, images: np.ndarray, weights: np.ndarray, *, layer: str
) -> np.ndarray:
    return _guided(model, images, weights) * grad_cams(model, images, weights, layer=layer)


@cached_per_model()
def _traced(model: keras.Model, way: str) -> Callable[..., Any]:
    import tensorflow as tf

    @tf.custom_gradient
    def only_forward(value: Any) -> Any:
        return value, tf.nn.relu

    def guided(value: Any, activation: Callable[[Any], Any]) -> Any:
        # The ReLU's own gradient still stops what comes to a unit that is off.
        return only_forward(activation(value)) if is_relu(activation) else activation(value)

    def deconvolved(value: Any, activation: Callable[[Any], Any]) -> Any:
        if not is_relu(activation):
            return activation(value)

        @tf.custom_gradient
        def bent(inner: Any) -> Any:
            return activation(inner), tf.nn.relu

        return bent(value)

    rule = Rule(activation=guided if way == "guided" else deconvolved)

    @tf.function(input_signature=signature(model))
    def run(images: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            score = tf.reduce_sum(forward_with_rules(model, images, rule) * weights, axis=-1)
        return tape.gradient(score, images)

    return run


ROWS = (
    Method(
        "guided_backprop",
        "Guided backprop",
        GROUP,
        guided_backprop,
        unit="guided gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/1412.6806",
        weakness=_CHECKS,
        cost="one gradient",
        fails_sanity_checks=True,
        batch=_guided,
    ),
    Method(
        "deconvolution",
        "Deconvolution",
        GROUP,
        deconvolution,
        unit="guided gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/1311.2901",
        weakness=_CHECKS,
        cost="one gradient",
        fails_sanity_checks=True,
        batch=_deconvolved,
    ),
    Method(
        "guided_grad_cam",
        "Guided Grad-CAM",
        GROUP,
        guided_grad_cam,
        unit="guided gradient x activation x gradient",
        is_signed=False,
        paper="https://arxiv.org/abs/1610.02391",
        weakness=_CHECKS,
        cost="two gradients",
        fails_sanity_checks=True,
        needs_conv_layer=True,
        batch=_guided_cams,
    ),
)
