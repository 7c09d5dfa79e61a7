from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnn_core import activations, models
from cnn_core.activations import ReceptiveField, receptive_field, receptive_fields
from cnn_core.errors import UnknownNameError
from cnn_core.models.layers import IdentityShortcut, LocalResponseNormalization, PartialConv2D
from support.networks import linear, picture, small

FIVE = np.array(
    [
        [1, 2, 0, 1, 3],
        [0, 1, 2, 3, 1],
        [1, 0, 1, 2, 0],
        [2, 1, 0, 1, 1],
        [0, 1, 3, 0, 2],
    ],
    np.float32,
)[..., None]
# Right neighbour minus left, plus twice the pixel below.
KERNEL = np.array([[0, 0, 0], [-1, 0, 1], [0, 2, 0]], np.float32)[..., None, None]
# The same written out: pixel (1, 1) has 2 - 0 + 2 * 0 = 2, pixel (1, 2) has 3 - 1 + 2 * 1 = 4.
CONVOLVED = [[2, 4, 3], [2, 2, 1], [0, 6, 1]]


def by_hand() -> keras.Model:
    """FIVE -> convolution with KERNEL and bias -2 -> ReLU -> pooling -> one logit."""
    inputs = keras.Input((5, 5, 1), name="image")
    x = layers.Conv2D(1, 3, name="conv")(inputs)
    x = layers.ReLU(name="relu")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    x = layers.MaxPooling2D(2, name="pool")(x)
    x = layers.Flatten(name="flatten")(x)
    model = keras.Model(inputs, layers.Dense(1, name="logits")(x))
    model.set_weights([KERNEL, np.array([-2.0]), np.array([[3.0]]), np.array([0.5])])
    return model


def test_feature_maps_by_hand() -> None:
    model = by_hand()
    model.get_layer("conv").kernel.assign(4 * model.get_layer("conv").kernel)
    maps = activations.feature_maps(model, FIVE / 4)
    assert list(maps) == ["conv", "relu", "dropout", "pool", "flatten", "logits"]
    assert all(values.dtype == np.float32 for values in maps.values())
    assert maps["conv"][..., 0].tolist() == [[0, 2, 1], [0, 0, -1], [-2, 4, -1]]
    np.testing.assert_array_equal(maps["conv"][..., 0] + 2, CONVOLVED)
    assert maps["relu"][..., 0].tolist() == [[0, 2, 1], [0, 0, 0], [0, 4, 0]]
    assert maps["dropout"].tolist() == maps["relu"].tolist()
    assert maps["pool"].tolist() == [[[2]]]
    assert maps["flatten"].tolist() == [2]
    assert maps["logits"].tolist() == [6.5]


def test_feature_maps_keep_height_before_width() -> None:
    maps = activations.feature_maps(small((20, 28, 2)), picture((20, 28, 2)))
    shapes = {name: values.shape for name, values in maps.items()}
    assert shapes == {
        "conv1": (18, 26, 3),
        "conv2": (16, 24, 4),
        "pool": (8, 12, 4),
        "dropout": (8, 12, 4),
        "flatten": (384,),
        "logits": (3,),
    }


@pytest.mark.parametrize("shape", [(5, 5), (5, 6, 1), (2, 5, 5, 1), (0, 5, 5, 1)])
def test_feature_maps_of_what_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        activations.feature_maps(by_hand(), np.zeros(shape))


def test_layer_names() -> None:
    model = by_hand()
    assert activations.convolution_layers(model) == ("conv",)
    assert activations.spatial_layers(model) == ("conv", "relu", "pool")
    dense = linear(np.ones((4, 4, 1, 2), np.float32))
    assert activations.convolution_layers(dense) == activations.spatial_layers(dense) == ()


def test_filters_and_their_norms() -> None:
    model = by_hand()
    kernel = activations.filters(model, "conv")
    np.testing.assert_array_equal(kernel, KERNEL)
    assert kernel.dtype == np.float32
    np.testing.assert_allclose(activations.filter_norms(kernel), [np.sqrt(6)], rtol=1e-6)
    kernel[:] = 0
    np.testing.assert_array_equal(activations.filters(model, "conv"), KERNEL)


def test_filter_norms_run_over_all_but_the_filters() -> None:
    kernel = np.zeros((2, 3, 2, 3), np.float32)
    kernel[0, 2, 1, 0], kernel[1, 0, 0, 0] = 3, 4
    kernel[..., 2] = 1
    np.testing.assert_allclose(activations.filter_norms(kernel), [5, 0, np.sqrt(12)], rtol=1e-6)


def test_filters_of_the_study_network(study: keras.Model) -> None:
    assert activations.filters(study, "conv1").shape == (3, 3, 1, 32)
    assert activations.filters(study, "conv2").shape == (3, 3, 32, 64)


@pytest.mark.parametrize("layer", ["pool", "logits", "nothing"])
def test_filters_of_another_layer(layer: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no convolution layer '{layer}'.*one of: conv"):
        activations.filters(by_hand(), layer)


def test_filters_of_a_network_without_any() -> None:
    with pytest.raises(UnknownNameError, match="one of: none"):
        activations.filters(linear(np.ones((4, 4, 1, 2), np.float32)), "logits")


def test_weight_statistics_by_hand() -> None:
    kernel, bias, last, last_bias = activations.weight_statistics(by_hand())
    assert (kernel.layer, kernel.kind) == ("conv", "kernel")
    assert kernel.values.tolist() == [0, 0, 0, -1, 0, 1, 0, 2, 0]
    assert kernel.share_near_zero == pytest.approx(6 / 9)
    assert kernel.l2_norm == pytest.approx(np.sqrt(6))
    assert (bias.layer, bias.kind, bias.values.tolist()) == ("conv", "bias", [-2])
    assert (bias.share_near_zero, bias.l2_norm) == (0, 2)
    assert (last.layer, last.values.tolist()) == ("logits", [3])
    assert (last_bias.layer, last_bias.kind, last_bias.l2_norm) == ("logits", "bias", 0.5)


def test_weight_statistics_hold_every_parameter(study: keras.Model) -> None:
    statistics = activations.weight_statistics(study)
    assert sum(len(one.values) for one in statistics) == study.count_params()
    assert all(one.values.dtype == np.float32 for one in statistics)


# What must hold of every network.


@pytest.mark.slow
@pytest.mark.parametrize("name", models.MODELS)
def test_every_network_can_be_looked_into(name: str) -> None:
    model = models.build(name)
    shapes = {layer.name: layer.output.shape[1:] for layer in model.layers}
    maps = activations.feature_maps(model, picture(model.input_shape[1:]))
    assert {layer: values.shape for layer, values in maps.items()} == {
        layer: shape for layer, shape in shapes.items() if layer != "image"
    }
    assert all(np.isfinite(values).all() for values in maps.values())
    spatial = activations.spatial_layers(model)
    assert all(len(shapes[layer]) == 3 for layer in spatial)
    assert all(receptive_field(model, layer).size >= (1, 1) for layer in spatial)
    for layer in activations.convolution_layers(model):
        assert layer in spatial
        kernel = activations.filters(model, layer)
        assert activations.filter_norms(kernel).shape == shapes[layer][-1:]
    counts = [len(one.values) for one in activations.weight_statistics(model)]
    assert sum(counts) == model.count_params()


def test_filters_of_partial_connections_are_0_where_nothing_is_connected() -> None:
    model = models.build("lenet5")
    kernel = activations.filters(model, "c3")
    assert kernel.shape == (5, 5, 6, 16)
    # The paper's table I: the first filter sees maps 0 to 2, the seventh 0 to 3, the last all.
    seen = (kernel != 0).all(axis=(0, 1))
    assert np.flatnonzero(seen[:, 0]).tolist() == [0, 1, 2]
    assert np.flatnonzero(seen[:, 6]).tolist() == [0, 1, 2, 3]
    assert seen[:, 15].all()
    assert np.array_equal(seen, (kernel != 0).any(axis=(0, 1)))
    stored = {
        (one.layer, one.kind): len(one.values) for one in activations.weight_statistics(model)
    }
    assert (stored["c3", "kernel"], stored["c3", "bias"]) == (25 * 60, 16)


# Receptive fields.


def chain(shape: tuple[int, int], *steps: layers.Layer) -> keras.Model:
    """A network of convolutions and poolings, the last of which is named `last`."""
    steps[-1].name = "last"
    inputs = x = keras.Input((*shape, 1))
    for step in steps:
        x = step(x)
    return keras.Model(inputs, x)


def conv(size: int | tuple[int, int], **options: object) -> layers.Layer:
    return layers.Conv2D(1, size, **options)


def pool(size: int | tuple[int, int], **options: object) -> layers.Layer:
    return layers.AveragePooling2D(size, **options)


def branches() -> keras.Model:
    """Two ways of unequal reach, joined, and a convolution behind them."""
    inputs = keras.Input((16, 12, 1))
    wide = conv(5, padding="same")(inputs)
    tall = conv((7, 1), padding="same")(conv(3, padding="same")(inputs))
    joined = layers.Concatenate()([wide, tall])
    return keras.Model(inputs, conv(3, name="last")(joined))


def residual() -> keras.Model:
    inputs = keras.Input((16, 12, 1))
    x = conv(3, padding="same", strides=2)(inputs)
    y = conv(3, padding="same")(conv(3, padding="same")(x))
    return keras.Model(inputs, layers.Add(name="last")([x, y]))


def keeping() -> keras.Model:
    """Layers that keep places, and the thinned shortcut of a residual block."""
    inputs = keras.Input((15, 12, 1))
    x = layers.Rescaling(2.0, offset=1.0)(inputs)
    x = conv(3, padding="same")(x)
    for step in (
        layers.BatchNormalization(),
        layers.LeakyReLU(0.1),
        LocalResponseNormalization(),
        layers.Dropout(0.5),
    ):
        x = step(x)
    short = IdentityShortcut(2, 2)(x)
    long = layers.Conv2D(2, 3, strides=2, padding="same")(x)
    return keras.Model(inputs, layers.Add(name="last")([long, short]))


def grouped() -> keras.Model:
    """Four channels in two groups, of which some filters then see a part only."""
    inputs = keras.Input((12, 12, 1))
    x = layers.Conv2D(4, 3)(inputs)
    x = layers.Conv2D(4, 3, groups=2)(x)
    return keras.Model(inputs, PartialConv2D([(0, 2), (1,)], 3, name="last")(x))


FIELDS: dict[str, tuple[Callable[[], keras.Model], ReceptiveField]] = {
    "one convolution": (lambda: chain((9, 9), conv(3)), ReceptiveField((3, 3), (1, 1), (0, 0))),
    "3x3, 3x3, pooling": (
        lambda: chain((12, 12), conv(3), conv(3), pool(2)),
        ReceptiveField((6, 6), (2, 2), (0, 0)),
    ),
    "pooling between": (
        lambda: chain((20, 20), conv(3), pool(2), conv(3), pool(2)),
        ReceptiveField((10, 10), (4, 4), (0, 0)),
    ),
    "same padding": (
        lambda: chain((9, 9), conv(3, padding="same"), conv(3, padding="same")),
        ReceptiveField((5, 5), (1, 1), (-2, -2)),
    ),
    # Of an even kernel and of a stride, TensorFlow puts the odd row of padding at the end.
    "same padding, even kernel": (
        lambda: chain((9, 9), conv(4, padding="same")),
        ReceptiveField((4, 4), (1, 1), (-1, -1)),
    ),
    "same padding, stride, even length": (
        lambda: chain((10, 10), conv(3, padding="same", strides=2)),
        ReceptiveField((3, 3), (2, 2), (0, 0)),
    ),
    "same padding, stride, odd length": (
        lambda: chain((11, 11), conv(3, padding="same", strides=2)),
        ReceptiveField((3, 3), (2, 2), (-1, -1)),
    ),
    "strides twice": (
        lambda: chain((23, 23), conv(3, strides=2), conv(5, strides=3)),
        ReceptiveField((11, 11), (6, 6), (0, 0)),
    ),
    "dilation": (
        lambda: chain((15, 15), conv(3, dilation_rate=2), conv(3)),
        ReceptiveField((7, 7), (1, 1), (0, 0)),
    ),
    "not square": (
        lambda: chain((13, 20), conv((3, 5), strides=(1, 2), padding="same"), pool((2, 1))),
        ReceptiveField((4, 5), (2, 2), (-1, -1)),
    ),
    "overlapping pooling": (
        lambda: chain((13, 13), conv(3), pool(3, strides=2)),
        ReceptiveField((5, 5), (2, 2), (0, 0)),
    ),
    "branches": (branches, ReceptiveField((11, 7), (1, 1), (-4, -2))),
    "residual": (residual, ReceptiveField((11, 11), (2, 2), (-4, -4))),
    "padding, not alike on its sides": (
        lambda: chain((12, 12), layers.ZeroPadding2D(((2, 1), (0, 3))), conv(5), pool(2)),
        ReceptiveField((6, 6), (2, 2), (-2, 0)),
    ),
    "padding between": (
        lambda: chain((12, 12), pool(2), layers.ZeroPadding2D(2), conv(3)),
        ReceptiveField((6, 6), (2, 2), (-4, -4)),
    ),
    # 15 rows in steps of 2 need two rows of padding, 12 columns one, which is put at the end.
    "layers that keep places": (keeping, ReceptiveField((5, 5), (2, 2), (-2, -1))),
    "groups and partial connections": (grouped, ReceptiveField((7, 7), (1, 1), (0, 0))),
    "mean over all places": (
        lambda: chain((9, 12), conv(3, padding="same"), layers.GlobalAveragePooling2D(keepdims=1)),
        ReceptiveField((11, 14), (1, 1), (-1, -1)),
    ),
}


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_field_by_hand(name: str) -> None:
    build, expected = FIELDS[name]
    assert receptive_field(build(), "last") == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", FIELDS)
def test_receptive_field_is_where_gradients_come_from(name: str) -> None:
    """All weights positive and nothing bent: what a unit sees is where its gradient is not 0."""
    model = FIELDS[name][0]()
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    field = receptive_field(model, "last")
    rows, columns = model.output_shape[1:3]
    image = tf.ones((1, *model.input_shape[1:]))
    height, width = image.shape[1:3]
    for row in sorted({0, min(1, rows - 1), rows // 2, rows - 1}):
        for column in sorted({0, columns // 2, columns - 1}):
            with tf.GradientTape() as tape:
                tape.watch(image)
                unit = model(image)[0, row, column, 0]
            seen = tape.gradient(unit, image).numpy()[0, ..., 0] != 0
            top, left = field.tops(rows)[row], field.lefts(columns)[column]
            bottom, right = top + field.size[0], left + field.size[1]
            down, across = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
            assert (down[0], down[-1] + 1) == (max(top, 0), min(bottom, height))
            assert (across[0], across[-1] + 1) == (max(left, 0), min(right, width))


def test_receptive_fields_of_the_study_network(study: keras.Model) -> None:
    sizes = {layer: receptive_field(study, layer).size for layer in ("conv1", "conv2", "pool")}
    assert sizes == {"conv1": (3, 3), "conv2": (5, 5), "pool": (6, 6)}
    assert receptive_field(study, "pool").stride == (2, 2)
    assert receptive_field(study, "pool").tops(3) == [0, 2, 4]


@pytest.mark.parametrize("layer", ["flatten", "logits", "nothing"])
def test_receptive_field_of_a_layer_without_places(study: keras.Model, layer: str) -> None:
    with pytest.raises(UnknownNameError, match=f"no layer '{layer}' with feature maps"):
        receptive_field(study, layer)


@pytest.mark.parametrize(
    "step",
    [
        layers.Cropping2D(1),
        layers.UpSampling2D(2),
        layers.Conv2DTranspose(1, 3, strides=2),
        layers.Reshape((36, 4, 1)),
    ],
    ids=lambda step: type(step).__name__,
)
def test_receptive_field_says_what_it_cannot_follow(step: layers.Layer) -> None:
    step.name = "mover"
    model = chain((12, 12), step, conv(3))
    with pytest.raises(ValueError, match=r"layers that keep places.*layer='mover'"):
        receptive_field(model, "last")


def test_receptive_field_behind_a_dense_layer() -> None:
    inputs = keras.Input((4, 4, 1))
    x = layers.Dense(16)(layers.Flatten(name="flatten")(inputs))
    x = layers.Reshape((4, 4, 1))(x)
    model = keras.Model(inputs, layers.Conv2D(1, 3, name="last")(x))
    with pytest.raises(ValueError, match="layer='flatten'"):
        receptive_field(model, "last")


def test_receptive_field_of_unlike_strides() -> None:
    inputs = keras.Input((2, 2, 1))
    ways = [conv(2, strides=2)(inputs), conv(2)(inputs)]
    model = keras.Model(inputs, layers.Add(name="last")(ways))
    with pytest.raises(ValueError, match="layer='last'"):
        receptive_field(model, "last")


def test_receptive_fields_of_a_sequential_network_are_those_of_its_functional_twin() -> None:
    layers = [keras.layers.Conv2D(2, 3), keras.layers.MaxPooling2D(), keras.layers.Flatten()]
    sequential = keras.Sequential([keras.Input((8, 8, 1)), *layers])
    fields = receptive_fields(sequential)
    assert fields == receptive_fields(keras.Model(sequential.inputs, sequential.outputs))
    assert fields[layers[1].name] == ReceptiveField((4, 4), (2, 2), (0, 0))


def test_receptive_fields_leave_out_what_has_no_places(study: keras.Model) -> None:
    fields = receptive_fields(study)
    assert list(fields) == ["image", "conv1", "conv2", "pool", "dropout1"]
    assert fields["image"] == ReceptiveField((1, 1), (1, 1), (0, 0))
    assert fields["conv2"] == receptive_field(study, "conv2")


def test_receptive_fields_of_vgg16() -> None:
    """Its chain with one filter a layer; 196 and 212 pixels are the published figures."""
    steps = [
        step
        for count in (2, 2, 3, 3, 3)
        for step in (*(conv(3, padding="same") for _ in range(count)), pool(2))
    ]
    steps[-2].name = "conv5_3"
    model = chain((224, 224), *steps)
    # Padding before: 2 convolutions in steps of 1 pixel, 2 of 2, 3 of 4, 3 of 8 and 3 of 16.
    padding = 2 * 1 + 2 * 2 + 3 * 4 + 3 * 8 + 3 * 16
    conv5_3 = ReceptiveField((196, 196), (16, 16), (-padding, -padding))
    assert receptive_field(model, "conv5_3") == conv5_3
    assert receptive_field(model, "last") == ReceptiveField((212, 212), (32, 32), conv5_3.start)


# A step of 2 with 'same' padding on an even length pads the end only, so starts stay there.
KNOWN = {
    "lenet5": {
        "padding": (1, 1, -2),
        "c1": (5, 1, -2),
        "s2": (6, 2, -2),
        "c3": (14, 2, -2),
        "s4": (16, 4, -2),
        "c5": (32, 4, -2),
    },
    # 1 + 7 convolutions that add 2, 1 that adds 2 in a step of 2, 5 that add 4, 1 of 4, 5 of 8.
    "resnet20": {
        "stage1_3_relu2": (15, 1, -7),
        "stage2_1_conv1": (17, 2, -7),
        "stage2_1_shortcut": (15, 2, -7),
        "stage2_3_relu2": (37, 2, -17),
        "stage3_3_relu2": (81, 4, -37),
    },
    # In each block the 5x5 window sees most: it adds 4 places.
    "mini_inception": {
        "pool1": (4, 2, -1),
        "inception1": (12, 2, -5),
        "inception2_project": (16, 2, -7),
        "inception2": (20, 2, -9),
        "pool2": (22, 4, -9),
        "inception4": (54, 4, -25),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_receptive_fields_of_our_networks(name: str) -> None:
    fields = receptive_fields(models.build(name))
    for layer, (size, stride, start) in KNOWN[name].items():
        assert fields[layer] == ReceptiveField((size,) * 2, (stride,) * 2, (start,) * 2), layer


@pytest.mark.slow
def test_receptive_field_of_many_residual_blocks() -> None:
    """Branch by branch this would take 2 ** 60 steps."""
    inputs = x = keras.Input((16, 16, 1))
    for _ in range(60):
        x = layers.Add()([x, conv(3, padding="same")(x)])
    model = keras.Model(inputs, layers.ReLU(name="last")(x))
    assert receptive_field(model, "last") == ReceptiveField((121, 121), (1, 1), (-60, -60))
