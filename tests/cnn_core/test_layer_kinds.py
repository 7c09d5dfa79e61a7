"""Kinds of layers; a class that inherits from a Keras layer is not taken for that layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnn_core import inference, layer_kinds
from cnn_core.attribution import METHODS, explain
from cnn_core.attribution.backward_rules import obstacle
from cnn_core.attribution.occlusion.layer_chain import chain_of
from cnn_core.models.layers import PartialConv2D


class Doubled(keras.layers.Conv2D):
    """A convolution that gives twice what Conv2D gives."""

    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


class DoubledDense(keras.layers.Dense):
    """A dense layer that gives twice what Dense gives."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return 2 * super().call(inputs, training=training)


class Halved(keras.layers.MaxPooling2D):
    """A pooling that gives half of what MaxPooling2D gives."""

    def call(self, inputs: Any) -> Any:
        return super().call(inputs) / 2


def _network(convolution: Any = None, pooling: Any = None, dense: Any = None) -> keras.Model:
    keras.utils.set_random_seed(5)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            convolution or layers.Conv2D(4, 3, activation="relu", padding="same"),
            pooling or layers.MaxPooling2D(),
            layers.Conv2D(4, 3, activation="relu", padding="same"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            dense or layers.Dense(8, activation="relu"),
            layers.Dense(3),
        ]
    )


def test_only_exact_classes_are_known() -> None:
    assert layer_kinds.kind_of(keras.layers.Conv2D(1, 1)) == "Conv2D"
    assert layer_kinds.kind_of(PartialConv2D([[0]], 1)) == "PartialConv2D"
    assert layer_kinds.kind_of(Doubled(1, 1)) is None
    assert layer_kinds.kind_of(max) is None


def relu(values: Any) -> Any:
    """A function that only has the name of a ReLU."""
    return keras.ops.abs(values)


@pytest.mark.parametrize(
    ("activation", "name", "is_relu"),
    [
        (None, "linear", False),
        ("relu", "relu", True),
        ("leaky_relu", "leaky_relu", True),
        ("tanh", "tanh", False),
        ("swish", "silu", False),
        (tf.nn.relu, "relu", True),
        (tf.nn.softmax, "softmax", False),
        (keras.layers.ReLU(), "ReLU", True),
        (keras.layers.LeakyReLU(), "LeakyReLU", True),
        (keras.layers.Softmax(), "Softmax", False),
        (partial(keras.activations.relu, negative_slope=0.2), "custom partial", False),
        (relu, "custom relu", False),
    ],
)
def test_activations_are_told_by_what_they_are(activation: Any, name: str, is_relu: bool) -> None:
    layer = keras.layers.Dense(1, activation=activation)
    assert layer_kinds.activation_name(layer) == name
    assert layer_kinds.is_relu(layer.activation) is is_relu
    assert layer_kinds.is_relu(keras.layers.Activation(activation or "linear")) is is_relu


def test_a_layer_without_an_activation_is_linear() -> None:
    assert layer_kinds.activation_name(keras.layers.Flatten()) == "linear"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["deep_lift", "lrp_epsilon", "guided_backprop", "deconvolution"])
def test_a_layer_that_serves_as_activation_gives_the_map_of_the_function(method: str) -> None:
    image = np.random.default_rng(1).random((28, 28, 1), np.float32)
    layer = keras.layers.ReLU()
    plain = _network()
    other = _network(convolution=keras.layers.Conv2D(4, 3, activation=layer, padding="same"))
    other.set_weights(plain.get_weights())
    maps = [explain(each, image, target=1, method=method).heatmap for each in (plain, other)]
    np.testing.assert_allclose(*maps, atol=1e-6 * np.abs(maps[0]).max())
    assert np.ptp(maps[0]) > 0


@pytest.mark.parametrize("method", ["deep_lift", "lrp_epsilon"])
@pytest.mark.parametrize("activation", [partial(keras.activations.relu), relu])
def test_no_rule_is_guessed_for_a_custom_activation(method: str, activation: Any) -> None:
    network = _network(convolution=keras.layers.Conv2D(4, 3, activation=activation))
    assert "custom" in str(METHODS[method].obstacle(network))


def test_no_rule_is_guessed_for_a_class_that_inherits() -> None:
    assert "Doubled" in str(obstacle(_network(convolution=Doubled(4, 3))))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"convolution": Doubled(4, 3, activation="relu", padding="same")},
        {"pooling": Halved()},
        {"dense": DoubledDense(8, activation="relu")},
        {"convolution": keras.layers.Conv2D(4, 3, activation=relu, padding="same")},
    ],
    ids=lambda changed: str(*changed),
)
def test_occlusion_of_a_class_that_inherits_is_what_the_network_answers(
    changed: dict[str, Any],
) -> None:
    network = _network(**changed)
    image = np.random.default_rng(2).random((28, 28, 1), np.float32)
    heatmap = explain(
        network, image, target=1, method="occlusion", patch_size=4, stride=4, fill="black"
    ).heatmap
    covered = np.repeat(image[None], 49, axis=0)
    for i, (row, column) in enumerate(np.ndindex(7, 7)):
        covered[i, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = 0
    falls = inference.logits(network, image)[0, 1] - inference.logits(network, covered)[:, 1]
    np.testing.assert_allclose(heatmap[::4, ::4].ravel(), falls, atol=1e-4 * np.abs(falls).max())


def test_a_known_network_keeps_the_short_way() -> None:
    assert not isinstance(chain_of(_network()), str)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_sequential_network_gives_the_map_of_its_functional_twin(method: str) -> None:
    sequential = _network()
    twin = keras.Model(sequential.inputs, sequential.outputs)
    image = np.random.default_rng(3).random((28, 28, 1), np.float32)
    options = {"references": image[None] / 2} if METHODS[method].needs_references else {}
    first, second = (
        explain(network, image, target=1, method=method, **options).heatmap
        for network in (twin, sequential)
    )
    np.testing.assert_allclose(first, second, atol=1e-4 * np.abs(first).max())


@pytest.mark.parametrize("activation", ["softmax", tf.nn.softmax, keras.layers.Softmax()])
def test_probabilities_are_not_taken_for_logits(activation: Any) -> None:
    network = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(2, activation)]
    )
    with pytest.raises(ValueError, match="ends in a softmax"):
        inference.logits(network, np.zeros((4, 4, 1), np.float32))


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("Conv2D", "convolution"),
        ("PartialConv2D", "convolution"),
        ("AveragePooling2D", "pooling"),
        ("GlobalAveragePooling2D", "pooling"),
        ("Dense", "dense"),
        ("IdentityShortcut", "shortcut"),
        ("BatchNormalization", "other"),
    ],
)
def test_family(kind: str, family: str) -> None:
    assert layer_kinds.family_of(kind) == family
