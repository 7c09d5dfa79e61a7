"""What is made of a network lives as long as the network, and no longer."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from cnn_core import activations, inference
from cnn_core.attribution import METHODS, explain
from cnn_core.model_cache import cached_per_model
from support.networks import small


def test_it_is_computed_once_for_each_object_and_arguments() -> None:
    asked = []

    @cached_per_model()
    def times(owner: SimpleNamespace, factor: int) -> int:
        asked.append((owner.value, factor))
        return int(owner.value * factor)

    three, five = SimpleNamespace(value=3), SimpleNamespace(value=5)
    assert [times(three, 2), times(five, 2), times(three, 2), times(three, 4)] == [6, 10, 6, 12]
    assert asked == [(3, 2), (5, 2), (3, 4)]


def test_of_each_object_the_longest_unused_goes_first() -> None:
    asked = []

    @cached_per_model(max_entries=1)
    def doubled(owner: SimpleNamespace, value: int) -> int:
        asked.append(value)
        return 2 * value

    one = SimpleNamespace()
    assert [doubled(one, 1), doubled(one, 1), doubled(one, 2), doubled(one, 1)] == [2, 2, 4, 2]
    assert asked == [1, 2, 1]


def test_two_functions_of_one_name_are_two() -> None:
    def made(factor: int) -> object:
        @cached_per_model()
        def value(owner: SimpleNamespace) -> int:
            return factor

        return value(one)

    one = SimpleNamespace()
    assert [made(1), made(2)] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_a_network_that_nobody_has_is_freed_with_all_that_was_made_of_it(method: str) -> None:
    model = small((8, 9, 1))
    image = np.random.default_rng(0).random((8, 9, 1), np.float32)
    inference.predict(model, image)
    activations.feature_maps(model, image)
    explain(model, image, 1, method=method, references=image[None])
    known = weakref.ref(model)
    del model
    gc.collect()
    assert known() is None


@pytest.mark.slow
def test_a_network_in_use_is_traced_once_however_many_come_by() -> None:
    model, image = small((8, 9, 1)), np.zeros((8, 9, 1), np.float32)
    inference.logits(model, image)
    traced = inference._traced(model)
    for seed in range(40):
        inference._traced(small((8, 9, 1), seed=seed))
    assert inference._traced(model) is traced


def test_what_is_kept_is_not_saved(tmp_path: Path) -> None:
    model, image = small((8, 9, 1)), np.ones((8, 9, 1), np.float32)
    model.save(tmp_path / "before.keras")
    answer = inference.logits(model, image)
    explain(model, image, 1, method="score_cam")  # keeps a network
    model.save(tmp_path / "after.keras")
    model.save_weights(tmp_path / "after.weights.h5")
    size = (tmp_path / "before.keras").stat().st_size
    assert abs((tmp_path / "after.keras").stat().st_size - size) < 100
    again = keras.models.load_model(tmp_path / "after.keras")
    np.testing.assert_array_equal(inference.logits(again, image), answer)
    other = small((8, 9, 1), seed=1)
    other.load_weights(tmp_path / "after.weights.h5")
    np.testing.assert_array_equal(inference.logits(other, image), answer)
