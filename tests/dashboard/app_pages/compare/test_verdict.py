"""Two networks side by side: which, who is right where, and the verdict in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cnn_core import models
from cnn_core.errors import UnknownNameError
from cnn_core.evaluation import McNemar
from cnn_core.models import ShippedAnswers
from dashboard.app_pages.compare import verdict
from dashboard.app_pages.compare.verdict import (
    BETTER,
    BOTH_WRONG,
    EQUAL,
    MAY_BE_CHANCE,
    ONLY_FIRST,
    ONLY_SECOND,
)

LABELS = np.array([0, 0, 0, 0, 0, 0])


def answers(classes: list[int], heights: list[float]) -> ShippedAnswers:
    """Answers of the given classes; the higher the logit, the surer."""
    logits = np.zeros((len(classes), 3), np.float32)
    logits[np.arange(len(classes)), classes] = heights
    return ShippedAnswers(logits, LABELS)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in the place of the shipped files."""
    monkeypatch.setattr(models, "PRETRAINED", tmp_path)
    return tmp_path


def ship(folder: Path, *names: str) -> None:
    for name in names:
        for kind in ("weights.h5", "json", "predictions.npz"):
            (folder / f"{name}.{kind}").touch()


def test_disagreements_are_told_apart_by_who_is_right_and_the_surest_come_first() -> None:
    first = answers([0, 0, 1, 1, 2, 0], [5, 5, 5, 5, 5, 5])
    second = answers([1, 2, 0, 2, 2, 0], [3, 4, 9, 1, 1, 1])
    found = verdict.disagreements(first, second)
    expected = {ONLY_FIRST: [1, 0], ONLY_SECOND: [2], BOTH_WRONG: [3]}
    assert {title: indices.tolist() for title, indices in found.items()} == expected


def test_the_less_sure_of_the_two_counts() -> None:
    first = answers([0] * 6, [9, 2, 9, 9, 9, 9])
    second = answers([1, 1, 0, 0, 0, 0], [3, 9, 1, 1, 1, 1])
    assert verdict.disagreements(first, second)[ONLY_FIRST].tolist() == [0, 1]


def test_networks_that_agree_have_three_empty_groups() -> None:
    same = answers([0, 1, 2, 0, 1, 2], [1] * 6)
    assert all(len(found) == 0 for found in verdict.disagreements(same, same).values())


def test_rivals_are_the_trained_networks_of_the_same_data_set(shelf: Path) -> None:
    ship(shelf, "study", "tutorial", "ann", "course_fc")
    assert verdict.rivals("study") == ("tutorial", "ann")
    assert verdict.rivals("course_fc") == ()


def test_a_network_without_all_of_its_files_is_no_rival(shelf: Path) -> None:
    ship(shelf, "study", "tutorial")
    (shelf / "tutorial.predictions.npz").unlink()
    assert verdict.rivals("study") == ()


def test_the_most_telling_rival_comes_first(shelf: Path) -> None:
    ship(shelf, "study", "tutorial", "robust", "lenet5", "lenet5_full")
    assert verdict.rivals("lenet5_full")[0] == "lenet5"
    assert verdict.rivals("study")[0] == "robust"
    assert verdict.rivals("robust")[0] == "study"


def test_every_pair_that_tells_most_shares_a_data_set() -> None:
    pairs = [
        (row, models.get(row.compare_with)) for row in models.MODELS.values() if row.compare_with
    ]
    assert len(pairs) == 8
    for row, other in pairs:
        assert row.dataset == other.dataset


def test_an_unknown_network_has_no_rivals() -> None:
    with pytest.raises(UnknownNameError):
        verdict.rivals("nope")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (McNemar(90, 8, 1, 1, 0.039), BETTER.format(name="A")),
        (McNemar(90, 1, 8, 1, 0.039), BETTER.format(name="B")),
        (McNemar(90, 5, 3, 2, 0.727), MAY_BE_CHANCE.format(name="A")),
        (McNemar(90, 3, 5, 2, 0.727), " 72.7% "),
        (McNemar(90, 0, 6, 4, 0.05), MAY_BE_CHANCE.format(name="B")),
        (McNemar(90, 4, 4, 2, 1.0), EQUAL.format(first="A", second="B")),
        (McNemar(0, 99, 0, 1, 1e-30), " <0.1% "),
    ],
)
def test_the_verdict_names_the_better_one_unless_it_may_be_chance(
    counts: McNemar, expected: str
) -> None:
    assert expected in verdict.verdict(counts, "A", "B")
