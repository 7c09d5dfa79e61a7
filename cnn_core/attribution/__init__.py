"""Explanations: which part of the image does an answer rest on?

explain() is the door, explain_batch() the same for many images, METHODS the table of what they
can do. A heatmap holds raw numbers in a stated unit and with a stated sign; it is never stretched
and never coloured here.
"""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import activations, inference
from cnn_core.attribution import (
    backprop,
    cam,
    gradient,
    integrated_gradients,
    occlusion,
    perturbation,
    propagation,
)
from cnn_core.attribution.method import Attribution, Method
from cnn_core.attribution.propagation import UnsupportedLayerError
from cnn_core.attribution.score import ClassScore
from cnn_core.datasets import Background, check_background
from cnn_core.errors import UnknownNameError
from cnn_core.options import Option, check_options, number

if TYPE_CHECKING:
    import keras

__all__ = [
    "METHODS",
    "Attribution",
    "ClassScore",
    "Method",
    "Option",
    "UnsupportedLayerError",
    "default_layer",
    "explain",
    "explain_batch",
    "obstacle",
]

_NO_CONVOLUTION = (
    "Class activation maps need a convolution layer and this network has none. Choose a method "
    "that looks at pixels, such as integrated gradients or occlusion."
)

_OCCLUSION = Method(
    "occlusion",
    "Occlusion",
    perturbation.GROUP,
    occlusion.occlusion,
    unit="logits",
    is_signed=True,
    paper="https://arxiv.org/abs/1311.2901",
    weakness="Covering is an edit that the network never saw in training, so a large patch can say "
    "more of the edit than of the image.",
    cost="one pass a position",
    options=(
        number("patch_size", "Patch size", "Side in pixels, at most that of the image.", 4,
               (1, 28, 1)),
        number("stride", "Stride", "Pixels between positions.", 1, (1, 4, 1)),
        Option("fill", "Fill", "What shows inside the patch.", "black", choices=occlusion.FILLS),
        Option(
            "quantity",
            "Quantity",
            "The logit, or the margin where a class is weighed against another, always moves. The "
            "probability is what the network says, but its map is flat when the network is sure: "
            "below 0.05 everywhere for one digit in five.",
            "logit",
            choices=tuple(occlusion.UNITS),
            units=tuple(occlusion.UNITS.values()),
        ),
    ),
)  # fmt: skip

METHODS = {
    row.name: row
    for row in (
        *gradient.ROWS,
        *integrated_gradients.ROWS,
        *cam.ROWS,
        *backprop.ROWS,
        _OCCLUSION,
        *perturbation.ROWS,
        *propagation.ROWS,
    )
}


def explain(
    model: keras.Model,
    image: np.ndarray,
    target: int,
    *,
    against: int | None = None,
    method: str = "gradient_saliency",
    layer: str | None = None,
    seed: int = 0,
    references: np.ndarray | None = None,
    background: Background = "paper",
    **options: Any,
) -> Attribution:
    """Show which pixels a network's answer rests on.

    Args:
        model: A Functional network whose last layer gives logits.
        image: (height, width, channels) in [0, 1].
        target: The class whose logit is explained.
        against: Explain the margin logit(target) - logit(against) instead.
        method: A key of METHODS.
        layer: Layer with feature maps, for methods that need one; default_layer() if None. Other
            methods do not use the layer.
        seed: Seed of methods that draw random numbers; the same seed gives the same map.
        references: (n, height, width, channels) in [0, 1], for methods that need them: images to
            compare with, such as a sample of the training set.
        background: "paper" (0) below strokes, which methods that cut the image into pieces leave
            alone, or "photo".
        **options: The method's own, each within the range its row states; a baseline may be an
            image too.

    Returns:
        An Attribution; its heatmap is (height, width) float32, raw, in the unit that it states.

    Raises:
        UnknownNameError: No such method or layer.
        UnsupportedLayerError: The method has no rule for one of the network's layers.
        DivergedNetworkError: The network gives NaN or infinite values.
        ValueError: The network gives no logits, the image does not fit it, a class, an option or
            the background is out of range, or references are missing.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> found = explain(model, digit, 7, method="integrated_gradients")
        >>> found.heatmap.shape, found.unit
        ((28, 28), 'logits')
        >>> abs(found.convergence_delta) < 0.1
        True
    """
    row = _row(method)
    picture = inference.as_image(model, image)
    _check_classes(model.output_shape[-1], target, against)
    settings = _settings(model, row, layer, seed, references, background, options)
    score = ClassScore(target, against)
    heatmap, logits = row.run(model, picture, score, settings)
    value = float(score(inference.logits(model, picture)[0] if logits is None else logits))
    base = None
    if row.baselines is not None:
        images = row.baselines(model, picture, settings)
        base = float(score(inference.logits(model, images)).mean(dtype=np.float64))
    unit = row.unit_of(settings)
    return Attribution(heatmap, row, score, settings.get("layer"), unit, value, base)


def explain_batch(
    model: keras.Model,
    images: np.ndarray,
    targets: int | Sequence[int] | np.ndarray,
    *,
    against: int | Sequence[int] | np.ndarray | None = None,
    method: str = "gradient_saliency",
    layer: str | None = None,
    seed: int = 0,
    references: np.ndarray | None = None,
    background: Background = "paper",
    **options: Any,
) -> np.ndarray:
    """Explain many images with the same settings; see explain().

    Methods of one gradient take all images at once; others go through them one by one.

    Args:
        model: A Functional network whose last layer gives logits.
        images: (n, height, width, channels) in [0, 1].
        targets: The class whose logit is explained, of all images or of each.
        against: Explain the margin over this class instead, of all images or of each.
        method: A key of METHODS.
        layer: See explain().
        seed: See explain(); every image gets the same.
        references: See explain().
        background: See explain().
        **options: The method's own.

    Returns:
        (n, height, width) float32, raw, in the method's unit.

    Raises:
        ValueError: As explain(), or there are not as many classes as images.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> explain_batch(model, digit[None], [7], against=[9]).shape
        (1, 28, 28)
    """
    row = _row(method)
    batch = inference.as_batch(model, images)
    aims = _each(targets, len(batch), "targets")
    rivals = [None] * len(batch) if against is None else _each(against, len(batch), "against")
    for target, rival in zip(aims, rivals, strict=True):
        _check_classes(model.output_shape[-1], target, rival)
    settings = _settings(model, row, layer, seed, references, background, options)
    scores = [ClassScore(*pair) for pair in zip(aims, rivals, strict=True)]
    if not scores:
        return np.zeros(batch.shape[:3], np.float32)
    if row.batch is not None:
        weights = np.stack([score.weights(model.output_shape[-1]) for score in scores])
        return np.asarray(row.batch(model, batch, weights, **settings), np.float32)
    pairs = zip(batch, scores, strict=True)
    return np.stack([row.run(model, *pair, settings)[0] for pair in pairs])


def obstacle(model: keras.Model, method: str) -> str | None:
    """Return why a method cannot explain a network, as a sentence; None if the method can.

    Raises:
        UnknownNameError: No such method.

    Example:
        >>> from cnn_core import models
        >>> obstacle(models.load_pretrained("ann"), "grad_cam")[:48]
        'Class activation maps need a convolution layer a'
        >>> obstacle(models.load_pretrained("study"), "grad_cam") is None
        True
    """
    row = _row(method)
    if row.needs_conv_layer and not activations.convolution_layers(model):
        return _NO_CONVOLUTION
    return None if row.obstacle is None else row.obstacle(model)


def default_layer(model: keras.Model) -> str:
    """Return the layer whose feature maps a method takes by default.

    It is the last that mixes maps, a convolution or what joins or adds up branches, and still has
    more than one place: the deeper the more it knows of the class, but a single place says
    nothing of where.

    Raises:
        UnknownNameError: The network has no convolution.

    Example:
        >>> from cnn_core import models
        >>> default_layer(models.load_pretrained("study"))
        'conv2'
    """
    import keras

    if not activations.convolution_layers(model):
        raise UnknownNameError(_NO_CONVOLUTION)
    mixing = (keras.layers.Conv2D, keras.layers.Add, keras.layers.Concatenate)
    found = [layer for layer in model.layers if isinstance(layer, mixing)]
    found = [layer for layer in found if len(layer.output.shape) == 4]
    wide = [layer for layer in found if max(layer.output.shape[1:3]) > 1]
    name: str = (wide or found)[-1].name
    return name


def _row(method: str) -> Method:
    if method not in METHODS:
        raise UnknownNameError(
            f"There is no method {method!r}. Choose one of: {', '.join(METHODS)}."
        )
    return METHODS[method]


def _check_classes(num_classes: int, target: int, against: int | None) -> None:
    for name, value in (("target", target), ("against", against)):
        if value is not None and not (isinstance(value, Integral) and 0 <= value < num_classes):
            raise ValueError(
                f"Expected {name} to be a class from 0 to {num_classes - 1}. "
                f"Received: {name}={value!r}"
            )
    if target == against:
        raise ValueError(f"Expected against to differ from target. Received: both are {target}")


def _each(classes: Any, count: int, name: str) -> list[Any]:
    """Return one class for each image."""
    values = list(classes) if np.ndim(classes) else [classes] * count
    if len(values) != count:
        raise ValueError(
            f"Expected one class or {count}, one an image. Received: {len(values)} {name}"
        )
    return values


def _settings(
    model: keras.Model,
    row: Method,
    layer: str | None,
    seed: int,
    references: np.ndarray | None,
    background: Background,
    options: dict[str, Any],
) -> dict[str, Any]:
    """Return the checked arguments of a method's function besides network, image and score."""
    check_background(background)
    settings = _checked_options(model, row, options)
    if row.needs_conv_layer:
        settings["layer"] = _checked_layer(model, layer)
    elif layer is not None:
        _check_name(layer, [each.name for each in model.layers])
    if row.needs_seed:
        settings["seed"] = seed
    if row.needs_background:
        settings["background"] = background
    if row.needs_references:
        if references is None or len(references) == 0:
            raise ValueError(
                f"Expected references for {row.title}: images to compare with, such as a sample "
                "of the training set. Received: none"
            )
        settings["references"] = inference.as_batch(model, references)
    return settings


def _checked_options(model: keras.Model, row: Method, options: dict[str, Any]) -> dict[str, Any]:
    check_options(row.title, row.options, options)
    settings = {option.name: option.default for option in row.options} | options
    return {
        name: inference.as_image(model, value) if isinstance(value, np.ndarray) else value
        for name, value in settings.items()
    }


def _checked_layer(model: keras.Model, layer: str | None) -> str:
    usual = default_layer(model)
    if layer is None:
        return usual
    _check_name(layer, activations.spatial_layers(model), " with feature maps")
    return layer


def _check_name(layer: str, known: Sequence[str], which: str = "") -> None:
    if layer not in known:
        raise UnknownNameError(
            f"There is no layer {layer!r}{which}. Choose one of: {', '.join(known)}."
        )
