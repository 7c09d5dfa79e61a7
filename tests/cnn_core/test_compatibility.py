"""The insides that the project leans on are as cnn_core.compatibility expects them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import pytest

from cnn_core import compatibility
from cnn_core.keras_vis import traceable_cam, visualization


def _network() -> keras.Model:
    inputs = keras.Input((4, 4, 1), name="picture")
    values = keras.layers.Flatten(name="flat")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2, name="answer")(values))


def test_a_tensor_knows_the_layer_that_made_it() -> None:
    network = _network()
    assert compatibility.source_name(network.outputs[0]) == "answer"
    assert compatibility.source_name(network.inputs[0]) == "picture"


def test_only_the_name_that_streamlit_calls_is_muted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras.backend, "clear_session", keras.utils.clear_session)
    before = keras.utils.clear_session
    compatibility.mute_clear_session()
    assert keras.backend.clear_session() is None
    assert keras.backend.clear_session is not before
    assert keras.utils.clear_session is before


def test_streamlit_still_calls_the_muted_name() -> None:
    from streamlit.runtime.scriptrunner import script_runner

    with open(script_runner.__file__, encoding="utf-8") as file:
        assert ").backend.clear_session()" in file.read()


def test_a_network_computes_by_another_function() -> None:
    network, images = _network(), np.ones((3, 4, 4, 1), np.float32)
    expected = np.asarray(network(images)) * 2
    own = network.call
    compatibility.replace_call(network, lambda inputs: own(inputs) * 2)
    np.testing.assert_array_equal(network(images, training=False), expected)


def test_a_value_stays_with_a_network_and_out_of_its_weights() -> None:
    network, kept = _network(), {"layer": keras.layers.Dense(1)}
    assert compatibility.attach(network, "_kept", kept) is kept
    assert compatibility.attach(network, "_kept", {}) is kept
    assert len(network.layers) == 3

    @dataclasses.dataclass(frozen=True)
    class Record:
        name: str

    record = Record("study")
    compatibility.attach(record, "_kept", kept)
    assert record == Record("study")


@pytest.mark.parametrize("name", ["Gradcam", "Layercam"])
def test_the_last_step_of_a_cam_is_replaced(name: str) -> None:
    assert issubclass(traceable_cam(name), visualization(name))
    assert traceable_cam(name)._calculate_cam is not visualization(name)._calculate_cam


@pytest.mark.parametrize(
    ("use", "inside"),
    [
        (lambda: compatibility.source_name(object()), "KerasTensor._keras_history.operation"),
        (lambda: compatibility.with_cam_weights(dict, max), "dict._calculate_cam"),
        (lambda: compatibility.replace_call(object(), max), "Model.call"),
    ],
)
def test_a_release_that_changed_is_named(use: Callable[[], object], inside: str) -> None:
    with pytest.raises(RuntimeError, match=inside):
        use()


def test_a_keras_without_the_muted_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(keras.backend, "clear_session")
    with pytest.raises(RuntimeError, match=keras.__version__):
        compatibility.mute_clear_session()
