"""The dossier of a neuron: what can be worked out by hand, and what must hold of every network."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from cnn_core import datasets, inference, models, neurons
from cnn_core.activations import ReceptiveField
from cnn_core.errors import UnknownNameError
from support.networks import linear, picture, randomize, small, two_maps

RANDOM = np.random.default_rng(0)


def branches() -> keras.Model:
    """A residual block and a concatenation, with batch normalisation, on pictures not square."""
    inputs = keras.Input((12, 10, 2), name="image")
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="conv")(inputs)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(name="relu")(x)
    y = layers.Conv2D(4, 3, padding="same", name="inner")(x)
    x = layers.Add(name="add")([x, y])
    z = layers.Conv2D(3, 1, activation="relu", name="side")(x)
    x = layers.Concatenate(name="joined")([x, z])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    x = layers.Dropout(0.5, name="dropout")(x)
    model = keras.Model(inputs, layers.Dense(3, name="logits")(x))
    randomize(model, 3)
    model.get_layer("norm").moving_variance.assign([1.0, 2.0, 0.5, 1.5])
    return model


# --- Which neurons there are ---


def test_neurons_are_channels_and_units_but_no_repetitions(study: keras.Model) -> None:
    assert neurons.neuron_layers(study) == ("conv1", "conv2", "pool", "dense", "logits")
    assert neurons.num_channels(study, "conv2") == 64
    assert neurons.num_channels(study, "dense") == 128
    assert "mean" in neurons.neuron_layers(branches())


@pytest.mark.parametrize("layer", ["flatten", "image", "nothing"])
def test_a_layer_that_does_not_exist(study: keras.Model, layer: str) -> None:
    for ask in (
        lambda: neurons.num_channels(study, layer),
        lambda: neurons.unit_activations(study, layer, picture((1, 28, 28, 1))),
        lambda: neurons.kernel(study, layer, 0),
        lambda: neurons.ablated_logits(study, layer, 0, picture((28, 28, 1))),
        lambda: neurons.direct_weights(study, layer, 0),
        lambda: neurons.maximise(study, layer, 0),
        lambda: neurons.top_patches(study, layer, 0, picture((1, 28, 28, 1))),
    ):
        with pytest.raises(UnknownNameError, match=rf"no layer '{layer}' .*one of: conv1, conv2"):
            ask()


@pytest.mark.parametrize("channel", [-1, 32, 1000])
def test_a_channel_that_does_not_exist(study: keras.Model, channel: int) -> None:
    for ask in (
        lambda: neurons.kernel(study, "conv1", channel),
        lambda: neurons.ablated_logits(study, "conv1", channel, picture((28, 28, 1))),
        lambda: neurons.direct_weights(study, "conv1", channel),
        lambda: neurons.maximise(study, "conv1", channel),
        lambda: neurons.top_patches(study, "conv1", channel, picture((1, 28, 28, 1))),
    ):
        with pytest.raises(UnknownNameError, match=rf"no channel {channel} in conv1.*0 to 31"):
            ask()


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.full((1, 28, 28, 1), np.nan), "finite images"),
        (np.zeros((1, 28, 27, 1)), r"images of shape \(28, 28, 1\)"),
    ],
)
def test_images_that_are_none(study: keras.Model, images: np.ndarray, words: str) -> None:
    for ask in (
        lambda: neurons.unit_activations(study, "conv1", images),
        lambda: neurons.top_images(study, images),
        lambda: neurons.top_patches(study, "conv1", 0, images),
        lambda: neurons.ablated_logits(study, "conv1", 0, images),
        lambda: neurons.class_effects(study, "conv1", 0, images),
    ):
        with pytest.raises(ValueError, match=words):
            ask()


def test_no_image_at_all(study: keras.Model) -> None:
    none = np.zeros((0, 28, 28, 1), np.float32)
    assert neurons.unit_activations(study, "conv1", none).shape == (0, 32)
    assert neurons.ablated_logits(study, "conv1", 0, none).shape == (0, 10)
    with pytest.raises(ValueError, match="at least one image"):
        neurons.top_images(study, none)
    with pytest.raises(ValueError, match="at least one image"):
        neurons.class_effects(study, "conv1", 0, none)


# --- How strongly they react ---


def test_reactions_are_the_largest_and_the_mean_of_the_maps() -> None:
    model = two_maps(np.ones((2, 3, 2, 1), np.float32))
    image = np.array([[0.5, 0.25, 0], [0, 0, 0.75]], np.float32)[None, ..., None]
    assert neurons.unit_activations(model, "maps", image).tolist() == [[0.75, 0.0]]
    assert neurons.unit_activations(model, "maps", image, summary="mean").tolist() == [[0.25, -0.5]]
    assert neurons.unit_activations(model, "logits", image).tolist() == [[-1.5]]


def test_reactions_to_a_blank_an_inked_and_a_dotted_digit_are_finite(study: keras.Model) -> None:
    dot = np.zeros((28, 28, 1), np.float32)
    dot[0, 0] = 1
    images = np.stack([np.zeros_like(dot), np.ones_like(dot), dot])
    for layer in neurons.neuron_layers(study):
        assert np.isfinite(neurons.unit_activations(study, layer, images)).all()
        (patch, *_) = neurons.top_patches(study, layer, 0, images)
        assert np.isfinite(patch.activation)
        assert np.isfinite(neurons.class_effects(study, layer, 0, images)).all()


def test_reactions_by_class() -> None:
    values = np.array([1, 2, 3, 10, 0], np.float32)
    one, seven = neurons.responses_by_class(values, np.array([1, 1, 1, 7, 7]))
    assert (one.label, one.count, one.mean, one.quantiles[2]) == (1, 3, 2, 2)
    assert (seven.label, seven.count, seven.mean) == (7, 2, 5)
    np.testing.assert_allclose(seven.quantiles, [0.5, 2.5, 5, 7.5, 9.5])


@pytest.mark.parametrize(("values", "labels"), [((0,), (0,)), ((3,), (2,)), ((3, 1), (3,))])
def test_reactions_by_class_of_nothing(values: tuple, labels: tuple) -> None:
    with pytest.raises(ValueError, match="n of at least 1"):
        neurons.responses_by_class(np.zeros(values), np.zeros(labels, int))


def test_a_sample_is_seeded_rising_and_never_too_large() -> None:
    chosen = datasets.sample_indices(1000, 50)
    assert len(set(chosen.tolist())) == 50
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, datasets.sample_indices(1000, 50))
    assert chosen.tolist() != datasets.sample_indices(1000, 50, seed=1).tolist()
    assert datasets.sample_indices(5, 50).tolist() == [0, 1, 2, 3, 4]


# --- What excites them ---


def test_the_strongest_images_of_all_batches_are_found() -> None:
    """A network whose two maps are x and -2x: the brightest and the darkest pixel decide."""
    model = two_maps(np.ones((2, 2, 2, 1), np.float32))
    images = RANDOM.random((1300, 2, 2, 1), np.float32)
    told: list[float] = []
    found = neurons.top_images(model, images, count=5, progress=told.append)
    peaks = images.max(axis=(1, 2, 3)), -images.min(axis=(1, 2, 3))
    for channel, values in enumerate(peaks):
        expected = np.argsort(-values, kind="stable")[:5]
        assert found["maps"][:, channel].tolist() == expected.tolist()
    assert found["maps"].dtype == np.int32
    assert (told, told[-1]) == (sorted(told), 1)
    assert len(told) == 3


def test_of_equal_images_the_earlier_are_taken_and_few_are_enough(study: keras.Model) -> None:
    found = neurons.top_images(study, np.zeros((3, 28, 28, 1)), count=16)
    assert found["conv1"].shape == (3, 32)
    assert found["conv1"][:, 0].tolist() == [0, 1, 2]
    found = neurons.top_images(study, np.zeros((600, 28, 28, 1)), count=2)
    assert found["dense"][:, 7].tolist() == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["conv", "add", "joined"])
def test_a_patch_is_where_the_gradient_of_its_unit_is_not_zero(layer: str) -> None:
    """Positive weights and images: what a unit sees is where its gradient is not 0."""
    model = branches()
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    images = 0.1 + 0.9 * RANDOM.random((4, 12, 10, 2), np.float32)
    inner = keras.Model(model.inputs, model.get_layer(layer).output)
    for image, patch in zip(images, neurons.top_patches(model, layer, 1, images), strict=True):
        assert patch.place is not None
        variable = tf.Variable(image[None])
        with tf.GradientTape() as tape:
            unit = inner([variable])[0, patch.place[0], patch.place[1], 1]
        seen = tape.gradient(unit, variable).numpy()[0].any(axis=-1)
        down, across = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        assert patch.box == (down[0], across[0], down[-1] + 1, across[-1] + 1)
        assert unit.numpy() == pytest.approx(patch.activation, rel=1e-5)
        assert patch.activation == pytest.approx(
            neurons.unit_activations(model, layer, image[None])[0, 1], rel=1e-5
        )


@pytest.mark.parametrize(
    ("place", "box"),
    [((0, 0), (0, 0, 3, 4)), ((1, 2), (0, 1, 5, 8)), ((5, 5), (8, 7, 12, 10))],
)
def test_a_receptive_field_ends_at_the_border(
    place: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    field = ReceptiveField(size=(5, 7), stride=(2, 2), start=(-2, -3))
    assert neurons.box_of(field, place, (12, 10)) == box


def test_a_unit_sees_the_whole_image() -> None:
    (patch,) = neurons.top_patches(small(), "logits", 1, picture((20, 28, 1))[None])
    assert (patch.place, patch.box) == (None, (0, 0, 20, 28))


# --- Their weights ---


def test_the_kernel_of_a_channel_and_of_the_channels_that_stem_from_it(study: keras.Model) -> None:
    weights = study.get_layer("conv2").kernel.numpy()[..., 5]
    for layer in ("conv2", "pool"):
        found = neurons.kernel(study, layer, 5)
        assert found is not None
        assert (found.layer, found.channel, found.sources) == ("conv2", 5, ("conv1",))
        np.testing.assert_array_equal(found.weights, weights)
        assert found.bias == study.get_layer("conv2").bias.numpy()[5]


def test_the_kernel_of_a_unit_lies_on_the_maps_it_looks_at(study: keras.Model) -> None:
    found = neurons.kernel(study, "dense", 9)
    assert found is not None
    assert found.weights.shape == (12, 12, 64)
    flat = study.get_layer("dense").kernel.numpy()[:, 9]
    assert found.weights[3, 4, 5] == flat[(3 * 12 + 4) * 64 + 5]
    last = neurons.kernel(study, "logits", 2)
    assert last is not None
    assert last.weights.shape == (1, 128, 1)


def test_the_kernel_of_a_dense_unit_on_pixels_is_a_picture() -> None:
    weights = RANDOM.random((4, 6, 1, 3)).astype(np.float32)
    found = neurons.kernel(linear(weights), "logits", 2)
    assert found is not None
    assert (found.layer, found.channel, found.bias) == ("logits", 2, 0.0)
    np.testing.assert_array_equal(found.weights, weights[..., 2])


def test_kernels_are_followed_through_branches_or_there_are_none() -> None:
    model = branches()
    for layer, channel, expected in (
        ("relu", 3, ("conv", 3)),
        ("joined", 5, ("side", 1)),
        ("joined", 2, None),
        ("add", 0, None),
    ):
        found = neurons.kernel(model, layer, channel)
        assert (found and (found.layer, found.channel)) == expected


# --- Without them ---


def test_a_channel_switched_off_by_hand() -> None:
    """Logit = sum of x * w0 - 2 * x * w1: without the second channel the second part goes."""
    weights = RANDOM.normal(size=(4, 6, 2, 3)).astype(np.float32)
    model, image = two_maps(weights), picture((4, 6, 1))
    first = (image[..., None] * weights[..., 0, :][:, :, None]).sum(axis=(0, 1, 2))
    second = (-2 * image[..., None] * weights[..., 1, :][:, :, None]).sum(axis=(0, 1, 2))
    off = neurons.ablated_logits(model, "maps", 1, image)[0]
    np.testing.assert_allclose(off, first, atol=1e-5)
    held = neurons.ablated_logits(model, "maps", 1, image, level=0.5)[0]
    np.testing.assert_allclose(held, first + 0.5 * weights[..., 1, :].sum(axis=(0, 1)), atol=1e-5)
    effects = neurons.class_effects(model, "maps", 1, image[None])
    np.testing.assert_allclose(effects, second, atol=1e-5)
    direct = neurons.direct_weights(model, "maps", 1)
    np.testing.assert_allclose(direct, weights[..., 1, :].sum(axis=(0, 1)), atol=1e-5)


def with_zeroed(model: keras.Model, layer: str, channel: int) -> keras.Model:
    """The same network with the filter of one channel at 0, which its activation leaves at 0."""
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    kernel, bias = other.get_layer(layer).get_weights()
    kernel[..., channel], bias[channel] = 0, 0
    other.get_layer(layer).set_weights([kernel, bias])
    return other


@pytest.mark.parametrize(
    ("build", "layer"), [(small, "conv1"), (small, "conv2"), (branches, "side")]
)
def test_switching_off_is_a_network_without_that_filter(
    build: Callable[[], keras.Model], layer: str
) -> None:
    model = build()
    images = np.stack([picture(model.input_shape[1:], seed) for seed in range(3)])
    before, weights = inference.logits(model, images), model.get_weights()
    off = neurons.ablated_logits(model, layer, 1, images)
    np.testing.assert_allclose(
        off, inference.logits(with_zeroed(model, layer, 1), images), atol=1e-5
    )
    assert np.abs(off - before).max() > 1e-3
    np.testing.assert_array_equal(inference.logits(model, images), before)
    for now, was in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, was)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["report", "lenet5", "resnet20"])
def test_every_kind_of_network_runs_without_a_neuron(name: str) -> None:
    model = models.build(name)
    images = np.stack([picture(model.input_shape[1:], seed) for seed in range(2)])
    layer = neurons.neuron_layers(model)[-1]
    expected = inference.logits(model, images)
    expected[:, 4] = 0.5
    off = neurons.ablated_logits(model, layer, 4, images, level=0.5)
    np.testing.assert_allclose(off, expected, atol=1e-5)


def test_exact_weights_are_the_dense_layers_own(study: keras.Model) -> None:
    kernel = study.get_layer("logits").kernel.numpy()
    np.testing.assert_allclose(neurons.direct_weights(study, "dense", 7), kernel[7], atol=1e-5)


def test_exact_weights_go_through_means_and_normalisations() -> None:
    model = branches()
    kernel = model.get_layer("logits").kernel.numpy()
    np.testing.assert_allclose(neurons.direct_weights(model, "joined", 2), kernel[2], atol=1e-5)
    tuned = models.build("report")
    randomize(tuned, 1)
    for layer in tuned.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.moving_variance.assign(np.full(layer.moving_variance.shape, 4.0))
    last = tuned.get_layer("logits")
    scale = last.gamma.numpy() / np.sqrt(4.0 + last.epsilon)
    expected = tuned.get_layer("dense2").kernel.numpy()[11] * scale
    np.testing.assert_allclose(neurons.direct_weights(tuned, "norm3", 11), expected, atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool", "logits"])
def test_there_is_no_single_weight_behind_a_bend_nor_for_a_logit(
    study: keras.Model, layer: str
) -> None:
    assert neurons.direct_weights(study, layer, 0) is None


def test_where_the_way_is_straight_effect_is_activation_times_weight(
    study: keras.Model, digit: np.ndarray
) -> None:
    images = np.stack([digit, 1 - digit])
    for unit in (3, 40):
        mean = neurons.unit_activations(study, "dense", images)[:, unit].mean()
        weights = neurons.direct_weights(study, "dense", unit)
        assert weights is not None
        effects = neurons.class_effects(study, "dense", unit, images)
        np.testing.assert_allclose(effects, mean * weights, atol=1e-4)


# --- What they would like best ---


@pytest.mark.slow
def test_the_best_picture_of_a_linear_filter_is_its_kernel() -> None:
    kernel = np.array([[1, 0.5, -1], [2, -2, 0.5], [-1, 1, -0.5]], np.float32)
    inputs = keras.Input((11, 9, 1), name="image")
    x = layers.Conv2D(1, 3, use_bias=False, name="conv")(inputs)
    model = keras.Model(inputs, layers.Dense(2, name="logits")(layers.Flatten()(x)))
    model.get_layer("conv").set_weights([kernel[..., None, None]])
    found = neurons.maximise(model, "conv", 0, smoothness=0.0, sparsity=0.0)
    top, left, bottom, right = found.box
    patch = found.image[top:bottom, left:right, 0]
    # Within [0, 1] a linear filter likes 1 where it is positive and 0 elsewhere.
    np.testing.assert_allclose(patch, kernel > 0, atol=0.1)
    centred = patch - patch.mean()
    cosine = (centred * kernel).sum() / np.linalg.norm(centred) / np.linalg.norm(kernel)
    assert cosine > 0.8
    assert found.activation == pytest.approx(5, abs=0.3)
    outside = found.image.copy()
    outside[top:bottom, left:right] = 0
    assert not outside.any()


@pytest.mark.slow
@pytest.mark.parametrize(("layer", "channel"), [("conv2", 12), ("dense", 7)])
def test_a_painted_picture_excites_more_than_random_ones_and_is_seeded(
    study: keras.Model, layer: str, channel: int
) -> None:
    found = neurons.maximise(study, layer, channel, steps=25)
    random = RANDOM.random((200, 28, 28, 1), np.float32)
    output = keras.Model(study.inputs, study.get_layer(layer).output)
    values = output([np.concatenate([found.image[None], random])]).numpy()[..., channel]
    if values.ndim == 3:
        values = values[:, values.shape[1] // 2, values.shape[2] // 2]
    assert values[0] == pytest.approx(found.activation, rel=1e-4)
    assert values[0] > values[1:].max()
    assert found.activation > found.start
    assert (found.image.min() >= 0) & (found.image.max() <= 1)
    again = neurons.maximise(study, layer, channel, steps=25)
    np.testing.assert_array_equal(again.image, found.image)


def test_a_neuron_that_nothing_wakes_is_told_by_its_start() -> None:
    model = small()
    kernel, bias = model.get_layer("conv1").get_weights()
    model.get_layer("conv1").set_weights([-np.abs(kernel), -np.abs(bias) - 1])
    found = neurons.maximise(model, "conv1", 0, steps=2)
    assert (found.activation, found.start) == (0, 0)
    assert np.isfinite(found.image).all()


def test_maximisation_needs_a_step(study: keras.Model) -> None:
    with pytest.raises(ValueError, match="steps of at least 1"):
        neurons.maximise(study, "conv1", 0, steps=0)


@pytest.mark.parametrize("name", ["smoothness", "sparsity"])
@pytest.mark.parametrize("weight", [-5.0, np.nan, np.inf])
def test_penalties_of_a_maximisation_are_never_rewards(
    study: keras.Model, name: str, weight: float
) -> None:
    with pytest.raises(ValueError, match=f"Expected {name} .* at least 0. Received: {name}="):
        neurons.maximise(study, "conv1", 0, **{name: weight})
