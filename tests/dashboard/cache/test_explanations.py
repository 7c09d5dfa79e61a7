"""The caches that follow the hand: once for all who ask the same, side by side for all others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnn_core import datasets, inference, models
from dashboard import cache, tensorflow_loader
from dashboard.cache import compiling, explanations, faithfulness
from dashboard.cache.single_flight import shared
from support.cards import write_card
from support.networks import randomize
from support.visitors import forget_pictures, forget_results

LONG = 30  # seconds until a thread that waits in vain gives up and fails


def keeping(max_entries: int) -> Callable[[str, Callable[[], Any]], Any]:
    """Return a function that computes a key's value once, and keeps so many of them."""
    return shared(max_entries, lambda key, compute: key)(lambda key, compute: compute())


def test_who_asks_the_same_waits_for_one_computation() -> None:
    results = keeping(4)
    started, go_on = threading.Event(), threading.Event()
    runs = []

    def compute() -> int:
        runs.append(1)
        started.set()
        assert go_on.wait(LONG)
        return 7

    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(results, "key", compute) for _ in range(8)]
        assert started.wait(LONG)
        go_on.set()
        assert [each.result(LONG) for each in asked] == [7] * 8
    assert len(runs) == 1


def test_who_asks_something_else_does_not_wait() -> None:
    """Each computation ends only when all are under way: one behind the other they never would."""
    results = keeping(2)
    all_at_once = threading.Barrier(6)

    def compute() -> int:
        return all_at_once.wait(LONG)

    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(results, key, compute) for key in range(6)]
        assert sorted(each.result(LONG) for each in asked) == list(range(6))
    assert len(results.cache) == 2


def test_the_one_longest_unused_goes_first() -> None:
    results = keeping(2)
    for key in "abac":
        results(key, lambda key=key: key)
    results("a", lambda: pytest.fail("a was used after b"))
    assert results("b", lambda: "anew") == "anew"


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    results = keeping(2)
    started, go_on = threading.Event(), threading.Event()

    def fail() -> int:
        started.set()
        assert go_on.wait(LONG)
        raise ValueError("damaged")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(results, "key", fail)
        assert started.wait(LONG)
        second = pool.submit(results, "key", fail)
        go_on.set()
        for asked in (first, second):
            with pytest.raises(ValueError, match="damaged"):
                asked.result(LONG)
    assert results("key", lambda: 1) == 1


def test_another_goes_on_where_one_was_stopped() -> None:
    """Streamlit stops a run that a newer click has overtaken by an exception of its own."""
    results = keeping(2)
    started, go_on = threading.Event(), threading.Event()

    def stopped() -> int:
        started.set()
        assert go_on.wait(LONG)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(results, "key", stopped)
        assert started.wait(LONG)
        second = pool.submit(results, "key", lambda: 2)
        go_on.set()
        with pytest.raises(KeyboardInterrupt):
            first.result(LONG)
        assert second.result(LONG) == 2


@pytest.mark.parametrize(
    "ask", [lambda: cache.split("mnist", "test"), lambda: cache.references("mnist")]
)
def test_visitors_at_once_share_the_pictures(ask: Callable[[], object]) -> None:
    """Each copy of a large training set would take hundreds of megabytes."""
    forget_pictures()
    at_once = threading.Barrier(4)

    def visit() -> object:
        at_once.wait(LONG)
        return ask()

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(visit) for _ in range(4)]
        first, *others = [each.result(LONG) for each in asked]
    assert all(other is first for other in others)
    assert ask() is first


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of the shipped files."""
    tensorflow_loader.wait()
    forget_results()
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    yield tmp_path
    forget_results()


def put(folder: Path, name: str, seed: int) -> keras.Model:
    """Put a network with random weights into the folder."""
    network = models.build(name)
    randomize(network, seed)
    network.save_weights(folder / f"{name}.weights.h5")
    sha256 = models.sha256(folder / f"{name}.weights.h5")
    write_card(folder, name, weights_sha256=sha256)
    return network


@pytest.mark.slow
def test_new_weights_are_never_answered_with_old_results(shelf: Path) -> None:
    name, image = "strided_8_filters", models.golden_images((28, 28, 1))[0]
    answers = []
    for seed in (1, 2):
        network = put(shelf, name, seed)
        expected = inference.logits(network, image)
        np.testing.assert_allclose(cache.prediction(name, image).logits, expected, atol=1e-4)
        covered = cache.occlusion_map(name, image, 9, 9, "black")
        np.testing.assert_allclose(covered.base_logits, expected[0], rtol=1e-5, atol=1e-4)
        target = int(expected.argmax())
        answers.append(cache.explanation(name, image, "input_x_gradient", target).heatmap)
    assert abs(answers[0] - answers[1]).max() > 0


@pytest.mark.slow
def test_a_first_use_compiles_in_the_background(shelf: Path) -> None:
    name = "strided_8_filters"
    put(shelf, name, 1)
    assert not cache.is_compiled(name)
    started = dict(compiling._compiled)
    assert cache.is_compiled(name) in (False, True)
    assert compiling._compiled == started, "the second to ask starts nothing"
    cache.wait_until_compiled(name)
    assert cache.is_compiled(name)
    assert len(explanations.occlusion_map.cache) >= 1


@pytest.mark.slow
def test_nothing_on_the_way_calls_predict(
    digit: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorflow_loader.wait()
    for slow in ("predict", "predict_on_batch", "predict_step"):
        monkeypatch.setattr(keras.Model, slow, lambda *_, **__: pytest.fail("predict"))
    forget_results()
    assert cache.prediction("study", digit).classes[0] == 2
    cache.explanation("study", digit, "gradient_saliency", 2)
    cache.occlusion_map("study", digit, *cache.live_patch("study"))


def test_the_patch_that_follows_the_pen_is_paper_on_paper_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A picture of another size may be ink too, if the row of its data set says so."""
    signs = models.get("course_fc")
    assert cache.live_patch("study") == (4, 2, "black")
    assert cache.live_patch("course_fc") == (8, 4, "mean")
    ink = replace(datasets.get(signs.dataset), name="made_up", background="paper")
    monkeypatch.setitem(datasets.DATASETS, "made_up", ink)
    monkeypatch.setitem(models.MODELS, "made_up", replace(signs, name="made_up", dataset="made_up"))
    assert cache.live_patch("made_up") == (8, 4, "black")


def test_a_map_of_a_digit_drawn_with_the_widest_pens_leaves_the_paper_alone(
    wide_digit: np.ndarray,
) -> None:
    tensorflow_loader.wait()
    asked = faithfulness.MapRequest("lime", 0)
    heatmap = cache.explanation("study", wide_digit, "lime", 0).heatmap
    np.testing.assert_array_equal(asked.maker("study")(cache.model("study"), wide_digit), heatmap)
    assert not heatmap[wide_digit[..., 0] == 0].any()
    test = faithfulness.deletion_insertion("study", wide_digit, (asked,))
    assert test.num_pixels == np.count_nonzero(wide_digit)


def test_the_black_part_of_a_photograph_has_pieces_too() -> None:
    tensorflow_loader.wait()
    image = models.golden_images(models.get("course_fc").input_shape)[0]
    image[:40] = 0
    options = (("baseline", image / 2 + 0.5),)
    asked = faithfulness.MapRequest("lime", 0, options=options)
    heatmap = cache.explanation("course_fc", image, "lime", 0, options=options).heatmap
    again = asked.maker("course_fc")(cache.model("course_fc"), image)
    np.testing.assert_array_equal(again, heatmap)
    assert heatmap[:40].any()


def test_what_is_shared_cannot_be_written_to(digit: np.ndarray) -> None:
    tensorflow_loader.wait()
    covered = cache.occlusion_map("study", digit, 8, 8, "mean")
    answer = cache.prediction("study", digit)
    heatmap = cache.explanation("study", digit, "input_x_gradient", 2).heatmap
    for array in (covered.logits, covered.filling, answer.logits, heatmap):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
