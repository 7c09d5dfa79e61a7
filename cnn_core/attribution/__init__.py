"""Explanations: which part of the image does an answer rest on?

explain() is the door, METHODS the table of what it can do. A heatmap holds raw numbers in a
stated unit and with a stated sign; it is never stretched and never coloured here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import activations, inference
from cnn_core.attribution import gradient, occlusion
from cnn_core.attribution.score import ClassScore
from cnn_core.errors import UnknownNameError

if TYPE_CHECKING:
    import keras

__all__ = ["METHODS", "Attribution", "ClassScore", "Method", "Option", "default_layer", "explain"]


@dataclass(frozen=True)
class Option:
    """A setting of a method: a number in a range, or one of a few choices."""

    name: str
    title: str
    help: str
    default: Any
    minimum: float = 0
    maximum: float = 0
    step: float = 1
    choices: tuple[str, ...] = ()

    def check(self, value: Any) -> None:
        """Raise ValueError if a value is not one that the option takes."""
        if self.choices:
            fits, expected = value in self.choices, f"one of {', '.join(self.choices)}"
        else:
            kind: Any = Integral if isinstance(self.default, int) else Real
            fits = isinstance(value, kind) and self.minimum <= value <= self.maximum
            called = "a whole number" if kind is Integral else "a number"
            expected = f"{called} from {self.minimum:g} to {self.maximum:g}"
        if not fits:
            raise ValueError(
                f"Expected {self.name} to be {expected}. Received: {self.name}={value!r}"
            )


@dataclass(frozen=True)
class Method:
    """One way to explain an answer.

    Attributes:
        compute: the function; its docstring's first paragraphs are the help text.
        unit: of the heatmap's values.
        is_signed: values below 0 speak against the target; False: never below 0.
        needs_conv_layer: takes the feature maps of a layer.
        paper: address of its source.
    """

    name: str
    title: str
    compute: Callable[..., np.ndarray]
    unit: str
    is_signed: bool
    paper: str
    needs_conv_layer: bool = False
    options: tuple[Option, ...] = ()

    @property
    def help(self) -> str:
        """What the map shows, how to read it and what its weakness is."""
        return inspect.cleandoc(self.compute.__doc__ or "").split("\n\nReference:")[0]

    @property
    def needs_seed(self) -> bool:
        """Whether the method draws random numbers."""
        return "seed" in inspect.signature(self.compute).parameters


@dataclass(frozen=True)
class Attribution:
    """A heatmap and all that is needed to read it.

    Attributes:
        heatmap: (height, width) float32, raw, in the method's unit.
        method: the row of METHODS that made it.
        score: what is explained.
        layer: whose feature maps were used, or None.
        score_value: the score of the image itself, in logits.
    """

    heatmap: np.ndarray
    method: Method
    score: ClassScore
    layer: str | None
    score_value: float

    @property
    def is_empty(self) -> bool:
        """Whether every value is 0: the method found no evidence."""
        return not self.heatmap.any()


def _number(
    name: str, title: str, help: str, default: float, bounds: tuple[float, float, float]
) -> Option:
    minimum, maximum, step = bounds
    return Option(name, title, help, default, minimum, maximum, step)


_SAMPLES = _number("samples", "Samples", "Noisy copies averaged.", 25, (1, 200, 1))
_NOISE = _number(
    "noise", "Noise", "Standard deviation, as a share of the image's range.", 0.2, (0.0, 1.0, 0.05)
)
_STEPS = _number("steps", "Steps", "Images on the way from black.", 64, (1, 512, 1))
_PATCH = _number(
    "patch_size", "Patch size", "Side in pixels, at most that of the image.", 4, (1, 28, 1)
)
_STRIDE = _number("stride", "Stride", "Pixels between positions.", 1, (1, 4, 1))
_FILL = Option("fill", "Fill", "What shows inside the patch.", "black", choices=occlusion.FILLS)

METHODS = {
    method.name: method
    for method in (
        Method(
            "gradient_saliency",
            "Gradient saliency",
            gradient.gradient_saliency,
            unit="logits per unit of brightness",
            is_signed=False,
            paper="https://arxiv.org/abs/1312.6034",
        ),
        Method(
            "smooth_grad",
            "SmoothGrad",
            gradient.smooth_grad,
            unit="logits per unit of brightness",
            is_signed=False,
            paper="https://arxiv.org/abs/1706.03825",
            options=(_SAMPLES, _NOISE),
        ),
        Method(
            "input_x_gradient",
            "Input x gradient",
            gradient.input_x_gradient,
            unit="logits",
            is_signed=True,
            paper="https://arxiv.org/abs/1605.01713",
        ),
        Method(
            "integrated_gradients",
            "Integrated gradients",
            gradient.integrated_gradients,
            unit="logits",
            is_signed=True,
            paper="https://arxiv.org/abs/1703.01365",
            options=(_STEPS,),
        ),
        Method(
            "grad_cam",
            "Grad-CAM",
            gradient.grad_cam,
            unit="activation x gradient",
            is_signed=False,
            paper="https://arxiv.org/abs/1610.02391",
            needs_conv_layer=True,
        ),
        Method(
            "grad_cam_plus_plus",
            "Grad-CAM++",
            gradient.grad_cam_plus_plus,
            unit="activation x gradient",
            is_signed=False,
            paper="https://arxiv.org/abs/1710.11063",
            needs_conv_layer=True,
        ),
        Method(
            "layer_cam",
            "Layer-CAM",
            gradient.layer_cam,
            unit="activation x gradient",
            is_signed=False,
            paper="https://doi.org/10.1109/TIP.2021.3089943",
            needs_conv_layer=True,
        ),
        Method(
            "score_cam",
            "Score-CAM",
            gradient.score_cam,
            unit="activation x probability",
            is_signed=False,
            paper="https://arxiv.org/abs/1910.01279",
            needs_conv_layer=True,
        ),
        Method(
            "occlusion",
            "Occlusion",
            occlusion.occlusion,
            unit="logits",
            is_signed=True,
            paper="https://arxiv.org/abs/1311.2901",
            options=(_PATCH, _STRIDE, _FILL),
        ),
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
    **options: Any,
) -> Attribution:
    """Show which pixels a network's answer rests on.

    Args:
        model: a Functional network whose last layer gives logits.
        image: (height, width, channels) in [0, 1].
        target: the class whose logit is explained.
        against: explain the margin logit(target) - logit(against) instead.
        method: a key of METHODS.
        layer: for methods that need one, a layer with feature maps; default_layer() if None.
        seed: of methods that draw random numbers; the same seed gives the same map.
        **options: the method's own, each within the range its row states.

    Returns:
        An Attribution; its heatmap is (height, width) float32, raw, in the method's unit.

    Raises:
        UnknownNameError: no such method or layer.
        ValueError: the image does not fit the network, or a class or an option is out of range.
    """
    if method not in METHODS:
        raise UnknownNameError(
            f"There is no method {method!r}. Choose one of: {', '.join(METHODS)}."
        )
    row = METHODS[method]
    picture = inference.as_image(model, image)
    _check_classes(model.output_shape[-1], target, against)
    settings = _checked_options(row, options)
    if row.needs_conv_layer:
        settings["layer"] = layer = _checked_layer(model, layer)
    if row.needs_seed:
        settings["seed"] = seed
    score = ClassScore(target, against)
    heatmap = np.asarray(row.compute(model, picture, score, **settings), np.float32)
    value = float(score(inference.logits(model, picture)[0]))
    return Attribution(heatmap, row, score, layer if row.needs_conv_layer else None, value)


def default_layer(model: keras.Model) -> str:
    """The layer whose feature maps a method takes unless it is told another one.

    It is the last that mixes maps, a convolution or what joins or adds up branches, and still has
    more than one place: the deeper the more it knows of the class, but a single place says
    nothing of where.

    Raises:
        UnknownNameError: the network has no convolution.
    """
    import keras

    if not activations.convolution_layers(model):
        raise UnknownNameError(
            "Class activation maps need a convolution layer and this network has none. Choose a "
            "method that looks at pixels, such as integrated gradients or occlusion."
        )
    mixing = (keras.layers.Conv2D, keras.layers.Add, keras.layers.Concatenate)
    found = [layer for layer in model.layers if isinstance(layer, mixing)]
    found = [layer for layer in found if len(layer.output.shape) == 4]
    wide = [layer for layer in found if max(layer.output.shape[1:3]) > 1]
    name: str = (wide or found)[-1].name
    return name


def _check_classes(num_classes: int, target: int, against: int | None) -> None:
    for name, value in (("target", target), ("against", against)):
        if value is not None and not (isinstance(value, Integral) and 0 <= value < num_classes):
            raise ValueError(
                f"Expected {name} to be a class from 0 to {num_classes - 1}. "
                f"Received: {name}={value!r}"
            )
    if target == against:
        raise ValueError(f"Expected against to differ from target. Received: both are {target}")


def _checked_options(row: Method, options: dict[str, Any]) -> dict[str, Any]:
    known = {option.name: option for option in row.options}
    for name, value in options.items():
        if name not in known:
            raise ValueError(
                f"Expected options of {row.title}: {', '.join(known) or 'none'}. "
                f"Received: {name}={value!r}"
            )
        known[name].check(value)
    return dict(options)


def _checked_layer(model: keras.Model, layer: str | None) -> str:
    usual = default_layer(model)
    names = activations.spatial_layers(model)
    if layer is not None and layer not in names:
        raise UnknownNameError(
            f"There is no layer {layer!r} with feature maps. Choose one of: {', '.join(names)}."
        )
    return layer or usual
