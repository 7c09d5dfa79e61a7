"""Contributions passed back layer by layer, so that they add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core.attribution.backward_rules import Rule, forward_with_rules, obstacle
from cnn_core.attribution.gradient import for_scores, signature
from cnn_core.attribution.integrated_gradients import BASELINE, baseline_image, one_baseline
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.errors import CnnCoreError
from cnn_core.model_cache import cached_per_model
from cnn_core.options import number

if TYPE_CHECKING:
    import keras

GROUP = "Layer by layer"
# Below it a difference of float32 values is rounding, and the derivative is taken instead.
_TINY = 1e-6


class UnsupportedLayerError(CnnCoreError, ValueError):
    """A network with a layer that a method has no rule for; the text names both."""


def deep_lift(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    baseline: str | np.ndarray = "black",
) -> np.ndarray:
    """Share out the score's rise over a baseline by comparing every unit with its own baseline.

    Through each activation a contribution is multiplied by the unit's change after it over its
    change before it (the rescale rule), so the values add up exactly to score(image) -
    score(baseline) in one pass. Above 0: the change of this pixel raises the score.

    Reference: Avanti Shrikumar, Peyton Greenside and Anshul Kundaje, "Learning Important Features
    Through Propagating Activation Differences", 2017, https://arxiv.org/abs/1704.02685
    """
    _check(model, "DeepLIFT")
    start = baseline_image(image, baseline)
    pair = np.stack([image, start])[None]
    weights = score.weights(model.output_shape[-1])
    multipliers = _traced_differences(model)(pair, weights[None]).numpy()[0]
    return (multipliers * (image - start)).sum(axis=-1)


def lrp_epsilon(
    model: keras.Model, image: np.ndarray, score: ClassScore, *, epsilon: float = 0.1
) -> np.ndarray:
    """Layer-wise relevance: each unit hands its share of the score down to what it is summed from.

    A unit's relevance goes to its inputs in proportion to input times weight. Epsilon times the
    layer's mean absolute sum is added to the size of every sum and takes out what rests on sums
    near 0. Above 0: what is here raises the score.

    Reference: Sebastian Bach, Alexander Binder, Gregoire Montavon, Frederick Klauschen,
    Klaus-Robert Mueller and Wojciech Samek, "On Pixel-Wise Explanations for Non-Linear Classifier
    Decisions by Layer-Wise Relevance Propagation", 2015,
    https://doi.org/10.1371/journal.pone.0130140
    """
    _check(model, "LRP-epsilon")
    weights = score.weights(model.output_shape[-1])
    run = _traced_relevance(model)
    slopes = for_scores(lambda *given: run(*given, np.float32(epsilon)), image[None], weights)[0]
    return (slopes * image).sum(axis=-1)


def _check(model: keras.Model, title: str) -> None:
    reason = obstacle(model)
    if reason is not None:
        raise UnsupportedLayerError(f"{title} cannot explain this network. {reason}")


@cached_per_model()
def _traced_differences(model: keras.Model) -> Callable[..., Any]:
    """(pairs (n, 2, height, width, channels), weights) -> the multipliers of the images."""
    import tensorflow as tf

    def halves(pairs: Any) -> Any:
        return tf.split(pairs, 2, axis=0)

    def slope(value: Any, function: Callable[[Any], Any], upstream: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(value)
            given = function(value)
        return tape.gradient(given, value, output_gradients=upstream)

    def alone(upstream: Any) -> Any:
        """Return the gradient of the pair, all of it at the image."""
        return tf.concat([upstream, tf.zeros_like(upstream)], axis=0)

    def over(part: Any, change: Any, otherwise: Any) -> Any:
        is_tiny = tf.abs(change) < _TINY
        return tf.where(is_tiny, otherwise, part / tf.where(is_tiny, 1.0, change))

    def bend(value: Any, activation: Callable[[Any], Any]) -> Any:
        @tf.custom_gradient
        def bent(pair: Any) -> Any:
            given = activation(pair)

            def back(upstream: Any) -> Any:
                (image, base), (high, low) = halves(pair), halves(given)
                wanted = halves(upstream)[0]
                near = slope(image, activation, wanted)
                return alone(over(wanted * (high - low), image - base, near))

            return given, back

        return bent(value)

    def pool(value: Any, layer: Callable[[Any], Any]) -> Any:
        @tf.custom_gradient
        def pooled(pair: Any) -> Any:
            given = layer(pair)

            def back(upstream: Any) -> Any:
                (image, base), (high, low) = halves(pair), halves(given)
                wanted, most = halves(upstream)[0], tf.maximum(high, low)
                # What the image's largest value adds goes to its place, what the baseline's
                # largest value loses to that one's.
                parts = slope(image, layer, wanted * (most - low))
                parts += slope(base, layer, wanted * (high - most))
                return alone(over(parts, image - base, tf.zeros_like(parts)))

            return given, back

        return pooled(value)

    images, weighing = signature(model)
    pairs = tf.TensorSpec((None, 2, *images.shape[1:]), tf.float32)

    @tf.function(input_signature=[pairs, weighing])
    def run(pairs: Any, weights: Any) -> Any:
        both = tf.concat(tf.unstack(pairs, axis=1), axis=0)
        with tf.GradientTape() as tape:
            tape.watch(both)
            logits = halves(forward_with_rules(model, both, Rule(activation=bend, pool=pool)))[0]
            score = tf.reduce_sum(logits * weights, axis=-1)
        return halves(tape.gradient(score, both))[0]

    return run


@cached_per_model()
def _traced_relevance(model: keras.Model) -> Callable[..., Any]:
    """(images, weights, epsilon) -> what the pixels are to be multiplied by.

    Relevance equals the input times a gradient in which each activation's derivative is replaced
    by what it gives over what it gets. Reference: Marco Ancona, Enea Ceolini, Cengiz Oztireli and
    Markus Gross, "Towards better understanding of gradient-based attribution methods for Deep
    Neural Networks", 2018, proposition 1, https://arxiv.org/abs/1711.06104
    """
    import tensorflow as tf

    shapes = [*signature(model), tf.TensorSpec((), tf.float32)]

    @tf.function(input_signature=shapes)
    def run(images: Any, weights: Any, epsilon: Any) -> Any:
        @tf.custom_gradient
        def weighed(value: Any) -> Any:
            def back(upstream: Any) -> Any:
                axes = tuple(range(1, len(value.shape)))
                amount = epsilon * tf.reduce_mean(tf.abs(value), axis=axes, keepdims=True)
                safe = tf.where(value == 0, 1.0, value + tf.where(value < 0, -amount, amount))
                return upstream * value / safe

            return value, back

        def bend(value: Any, activation: Callable[[Any], Any]) -> Any:
            @tf.custom_gradient
            def bent(inner: Any) -> Any:
                given = activation(inner)

                def back(upstream: Any) -> Any:
                    return upstream * given / tf.where(inner == 0, 1.0, inner)

                return given, back

            return bent(value)

        with tf.GradientTape() as tape:
            tape.watch(images)
            logits = forward_with_rules(model, images, Rule(activation=bend, weigh=weighed))
            score = tf.reduce_sum(logits * weights, axis=-1)
        return tape.gradient(score, images)

    return run


_EPSILON = number(
    "epsilon",
    "Epsilon",
    "Added to the size of every sum, as a share of the mean size in its layer.",
    0.1,
    (0.0, 2.0, 0.05),
)

ROWS = (
    Method(
        "deep_lift",
        "DeepLIFT",
        GROUP,
        deep_lift,
        unit="logits",
        is_signed=True,
        paper="https://arxiv.org/abs/1704.02685",
        weakness="How a unit's change is shared out follows a rule rather than the network, and "
        "another baseline gives another map.",
        cost="one gradient of two images",
        options=(BASELINE,),
        baselines=one_baseline,
        obstacle=obstacle,
    ),
    Method(
        "lrp_epsilon",
        "LRP-epsilon",
        GROUP,
        lrp_epsilon,
        unit="logits",
        is_signed=True,
        paper="https://doi.org/10.1371/journal.pone.0130140",
        weakness="In a network of ReLUs with epsilon 0 it is no more than input x gradient, and "
        "what the biases add is lost on the way, so the values do not add up.",
        cost="one gradient",
        options=(_EPSILON,),
        passes_score_back=True,
        obstacle=obstacle,
    ),
)
