from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from cnn_core import datasets, models
from cnn_core.errors import MissingFileError
from cnn_core.studies import grid_search, results
from cnn_core.studies.grid_search import GridSearch, Point, Settings, StudySize

ORIGIN = results.Origin("python -m cnn_core.studies grid_search", (0, 1), 1.0, {}, {})
PUBLISHED = Settings(2, 397, "adam", 32, 10)
OTHER = Settings(1, 64, "rmsprop", 64, 6)


def search(published: tuple[float, ...], other: tuple[float, ...]) -> GridSearch:
    points = (Point(OTHER, other), Point(PUBLISHED, published))
    return GridSearch(ORIGIN, StudySize(), points)


def test_network_of_the_published_best_is_ann() -> None:
    ours, published = grid_search.dense_network(2, 397), models.build("ann")
    assert ours.count_params() == models.get("ann").num_parameters == 473_631
    assert [layer.get_config() for layer in ours.layers] == [
        layer.get_config() for layer in published.layers
    ]


@pytest.mark.parametrize(
    ("num_layers", "units", "parameters"),
    [(1, 64, 785 * 64 + 650), (3, 64, 785 * 64 + 2 * 65 * 64 + 650), (1, 397, 785 * 397 + 3980)],
)
def test_parameters_of_other_networks(num_layers: int, units: int, parameters: int) -> None:
    assert grid_search.dense_network(num_layers, units).count_params() == parameters


@pytest.mark.slow
def test_longer_training_is_the_shorter_one_that_goes_on() -> None:
    """Why 6 and 10 epochs cost one training of 10."""
    sizes = {"num_training": 300, "num_held_out": 200, "seed": 1}
    both = grid_search.measure(1, 64, "rmsprop", 32, epochs=[2, 3], **sizes)["accuracies"]
    (short,) = grid_search.measure(1, 64, "rmsprop", 32, epochs=[2], **sizes)["accuracies"]
    assert both[0] == pytest.approx(short, abs=0.011)
    assert both[0] != both[1]


def test_grid_is_the_published_one() -> None:
    settings = {(*place, epochs) for place in grid_search.GRID for epochs in StudySize().epochs}
    known = itertools.product((1, 2, 3), (64, 397), ("adam", "rmsprop"), (32, 64), (6, 10))
    assert settings == set(known)
    assert len(settings) == 48


def test_best_and_published_best() -> None:
    found = search(published=(0.90, 0.92), other=(0.94, 0.93))
    assert found.best.settings == OTHER
    assert found.best.mean == pytest.approx(0.935)
    assert found.published_best.settings == PUBLISHED


def test_seeds_that_agree_leave_no_noise() -> None:
    """The second seed is harder by 0.01 for both."""
    found = search(published=(0.90, 0.89), other=(0.95, 0.94))
    assert found.margin == pytest.approx(0, abs=1e-12)
    assert found.is_within_noise(found.best)
    assert not found.is_within_noise(found.published_best)


def test_margin_by_hand() -> None:
    """Residuals of 0.01, one degree of freedom: a variance of 0.0004, and t = 12.7062."""
    found = search(published=(0.91, 0.89), other=(0.94, 0.96))
    assert found.margin == pytest.approx(12.7062 * 0.02, rel=1e-5)
    assert found.is_within_noise(found.published_best)


@pytest.mark.slow
def test_study_is_loaded_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    monkeypatch.setattr(grid_search, "GRID", ((1, 64, "adam", 32), (2, 397, "adam", 32)))
    sizes = StudySize(num_training=60, num_held_out=40, seeds=(0, 5), epochs=(1, 3))
    study = grid_search.run(tmp_path / "jobs", sizes=sizes)
    assert [point.settings for point in study.points] == [
        Settings(1, 64, "adam", 32, 1),
        Settings(1, 64, "adam", 32, 3),
        Settings(2, 397, "adam", 32, 1),
        Settings(2, 397, "adam", 32, 3),
    ]
    for point in study.points:
        for seed, accuracy in zip(sizes.seeds, point.accuracies, strict=True):
            settings = point.settings
            path = tmp_path / "jobs" / f"{settings.num_layers}x{settings.units}-adam-batch32"
            job = json.loads(Path(f"{path}-seed{seed}.json").read_text("utf-8"))
            at = sizes.epochs.index(settings.epochs)
            assert accuracy == job["result"]["accuracies"][at]
            assert job["arguments"]["seed"] == seed
    results.write(grid_search.NAME, study)
    assert grid_search.load() == study


@pytest.mark.parametrize("facts", [{}, {"sizes": {"seeds": [0], "epochs": [1]}}, {"sizes": 3}])
def test_results_of_another_version(
    facts: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "grid_search.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(MissingFileError, match=r"python -m cnn_core\.studies grid_search"):
        grid_search.load()


def test_shipped_figures() -> None:
    study = grid_search.load()
    mnist = datasets.find("mnist")
    assert mnist is not None
    assert study.origin.data_sha256 == {"mnist": models.sha256(mnist)}
    assert study.sizes == StudySize()
    assert len({point.settings for point in study.points}) == len(study.points) == 48
    assert {len(point.accuracies) for point in study.points} == {len(study.sizes.seeds)}
    assert all(0.8 < point.mean < 0.98 for point in study.points)
    assert 0 < study.margin < 0.05
