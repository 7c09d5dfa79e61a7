"""What is inside a network: filters, weight statistics, feature maps, receptive fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cnn_core import compatibility, inference
from cnn_core.errors import UnknownNameError
from cnn_core.model_cache import cached_per_model

if TYPE_CHECKING:
    import keras

NEAR_ZERO = 0.01
Value = TypeVar("Value")


@dataclass(frozen=True)
class WeightStatistics:
    """The weights of one array of one layer.

    Attributes:
        layer: The layer's name.
        kind: "kernel" or "bias" (or another name the layer gives it).
        values: All weights, flat, float32.
        share_near_zero: Share of weights whose magnitude is below NEAR_ZERO, in [0, 1].
        l2_norm: Square root of the sum of squares.
    """

    layer: str
    kind: str
    values: np.ndarray
    share_near_zero: float
    l2_norm: float


@dataclass(frozen=True)
class ReceptiveField:
    """The part of the image that a unit of a layer can see, as exact arithmetic.

    Attributes:
        size: (height, width) in pixels.
        stride: (rows, columns) in pixels between neighbouring units.
        start: (row, column) of the field of unit (0, 0); negative where padding is seen.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[int, int]

    def tops(self, rows: int) -> list[int]:
        """Return the first pixel row that the units of each row of the feature map see."""
        return [self.start[0] + self.stride[0] * row for row in range(rows)]

    def lefts(self, columns: int) -> list[int]:
        """Return the first pixel column that the units of each column of the feature map see."""
        return [self.start[1] + self.stride[1] * column for column in range(columns)]


def convolution_layers(model: keras.Model) -> tuple[str, ...]:
    """Return the names of the 2-D convolution layers, from the input on."""
    import keras

    return tuple(layer.name for layer in model.layers if isinstance(layer, keras.layers.Conv2D))


def spatial_layers(model: keras.Model) -> tuple[str, ...]:
    """Return the names of the layers with feature maps (height, width, channels).

    Dropout layers are left out, since they change nothing when a network is used.
    """
    import keras

    skipped = (keras.layers.InputLayer, keras.layers.Dropout)
    return tuple(
        layer.name
        for layer in model.layers
        if len(layer.output.shape) == 4 and not isinstance(layer, skipped)
    )


def filters(model: keras.Model, layer: str) -> np.ndarray:
    """Return the kernel weights of a convolution layer.

    Returns:
        (height, width, input channels, filters) float32.

    Raises:
        UnknownNameError: The network has no convolution layer of this name.
    """
    names = convolution_layers(model)
    if layer not in names:
        raise UnknownNameError(
            f"There is no convolution layer {layer!r}. Choose one of: {', '.join(names) or 'none'}."
        )
    return np.array(model.get_layer(layer).kernel.numpy(), np.float32)


def filter_norms(kernel: np.ndarray) -> np.ndarray:
    """Compute the L2 norm of each filter over its height, width and input channels.

    Args:
        kernel: (height, width, input channels, filters).

    Returns:
        (filters,) float32, at least 0.
    """
    norms: np.ndarray = np.sqrt((kernel.astype(np.float64) ** 2).sum(axis=(0, 1, 2)))
    return norms.astype(np.float32)


def weight_statistics(model: keras.Model) -> tuple[WeightStatistics, ...]:
    """Describe every weight array of the network, from the input on."""
    return tuple(
        _describe(layer.name, weight.name, np.array(weight.numpy(), np.float32).ravel())
        for layer in model.layers
        for weight in layer.weights
    )


def _describe(layer: str, kind: str, values: np.ndarray) -> WeightStatistics:
    near_zero = float((np.abs(values) < NEAR_ZERO).mean())
    return WeightStatistics(layer, kind, values, near_zero, float(np.linalg.norm(values)))


def feature_maps(model: keras.Model, image: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the output of every layer for one image.

    Args:
        model: A Functional network.
        image: (height, width, channels) in [0, 1].

    Returns:
        For each layer but the input, in order, its output: (height, width, channels) of a
        convolution or pooling, (units,) of a dense layer; float32.

    Raises:
        ValueError: The image does not fit the network's input.
        DivergedNetworkError: The network gives NaN or infinite values.

    Example:
        >>> from cnn_core import datasets, models
        >>> model = models.load_pretrained("study")
        >>> digit = datasets.load("mnist", split="test").images[0]
        >>> feature_maps(model, digit)["conv1"].shape
        (26, 26, 32)
    """
    outputs = _traced_layers(model)(inference.as_image(model, image)[None])
    return {name: inference.check_finite(np.array(output[0])) for name, output in outputs.items()}


@cached_per_model()
def _traced_layers(model: keras.Model) -> Callable[[np.ndarray], dict[str, Any]]:
    import keras

    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    inner = keras.Model(model.inputs, {layer.name: layer.output for layer in layers})
    names = [layer.name for layer in layers]
    run = inference.traced(model, lambda images: inner(images, training=False))

    def in_order(images: np.ndarray) -> dict[str, Any]:
        outputs = run(images)
        return {name: outputs[name] for name in names}

    return in_order


def receptive_field(model: keras.Model, layer: str) -> ReceptiveField:
    """Compute the pixels that a unit of a layer can see.

    Reference: Andre Araujo, Wade Norris and Jack Sim, "Computing Receptive Fields of
    Convolutional Neural Networks", 2019, https://doi.org/10.23915/distill.00021

    Args:
        model: A Functional network of convolutions, poolings, paddings and layers that keep places.
        layer: The name of a layer that gives feature maps.

    Raises:
        UnknownNameError: The network has no such layer.
        ValueError: A layer on the way moves places in another manner.

    Example:
        >>> from cnn_core import models
        >>> model = models.load_pretrained("lenet5")
        >>> receptive_field(model, spatial_layers(model)[1]).size
        (5, 5)
    """
    names = spatial_layers(model)
    if layer not in names:
        raise UnknownNameError(
            f"There is no layer {layer!r} with feature maps. "
            f"Choose one of: {', '.join(names) or 'none'}."
        )
    field = _fields(model)[layer]
    if isinstance(field, str):
        raise ValueError(
            "Expected only convolutions, poolings, paddings and layers that keep places on the "
            f"way to the feature map. Received: layer={field!r}"
        )
    return field


def receptive_fields(model: keras.Model) -> dict[str, ReceptiveField]:
    """Compute the receptive field of every layer whose units have a place in the image.

    Layers behind a flattening or a mean over all places are left out: their units have no place,
    and together they see the whole image.

    Args:
        model: A Functional or Sequential network.
    """
    return {name: at for name, at in _fields(model).items() if isinstance(at, ReceptiveField)}


def source_layers(layer: keras.Layer) -> tuple[str, ...]:
    """Return the names of the layers that a layer of a Functional network takes, in order."""
    return tuple(compatibility.source_name(tensor) for tensor in _inputs(layer))


def walk(
    model: keras.Model, start: Value, step: Callable[[Any, list[Value]], Value]
) -> dict[str, Value]:
    """Compute a value for every layer of a network from the values of the layers it takes.

    Branches that meet again and again cost no more than a chain.

    Args:
        model: A Functional or Sequential network that uses each layer once.
        start: Value of its input.
        step: (layer, the values that the layer takes, in order) -> the value of the layer.

    Returns:
        The values by the names of the layers, that of the input first.
    """
    # A Sequential network does not list its input among its layers.
    values = {compatibility.source_name(tensor): start for tensor in model.inputs}
    for layer in model.layers:  # each stands behind those it takes
        if layer.name not in values:
            values[layer.name] = step(layer, [values[name] for name in source_layers(layer)])
    return values


def _inputs(layer: Any) -> list[Any]:
    import keras

    tensors: list[Any] = keras.tree.flatten(layer.input)
    return tensors


def _fields(model: keras.Model) -> dict[str, ReceptiveField | str]:
    """Return the field of every layer, or the name of the layer at which the places were lost."""

    def step(layer: Any, taken: list[ReceptiveField | str]) -> ReceptiveField | str:
        lost = [one for one in taken if isinstance(one, str)]
        fields = [one for one in taken if isinstance(one, ReceptiveField)]
        return lost[0] if lost else _field(layer, fields)

    picture = model.inputs[0]
    pixel = ReceptiveField((1, 1), (1, 1), (0, 0))
    return walk(
        model, pixel if len(picture.shape) == 4 else compatibility.source_name(picture), step
    )


def _field(layer: Any, taken: list[ReceptiveField]) -> ReceptiveField | str:
    """Return the field behind a layer; the layer's name if it loses places."""
    if len(layer.output.shape) != 4:
        return str(layer.name)
    rows, columns = (_field_along(layer, taken, axis) for axis in (0, 1))
    if rows is None or columns is None:
        return str(layer.name)
    return ReceptiveField(*zip(rows, columns, strict=True))


def _field_along(layer: Any, taken: list[ReceptiveField], axis: int) -> tuple[int, int, int] | None:
    """Size, stride and start along rows or columns; None if places move in an unknown manner."""
    length = _inputs(layer)[0].shape[1 + axis]
    kernel, step, before, after = window(layer, length, axis)
    strides = {field.stride[axis] for field in taken}
    places = (length + before + after - kernel) // step + 1
    if len(strides) > 1 or layer.output.shape[1 + axis] != places:
        return None
    stride = strides.pop()
    start = min(field.start[axis] for field in taken)
    end = max(field.start[axis] + field.size[axis] for field in taken)
    return end - start + (kernel - 1) * stride, stride * step, start - before * stride


def window(layer: Any, length: int, axis: int) -> tuple[int, int, int, int]:
    """Return the first place and the size of what each output of a layer sees along one axis.

    Args:
        layer: Any layer that takes feature maps.
        length: Places that come in along the axis.
        axis: 0 for rows, 1 for columns.

    Returns:
        Kernel length with dilation, step, and padding before and after, in places; (1, 1, 0, 0)
        if the layer keeps places.
    """
    import keras

    if isinstance(layer, keras.layers.ZeroPadding2D):
        return 1, 1, *layer.padding[axis]
    if isinstance(layer, (keras.layers.GlobalAveragePooling2D, keras.layers.GlobalMaxPooling2D)):
        return length, 1, 0, 0
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if window is None:
        return 1, 1, 0, 0
    dilation = getattr(layer, "dilation_rate", (1, 1))[axis]
    kernel, step = (window[axis] - 1) * dilation + 1, layer.strides[axis]
    if layer.padding == "valid":
        return kernel, step, 0, 0
    # TensorFlow puts the odd row of padding at the end.
    padding = max((-(-length // step) - 1) * step + kernel - length, 0)
    return kernel, step, padding // 2, padding - padding // 2
