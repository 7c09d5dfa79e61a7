from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from cnn_core import datasets, evaluation, models
from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.studies import baselines, results
from cnn_core.studies.baselines import METHODS, measure


@pytest.fixture
def halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data set of 6x6 pixels that are light on the left (class 0) or on the right (class 1)."""
    random = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 120), ("test", 60)):
        labels = random.integers(0, 2, count)
        images = random.integers(0, 100, (count, 6, 6), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 3 * label : 3 * label + 3] += 100
        arrays |= {f"x_{split}": images, f"y_{split}": labels}
    path = tmp_path / "halves.npz"
    np.savez(path, **arrays)
    row = dataclasses.replace(
        datasets.get("mnist"),
        name="halves",
        image_shape=(6, 6, 1),
        file_names=(str(path),),
        split_sizes={"train": 120, "test": 60},
    )
    monkeypatch.setitem(datasets.DATASETS, "halves", row)
    return "halves"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_tells_left_from_right(method: str, halves: str) -> None:
    found = measure(method, halves, None, seed=0)
    assert found["accuracy"] == 1
    assert found["interval"] == evaluation.wilson_interval(1, 60)
    assert (found["num_training"], found["num_test"]) == (120, 60)
    assert (found["method"], found["dataset"]) == (method, halves)
    assert all(found[kind] >= 0 for kind in ("fit_seconds", "predict_seconds", "seconds"))


def test_methods_are_set_as_published() -> None:
    support, neighbours, regression, forest = (METHODS[name].build(3) for name in METHODS)
    assert (support.kernel, support.gamma, support.C) == ("rbf", "scale", 1)
    assert neighbours.n_neighbors == 3
    assert (regression.C, regression.tol) == (1, 1e-4)
    assert forest.n_estimators == 100
    assert support.random_state == regression.random_state == forest.random_state == 3
    published = [METHODS[name].published for name in METHODS]
    assert published == [{"sign_digits": share} for share in (0.7458, 0.6828, 0.7505, 0.8063)]


@pytest.mark.slow
def test_neighbours_by_hand(test_split: datasets.Split) -> None:
    """The majority of the three nearest of 300 digits; a tie goes to the smallest label."""
    train = datasets.load("mnist", split="train")
    images, labels = train.images[:300].reshape(300, -1), train.labels[:300]
    tests = test_split.images.reshape(len(test_split.images), -1)
    distances = (images**2).sum(axis=1) - 2 * tests @ images.T
    nearest = np.argsort(distances, axis=1)[:, :3]
    answers = [
        max(sorted(Counter(row).items()), key=lambda pair: pair[1])[0] for row in labels[nearest]
    ]
    known = float((np.array(answers) == test_split.labels).mean())
    found = measure("k_nearest", "mnist", 300, seed=0)
    assert found["num_training"] == 300
    assert found["accuracy"] == pytest.approx(known, abs=2e-4)


@pytest.mark.slow
def test_seed_decides_what_is_drawn() -> None:
    found = [measure("random_forest", "mnist", 100, seed=seed)["accuracy"] for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_fit_that_stops_too_early_is_an_error(halves: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = dataclasses.replace(
        METHODS["logistic_regression"], build=lambda seed: LogisticRegression(max_iter=1)
    )
    monkeypatch.setitem(METHODS, "logistic_regression", short)
    with pytest.raises(ConvergenceWarning):
        measure("logistic_regression", halves, None, seed=0)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"no method 'perceptron'\. Choose one of: svm, "):
        measure("perceptron", "mnist", 10, seed=0)
    with pytest.raises(UnknownNameError, match="no data set 'letters'"):
        measure("svm", "letters", 10, seed=0)


def test_study_is_loaded_as_it_was_written(
    halves: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    monkeypatch.setattr(baselines, "DATASETS", (halves,))
    study = baselines.run(tmp_path / "jobs", num_training=100)
    assert [row.method for row in study.rows] == list(METHODS)
    assert {row.num_training for row in study.rows} == {100}
    assert {row.published for row in study.rows} == {None}
    results.write(baselines.NAME, study)
    assert baselines.load() == study
    assert baselines.run(tmp_path / "jobs", num_training=100) == study


@pytest.mark.parametrize("facts", [{}, {"rows": 3}, {"rows": [{"interval": [0]}]}, {"rows": []}])
def test_results_of_another_version(
    facts: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "baselines.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(MissingFileError, match=r"python -m cnn_core\.studies baselines"):
        baselines.load()


def test_shipped_figures() -> None:
    study = baselines.load()
    assert study.origin.command == "python -m cnn_core.studies baselines"
    assert set(study.origin.data_sha256) == {"mnist", "sign_digits"}
    mnist = datasets.find("mnist")
    assert mnist is not None
    assert study.origin.data_sha256["mnist"] == models.sha256(mnist)
    assert [(row.dataset, row.method) for row in study.rows] == [
        (dataset, method) for dataset in ("sign_digits", "mnist") for method in METHODS
    ]
    for row in study.rows:
        sizes = datasets.get(row.dataset).split_sizes
        assert (row.num_training, row.num_test) == (sizes["train"], sizes["test"])
        assert row.interval == pytest.approx(
            evaluation.wilson_interval(row.accuracy, row.num_test), abs=1e-9
        )
        assert row.published == METHODS[row.method].published.get(row.dataset)
        assert row.accuracy > {"sign_digits": 0.5, "mnist": 0.9}[row.dataset]
