"""A network as a chain of steps, each of which moves places in a known manner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from cnn_core import activations
from cnn_core.compatibility import source_name
from cnn_core.layer_kinds import activation_name, kind_of
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras

Kind = Literal["conv", "max", "average", "pad", "scale", "sign", "activation"]
Pair = tuple[int, int]
_ALONE = (1, 1)
# These never turn the order of two values round, so the largest may be taken first.
_MONOTONE = {"relu", "leaky_relu", "tanh", "sigmoid", "linear", "elu", "relu6", "softplus"}


@dataclass(frozen=True)
class Step:
    """One thing that happens to feature maps.

    Attributes:
        kind: "conv" (without its activation), "max" and "average" (poolings), "pad" (zeros all
            round), "scale" (a factor and an addend for each channel), "sign" (the sign of that
            factor) or "activation" (an activation).
        layer: The layer of the network that it belongs to.
        shape: (height, width, channels) of what it gives.
        kernel: Height and width of the window that one output sees, dilation included.
        stride: Steps of the window, in places.
        before: Places of padding above and to the left of what comes in.
        after: The same below and to the right.
        norm: Step of kind "scale" or "sign" right behind a convolution, or None.
        is_inside_layer: A activation that is the activation of a layer which does more.
        is_monotone: A activation that never turns the order of two values round.
        is_relu: A activation that gives the larger of a value and 0.
    """

    kind: Kind
    layer: Any
    shape: tuple[int, int, int]
    kernel: Pair = _ALONE
    stride: Pair = _ALONE
    before: Pair = (0, 0)
    after: Pair = (0, 0)
    norm: Step | None = None
    is_inside_layer: bool = False
    is_monotone: bool = False
    is_relu: bool = False

    @property
    def is_padded(self) -> bool:
        """True if the windows of the outputs reach beyond the input."""
        return any((*self.before, *self.after))

    @property
    def is_strided(self) -> bool:
        """True if the step pools windows or skips places."""
        return self.kind in ("max", "average") or self.stride != _ALONE


@dataclass(frozen=True)
class Stage:
    """Steps up to one that is strided, and what follows it and acts on each place alone.

    Attributes:
        first: Number of its first step in the chain.
        steps: Steps in their order.
        shapes: (height, width, channels) before each step, and behind the last.
    """

    first: int
    steps: tuple[Step, ...]
    shapes: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Chain:
    """A network whose layers stand in one line.

    Attributes:
        input_shape: (height, width, channels) of the image.
        steps: Steps while units have places.
        ending: End of the places: every unit on its own ("flatten") or the mean ("mean").
        scales: Layers between a flattening and the first dense layer; each has a factor and an
            addend for every unit.
        dense: The first layer that takes all units.
        tail: The layers behind it.
    """

    input_shape: tuple[int, int, int]
    steps: tuple[Step, ...]
    ending: Literal["flatten", "mean"]
    scales: tuple[Any, ...]
    dense: Any
    tail: tuple[Any, ...] = field(default=())

    @property
    def places(self) -> tuple[int, int, int]:
        """(height, width, channels) of the feature maps where the places end."""
        return self.steps[-1].shape if self.steps else self.input_shape

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The steps cut into stages; one without steps if there are none."""
        shapes = [self.input_shape, *(step.shape for step in self.steps)]
        cuts = [0]
        for i, step in enumerate(self.steps):
            is_behind = any(earlier.is_strided for earlier in self.steps[cuts[-1] : i])
            if is_behind and step.kind not in ("scale", "sign", "activation"):
                cuts.append(i)
        return tuple(
            Stage(begin, self.steps[begin:end], tuple(shapes[begin : end + 1]))
            for begin, end in pairwise([*cuts, len(self.steps)])
        )


class _NoChainError(Exception):
    """A layer that a chain cannot hold; its text says which and why."""


@cached_per_model()
def chain_of(model: keras.Model) -> Chain | str:
    """Read a network as a chain, or say in a sentence why it is none.

    Args:
        model: A Functional network.
    """
    try:
        layers = _in_line(model)
        split = next((i for i, layer in enumerate(layers) if _ends_places(layer)), None)
        if split is None:
            raise _NoChainError("its units never lose their places")
        if model.compute_dtype != "float32":
            raise _NoChainError(f"it computes in {model.compute_dtype}, not in float32")
        steps = [step for layer in layers[:split] for step in _steps(layer)]
        return _finish(model, steps, layers[split:])
    except _NoChainError as error:
        return str(error)


def _in_line(model: keras.Model) -> list[Any]:
    """Return the layers behind the input, if each takes the output of the layer before."""
    picture = source_name(model.inputs[0])
    if len(model.inputs) > 1 or len(model.inputs[0].shape) != 4:
        raise _NoChainError("it does not begin with one picture")
    # The layers of a Sequential network begin behind its input.
    layers = [layer for layer in model.layers if layer.name != picture]
    before = picture
    for layer in layers:
        taken = activations.source_layers(layer)
        if len(taken) > 1:
            raise _NoChainError(f"its layer {layer.name} joins branches")
        if taken != (before,):
            raise _NoChainError(f"its layers branch before {layer.name}")
        before = layer.name
        if kind_of(layer) is None:  # one that inherits from a Keras layer may compute otherwise
            raise _unknown(layer)
    return [layer for layer in layers if not _does_nothing(layer)]


def _does_nothing(layer: Any) -> bool:
    import keras

    of_training = (
        keras.layers.Dropout,
        keras.layers.SpatialDropout2D,
        keras.layers.GaussianNoise,
        keras.layers.GaussianDropout,
    )
    return isinstance(layer, of_training)


def _ends_places(layer: Any) -> bool:
    import keras

    return isinstance(layer, (keras.layers.Flatten, keras.layers.GlobalAveragePooling2D))


def _finish(model: keras.Model, steps: Sequence[Step], rest: Sequence[Any]) -> Chain:
    import keras

    ending, *behind = rest
    number = next((i for i, at in enumerate(behind) if isinstance(at, keras.layers.Dense)), None)
    if number is None:
        raise _NoChainError("no dense layer follows its feature maps")
    scales = behind[:number]
    if not all(isinstance(layer, keras.layers.BatchNormalization) for layer in scales):
        raise _NoChainError(f"its layer {scales[0].name} stands before the first dense layer")
    is_flat = isinstance(ending, keras.layers.Flatten)
    if scales and not is_flat:
        raise _NoChainError(f"its layer {scales[0].name} stands behind the mean")
    on_units = (
        keras.layers.Dense,
        keras.layers.BatchNormalization,
        keras.layers.ReLU,
        keras.layers.LeakyReLU,
        keras.layers.ELU,
        keras.layers.Activation,
    )
    for layer in behind[number:]:
        if not isinstance(layer, on_units):
            raise _unknown(layer)
    return Chain(
        tuple(model.input_shape[1:]),
        tuple(_with_norms(_pool_first(steps))),
        "flatten" if is_flat else "mean",
        tuple(scales),
        behind[number],
        tuple(behind[number + 1 :]),
    )


def _pool_first(steps: Sequence[Step]) -> list[Step]:
    """Take the largest value before activations and norms: the same numbers, from fewer of them.

    A norm turns the order of values round where its factor is below 0: such channels are flipped
    before the pooling, and back behind it.
    """
    ordered: list[Step] = []
    for step in steps:
        at = len(ordered)
        while (
            step.kind == "max" and at and (ordered[at - 1].is_monotone or _is_affine(ordered, at))
        ):
            at -= 1
        passed = [replace(earlier, shape=step.shape) for earlier in ordered[at:]]
        flips = [earlier for earlier in ordered[at:] if earlier.kind == "scale"]
        ordered[at:] = [
            *(replace(sign, kind="sign") for sign in flips),
            step,
            *(replace(sign, kind="sign", shape=step.shape) for sign in flips),
            *passed,
        ]
    return ordered


def _is_affine(steps: Sequence[Step], end: int) -> bool:
    """Return True if the last of some steps is an affine step behind an activation."""
    return end > 1 and steps[end - 1].kind == "scale" and steps[end - 2].is_monotone


def _with_norms(steps: Sequence[Step]) -> list[Step]:
    """Make a convolution and what scales each of its channels one step: both are linear."""
    merged: list[Step] = []
    for step in steps:
        before = merged[-1] if merged else step
        if step.kind in ("scale", "sign") and before.kind == "conv" and before.norm is None:
            merged[-1] = replace(before, norm=step)
        else:
            merged.append(step)
    return merged


def _steps(layer: Any) -> Iterable[Step]:
    import keras

    shape = tuple(layer.output.shape[1:])
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise _NoChainError(f"its layer {layer.name} has its channels first")
    if isinstance(layer, keras.layers.Conv2D) and layer.groups == 1:
        # TensorFlow 2.21 gives wrong numbers for some: one channel, strides (1, 2), one column.
        if layer.strides[0] != layer.strides[1]:
            raise _NoChainError(f"its layer {layer.name} has another stride along rows")
        yield _windowed("conv", layer, shape)
        if layer.activation is not keras.activations.linear:
            name = activation_name(layer)
            yield replace(_activation(layer, shape, name), is_inside_layer=True)
    elif isinstance(layer, keras.layers.MaxPooling2D):
        yield _windowed("max", layer, shape)
    elif isinstance(layer, keras.layers.AveragePooling2D):
        step = _windowed("average", layer, shape)
        if step.is_padded:  # the mean at the border is over fewer places
            raise _NoChainError(f"its layer {layer.name} averages beyond the border")
        yield step
    elif isinstance(layer, keras.layers.ZeroPadding2D):
        (top, bottom), (left, right) = layer.padding
        yield Step("pad", layer, shape, before=(top, left), after=(bottom, right))
    elif isinstance(layer, (keras.layers.BatchNormalization, keras.layers.Rescaling)):
        if getattr(layer, "axis", -1) not in (-1, 3):
            raise _NoChainError(f"its layer {layer.name} is not over the channels")
        yield Step("scale", layer, shape)
    elif isinstance(layer, (keras.layers.ReLU, keras.layers.LeakyReLU)):
        is_relu = layer.negative_slope == 0 and isinstance(layer, keras.layers.ReLU)
        is_relu = is_relu and layer.max_value is None and layer.threshold == 0
        is_monotone = bool(layer.negative_slope >= 0)
        yield Step("activation", layer, shape, is_monotone=is_monotone, is_relu=is_relu)
    elif isinstance(layer, (keras.layers.Activation, keras.layers.ELU)):
        name = "elu" if isinstance(layer, keras.layers.ELU) else activation_name(layer)
        yield _activation(layer, shape, name)
    else:
        raise _unknown(layer)


def _activation(layer: Any, shape: tuple[int, int, int], activation: str) -> Step:
    is_monotone = activation in _MONOTONE
    return Step("activation", layer, shape, is_monotone=is_monotone, is_relu=activation == "relu")


def _unknown(layer: Any) -> _NoChainError:
    return _NoChainError(f"its layer {layer.name} is of another kind, {type(layer).__name__}")


def _windowed(kind: Kind, layer: Any, shape: tuple[int, ...]) -> Step:
    lengths = layer.input.shape[1:3]
    rows, columns = (activations.window(layer, lengths[axis], axis) for axis in (0, 1))
    kernel, stride, before, after = zip(rows, columns, strict=True)
    return Step(kind, layer, (shape[0], shape[1], shape[2]), kernel, stride, before, after)
