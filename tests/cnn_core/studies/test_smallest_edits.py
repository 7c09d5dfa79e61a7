"""The study of how small an edit turns an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from cnn_core import datasets, evaluation, inference, models
from cnn_core.counterfactual import smallest_edit
from cnn_core.errors import MissingFileError
from cnn_core.studies import results, smallest_edits
from cnn_core.studies.smallest_edits import EditStatistics, by_rank, in_random_order, measure
from support.cards import write_card

PAIR = (9, 4)
BOTH = (PAIR, PAIR[::-1])


def sha256() -> str:
    return models.weights_sha256("study")


def test_erasing_by_rank_by_hand() -> None:
    digit = np.array([[0.5, 0, 1], [0.2, 0, 0.7]], np.float32)[..., None]
    heatmap = np.array([[3, 9, 1], [2, 9, 4]])
    pictures = by_rank(digit, heatmap, most_pixels=3)
    np.testing.assert_array_equal(pictures[0], digit)
    erased = [np.argwhere(picture[..., 0] != digit[..., 0]).tolist() for picture in pictures]
    assert erased == [[], [[1, 2]], [[0, 0], [1, 2]], [[0, 0], [1, 0], [1, 2]]]
    assert (pictures[3][0, 2], pictures[3][1, 2]) == (1, 0)


def test_erasing_in_random_order(digit: np.ndarray) -> None:
    pictures = in_random_order(digit, 60, seed=1)
    np.testing.assert_array_equal(pictures[0], digit)
    changed = (pictures != digit).any(axis=-1).sum(axis=(1, 2))
    assert changed[-1] <= 60
    assert (np.diff(pictures, axis=0) <= 0).all()
    # Each dab takes away the ink of the pixel that it is put on.
    assert (np.diff((pictures > 0).sum(axis=(1, 2, 3))) < 0).all()
    np.testing.assert_array_equal(in_random_order(digit, 60, seed=1), pictures)
    assert len(in_random_order(digit, 60, seed=2)) > 1
    all_of_it = in_random_order(digit, 28 * 28, seed=1)
    assert not all_of_it[-1].any()


@pytest.fixture(scope="module")
def measured() -> dict[str, object]:
    return measure("study", sha256(), *PAIR, first=1, count=2, seeds=[0, 1])


@pytest.mark.slow
def test_ways_are_measured_as_they_are_made(
    measured: dict[str, object], study: keras.Model, test_split: datasets.Split
) -> None:
    """The second and third 9 that is read right; each way once more, step by step."""
    nines = np.flatnonzero(test_split.labels == 9)
    is_right = inference.predict(study, test_split.images[nines]).classes == 9
    chosen = test_split.images[nines[is_right][1:3]]
    assert measured["tried"] == {"erase": 2, "add": 2, "both": 2, "random": 4, "saliency": 2}
    edits = [smallest_edit(study, digit, 4) for digit in chosen]
    sizes = [(edit.num_pixels, edit.ink_share) for edit in edits if edit.is_found]
    np.testing.assert_allclose(measured["sizes"]["erase"], sizes)
    turned = 0
    for digit, edit in zip(chosen, edits, strict=True):
        for seed in (0, 1):
            for picture in in_random_order(digit, edit.most_pixels, seed):
                if inference.predict(study, picture).classes[0] == 4:
                    turned += 1
                    break
    assert len(measured["sizes"]["random"]) == turned


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One digit in each direction of one pair, with the results in a folder of their own."""
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    monkeypatch.setattr(smallest_edits, "PAIRS", (PAIR,))
    return tmp_path / "jobs"


@pytest.mark.slow
def test_study_is_loaded_as_it_was_written(small: Path) -> None:
    found = smallest_edits.run(small, num_digits=1)
    assert [row.directions for row in found.rows[:: len(smallest_edits.EDIT_METHODS)]] == [
        BOTH,
        (PAIR,),
        BOTH[1:],
    ]
    assert [row.method for row in found.rows[: len(smallest_edits.EDIT_METHODS)]] == list(
        smallest_edits.EDIT_METHODS
    )
    assert {row.num_digits for row in found.rows} == {1, 2}
    for method in smallest_edits.EDIT_METHODS:
        together, one, other = (
            found.find("study", directions, method) for directions in (BOTH, (PAIR,), BOTH[1:])
        )
        rates = one.success_rate + other.success_rate
        assert together.success_rate == pytest.approx(rates / 2)
    results.write(smallest_edits.NAME, found)
    assert smallest_edits.load() == found
    assert smallest_edits.run(small, num_digits=1) == found


@pytest.fixture
def train_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Gives `study` other weights, in a folder of its own."""
    folder = tmp_path / "pretrained"
    folder.mkdir()

    def train() -> None:
        network = models.load_pretrained("study")
        network.set_weights([1.01 * weight for weight in network.get_weights()])
        monkeypatch.setattr(models, "PRETRAINED", folder)
        weights = models.weights_path("study")
        network.save_weights(weights)
        write_card(folder, "study", weights_sha256=models.sha256(weights))

    return train


@pytest.mark.slow
def test_a_network_trained_anew_is_measured_anew(
    small: Path, train_anew: Callable[[], None]
) -> None:
    old, told = sha256(), []
    smallest_edits.run(small, num_digits=1)
    train_anew()
    anew = smallest_edits.run(small, num_digits=1, on_done=lambda *counts: told.append(counts))
    assert told[0] == (0, 2), "no finished job is of these weights"
    assert anew.weights_sha256 == {"study": sha256()}
    with pytest.raises(MissingFileError, match="have changed: begin the study anew"):
        measure("study", old, *PAIR, first=0, count=1, seeds=[0])


def test_the_network_of_a_job_is_that_of_its_weights(train_anew: Callable[[], None]) -> None:
    old = smallest_edits._network("study", sha256())
    train_anew()
    new = smallest_edits._network("study", sha256())
    assert any(
        (one != other).any()
        for one, other in zip(old.get_weights(), new.get_weights(), strict=True)
    )


def test_other_weights_make_the_shipped_figures_void(train_anew: Callable[[], None]) -> None:
    assert smallest_edits.load().rows
    train_anew()
    with pytest.raises(
        MissingFileError,
        match=r"other weights than those here.*`python -m cnn_core\.studies smallest_edits`",
    ):
        smallest_edits.load()


def test_row_of_nothing_found() -> None:
    nothing = {"sizes": {"erase": []}, "tried": {"erase": 3}}
    row = smallest_edits._row("study", (PAIR,), "erase", [nothing])
    assert (row.num_digits, row.success_rate) == (3, 0)
    assert (row.median_pixels, row.median_ink_share) == (None, None)
    some = {"sizes": {"erase": [(4, 0.2), (8, 0.1)]}, "tried": {"erase": 3}}
    row = smallest_edits._row("study", (PAIR,), "erase", [nothing, some])
    assert row == EditStatistics(
        *("study", (PAIR,), "erase", 6, 2 / 6, evaluation.wilson_interval(2 / 6, 6), 6, 0.15)
    )


@pytest.mark.parametrize("facts", [{}, {"rows": 3}, {"rows": [{"interval": [0]}]}, {"rows": []}])
def test_results_of_another_version(
    facts: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "smallest_edits.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(MissingFileError, match=r"python -m cnn_core\.studies smallest_edits"):
        smallest_edits.load()


def test_shipped_figures() -> None:
    found = smallest_edits.load()
    assert found.origin.command == "python -m cnn_core.studies smallest_edits"
    mnist = datasets.find("mnist")
    assert mnist is not None
    assert found.origin.data_sha256 == {"mnist": models.sha256(mnist)}
    assert found.weights_sha256 == {"study": models.sha256(models.weights_path("study"))}
    for network in smallest_edits.NETWORKS:
        for pair in smallest_edits.PAIRS:
            rows = {
                method: found.find(network, (pair, pair[::-1]), method)
                for method in smallest_edits.EDIT_METHODS
            }
            assert {row.num_digits for row in rows.values()} == {200}
            for row in rows.values():
                interval = evaluation.wilson_interval(row.success_rate, row.num_digits)
                assert row.interval == pytest.approx(interval, abs=1e-9)
            # What the page says: both tools turn whatever one of them turns, and chance hardly any.
            alone = max(rows["erase"].success_rate, rows["add"].success_rate)
            assert rows["both"].success_rate >= alone
            assert rows["random"].success_rate < rows["erase"].success_rate
