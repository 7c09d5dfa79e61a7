"""The ranking of the methods: its figures by hand, its command, and how it goes on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cnn_core import datasets, models
from cnn_core.attribution import METHODS, integrated_gradients, obstacle
from cnn_core.errors import MissingFileError
from cnn_core.faithfulness import randomisation
from cnn_core.studies import __main__ as command
from cnn_core.studies import results
from cnn_core.studies.faithfulness import map_tests, ranking
from cnn_core.studies.faithfulness.map_tests import MapFigures
from support import networks
from support.rankings import BLIND, CHEAP, CLOSE, EMPTY, GOOD, POOR, ranked

FEW = {name: METHODS[name] for name in ("gradient_saliency", "input_x_gradient", "grad_cam")}


def test_methods_are_ranked_by_insertion_less_deletion() -> None:
    found = ranked(POOR, CLOSE, GOOD)
    assert [each.method for each in found.rows] == ["occlusion", "integrated_gradients", "grad_cam"]
    np.testing.assert_allclose(found.rows[0].insertion_minus_deletion, [0.8, 0.5, 0.8])
    assert found.rows[0].seconds_per_map == 0.2
    assert found.row("grad_cam") is POOR
    assert found.row("score_cam") is None


def test_the_best_does_not_fail_the_sanity_check() -> None:
    found = ranked(POOR, BLIND, GOOD)
    assert found.rows[0] is BLIND
    assert BLIND.verdict == "fails"
    assert EMPTY.verdict == "nothing to compare"
    assert GOOD.verdict == "passes"
    assert found.best() is GOOD
    assert found.best(other_than=["occlusion"]) is POOR
    assert ranked(BLIND).best() is None


def test_a_lead_is_told_from_chance_picture_by_picture() -> None:
    clear = ranking.lead(GOOD, POOR)
    assert clear.mean == pytest.approx(np.mean([0.8, 0.6, 0.7]))
    assert 0.6 - 1e-9 <= clear.low <= clear.mean <= clear.high <= 0.8 + 1e-9
    level = ranking.lead(GOOD, CLOSE)
    assert level.low < 0 < level.high


def test_intervals_cover_the_mean_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        found = ranking.estimate(random.normal(3, 1, 24))
        assert found is not None
        covered += found.low <= 3 <= found.high
    assert 180 <= covered <= 198
    assert ranking.estimate([None, None]) is None
    one = ranking.estimate([0.5, None])
    assert (one.mean, one.low, one.high) == (0.5, 0.5, 0.5)  # type: ignore[union-attr]


def test_the_pictures_are_read_rightly_and_seeded() -> None:
    answers = models.load_test_answers("ann")
    chosen = ranking.choose_images("ann", 50)
    assert len(set(chosen)) == 50
    wrong = np.flatnonzero(answers.logits.argmax(axis=1) != answers.labels)
    assert not set(chosen) & set(wrong.tolist())
    assert chosen[:8] == ranking.choose_images("ann", 8)
    assert chosen[:8] != ranking.choose_images("ann", 8, seed=1)


def test_options_go_with_the_size_of_the_pictures() -> None:
    for side, expected in (
        (28, {"patch_size": 4, "stride": 1}),
        (64, {"patch_size": 9, "stride": 3}),
    ):
        sized = {option.name: option.default for option in METHODS["occlusion"].options_for(side)}
        assert sized.items() >= expected.items()
    assert METHODS["lime"].options_for(64) == METHODS["lime"].options


def test_a_method_that_compares_is_given_training_pictures() -> None:
    found = map_tests.references_for(METHODS["expected_gradients"], "mnist")
    assert found is not None
    assert found.shape == (integrated_gradients.NUM_REFERENCES, 28, 28, 1)
    assert map_tests.references_for(METHODS["occlusion"], "mnist") is None


@pytest.mark.slow
def test_random_orders_lie_between_the_best_and_the_worst(
    study: keras.Model, test_split: datasets.Split
) -> None:
    image, target = test_split.images[1], int(test_split.labels[1])
    fresh = map_tests.fresh_networks(study)
    found = map_tests.figures_of(study, fresh, image, target, "occlusion", dataset="mnist", turn=0)
    usual = map_tests.random_area(study, image, target, "mnist")
    assert found.deletion < usual < found.insertion
    assert found.similarity is not None
    assert found.last_similarity is not None
    assert found.stability is not None
    unchecked = map_tests.figures_of(
        study, fresh, image, target, "occlusion", dataset="mnist", turn=randomisation.NUM_CHECKED
    )
    assert (unchecked.deletion, unchecked.similarity) == (found.deletion, None)


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three methods on four digits of the dense network, shipped into this folder."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    monkeypatch.setattr(ranking, "METHODS", FEW)
    monkeypatch.setattr(map_tests, "METHODS", FEW)
    defaults = {**ranking.run.__kwdefaults__, "num_images": 4}
    monkeypatch.setattr(ranking.run, "__kwdefaults__", defaults)
    return tmp_path


@pytest.mark.slow
def test_the_command_ranks_what_fits_and_goes_on(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["studies", "faithfulness", "ann", "--folder", str(few / "jobs")]
    monkeypatch.setattr(sys, "argv", arguments)
    command.main()
    found = ranking.load("ann")
    assert {each.method for each in found.rows} == {"gradient_saliency", "input_x_gradient"}
    ((method, why),) = found.left_out
    assert method == "grad_cam"
    assert why == obstacle(models.load_pretrained("ann"), "grad_cam")
    assert found.indices == ranking.choose_images("ann", 4)
    assert all(len(each.deletion) == 4 for each in found.rows)
    assert found.origin is not None
    assert found.origin.command == "python -m cnn_core.studies faithfulness ann"
    names = {path.name for path in (few / "jobs" / "faithfulness").iterdir()}
    assert names == {f"ann-{name}.json" for name in ("random_order", *FEW)}

    # A method that is new is computed; what is there is not touched.
    before = {path: path.stat().st_mtime_ns for path in (few / "jobs").rglob("*.json")}
    more = {**FEW, "integrated_gradients": METHODS["integrated_gradients"]}
    monkeypatch.setattr(ranking, "METHODS", more)
    monkeypatch.setattr(map_tests, "METHODS", more)
    command.main()
    assert ranking.load("ann").row("integrated_gradients") is not None
    assert {path: path.stat().st_mtime_ns for path in before} == before

    (few / "shipped" / "faithfulness" / "ann.json").write_text("{}")
    with pytest.raises(MissingFileError, match=r"`python -m cnn_core.studies faithfulness ann`"):
        ranking.load("ann")


@pytest.mark.slow
def test_a_method_that_takes_too_long_is_left_out(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_tests, "MOST_SECONDS", 0.0)
    facts = map_tests.measure("ann", "gradient_saliency", 2, "any")
    (seconds,) = re.findall(r"0\.\d", facts["left_out"])
    assert facts["left_out"] == map_tests.TOO_SLOW.format(seconds=float(seconds))


@pytest.mark.parametrize(("fastest", "is_left_out"), [(1.9, False), (2.1, True)])
def test_maps_that_are_compiled_anew_do_not_count_as_slow(
    fastest: float, is_left_out: bool
) -> None:
    """The first two pictures may each need their own compiling; the third then shows the time."""
    seconds = (9.0, 8.0, fastest, 30.0)
    asked = []

    def ask(method: str, turn: int) -> MapFigures:
        asked.append((method, turn))
        return MapFigures(0.2, 0.8, 0.0, 0.0, 1.0, seconds[turn] if method == "lime" else 0.1)

    found = ranking.measured("study", (3, 5, 6, 8), (0.5,) * 4, ask, most_seconds=2.0)
    assert (found.row("lime") is None) is is_left_out
    assert dict(found.left_out) == (
        {"lime": map_tests.TOO_SLOW.format(seconds=2.1)} if is_left_out else {}
    )
    turns = [turn for method, turn in asked if method == "lime"]
    assert turns == ([0, 1, 2] if is_left_out else [0, 1, 2, 3])
    assert {row.method for row in found.rows} | dict(found.left_out).keys() == METHODS.keys()
    assert (found.indices, found.random) == ((3, 5, 6, 8), (0.5,) * 4)


def test_other_weights_make_a_shipped_ranking_void(
    few: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranking.ship(ranked(CHEAP, GOOD))
    assert ranking.load("study").rows == (CHEAP,), "a method that is gone is passed over"
    monkeypatch.setattr(models, "weights_sha256", lambda name: "others")
    with pytest.raises(
        MissingFileError, match="made with other weights than those here; make them"
    ):
        ranking.load("study")


def test_only_trained_networks_with_pictures_are_runnable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "find", lambda name: Path() if name == "mnist" else None)
    found = ranking.runnable()
    assert "study" in found
    assert all(models.is_trained(name) for name in found)
    assert {models.get(name).dataset for name in found} == {"mnist"}


def test_a_deep_network_forgets_its_last_layer_alone() -> None:
    network = networks.small((8, 10, 1))
    fresh = map_tests.fresh_networks(network)
    assert len(fresh.whole) == randomisation.NUM_FRESH
    for name, is_kept in (("conv1", True), ("logits", False)):
        kernels = (net.get_layer(name).get_weights()[0] for net in (network, fresh.last))
        assert np.array_equal(*kernels) is is_kept
