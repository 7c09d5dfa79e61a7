from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets, models
from cnn_core.errors import MissingFileError
from cnn_core.studies import k_fold, results
from cnn_core.studies.k_fold import KFold, StudySize, measure

SMALL = StudySize(num_digits=200, num_folds=2, epochs=25, batch_size=20, seed=3)
ORIGIN = results.Origin("python -m cnn_core.studies k_fold", (0,), 1.0, {}, {})


@pytest.fixture
def noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Noise with labels at random in MNIST's place: it can only be learnt by heart."""
    random = np.random.default_rng(0)
    path = tmp_path / "noise.npz"
    np.savez(
        path,
        x_train=random.integers(0, 256, (200, 28, 28), np.uint8),
        y_train=random.integers(0, 10, 200),
    )
    row = dataclasses.replace(datasets.get("mnist"), file_names=(str(path),))
    monkeypatch.setitem(datasets.DATASETS, "mnist", row)
    return path


@pytest.mark.slow
def test_fold_is_not_learnt_from(noise: Path) -> None:
    """Digits learnt by heart would all be right; the left-out ones are right by chance."""
    for fold in range(2):
        found = measure(fold, **dataclasses.asdict(SMALL))
        assert found["accuracy"] < 0.3
    twins = {name: np.concatenate([array[:100]] * 2) for name, array in np.load(noise).items()}
    np.savez(noise, **twins)
    found = measure(0, **{**dataclasses.asdict(SMALL), "num_folds": 20})
    assert found["accuracy"] > 0.8  # most of the fold's digits have their twin in the others


@pytest.mark.slow
def test_folds_differ_and_are_the_same_every_time() -> None:
    sizes = dataclasses.asdict(StudySize(num_digits=300, num_folds=3, epochs=2))
    first, again, second = (measure(fold, **sizes)["accuracy"] for fold in (0, 0, 1))
    assert first == pytest.approx(again, abs=0.011)  # one digit; sums in another order
    assert first > 0.3
    assert first != second


def test_mean_and_deviation_by_hand() -> None:
    study = KFold(ORIGIN, StudySize(num_folds=3), (0.9, 0.95, 1.0))
    assert study.mean == pytest.approx(0.95)
    assert study.deviation == pytest.approx(0.05)
    assert study.published_mean == 0.947


def test_largest_variance_that_shares_can_have() -> None:
    """As the note says: of ten shares with the published mean, all 0 or 1 but for one."""
    shares = np.array([1.0] * 9 + [0.47])
    assert shares.mean() == pytest.approx(0.947)
    assert shares.var(ddof=1) < 0.947 * 0.053 * 10 / 9 < 0.06


@pytest.mark.slow
def test_study_is_loaded_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    sizes = StudySize(num_digits=40, num_folds=2, epochs=1)
    study = k_fold.run(tmp_path / "jobs", sizes=sizes)
    assert study.sizes == sizes
    assert len(study.accuracies) == 2
    results.write(k_fold.NAME, study)
    assert k_fold.load() == study
    assert sorted(path.name for path in (tmp_path / "jobs").iterdir()) == [
        "fold-0.json",
        "fold-1.json",
    ]


@pytest.mark.parametrize("facts", [{}, {"origin": {}}, {"origin": {"seeds": [0]}}])
def test_results_of_another_version(
    facts: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "k_fold.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(MissingFileError, match=r"python -m cnn_core\.studies k_fold"):
        k_fold.load()


def test_shipped_figures() -> None:
    study = k_fold.load()
    mnist = datasets.find("mnist")
    assert mnist is not None
    assert study.origin.data_sha256 == {"mnist": models.sha256(mnist)}
    assert study.sizes == StudySize()
    assert len(study.accuracies) == 10
    assert 0.9 < study.mean < 0.98
    assert study.deviation < 0.02
