"""How every network holds: the study, its intervals, and going on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from cnn_core import datasets, evaluation, inference, models
from cnn_core.errors import MissingFileError
from cnn_core.robustness import PERTURBATIONS, get, perturb
from cnn_core.studies import results, robustness
from cnn_core.studies.robustness import Curve, StudySize, measure, rank

SMALL = "strided_stride_4"
SIZES = StudySize(num_images=40, num_searched=20)
SHIPPED = models.PRETRAINED


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One trained network, and a folder for what is found."""
    folder = tmp_path / "pretrained"
    folder.mkdir()
    for path in models.PRETRAINED.glob(f"{SMALL}.*"):
        (folder / path.name).symlink_to(path)
    monkeypatch.setattr(models, "PRETRAINED", folder)
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    chosen = {name: get(name) for name in ("thickness", "noise", "pgd")}
    monkeypatch.setattr(robustness, "PERTURBATIONS", chosen)
    return tmp_path


def sha256() -> str:
    return models.weights_sha256(SMALL)


def test_measured_on_a_sample_with_a_seed_for_every_image(test_split: datasets.Split) -> None:
    found = measure(SMALL, sha256(), "noise", [0, 0.3, 0.8], 30, seed=5)
    asked = np.random.default_rng(5).permutation(10_000)[:30]
    network = models.load_pretrained(SMALL)
    expected = [
        sum(
            inference.predict(
                network, perturb(test_split.images[i], "noise", strength, seeds=5 + place)
            ).classes[0]
            == test_split.labels[i]
            for place, i in enumerate(asked)
        )
        for strength in (0, 0.3, 0.8)
    ]
    assert found["num_right"] == expected
    assert found["num_right"][0] > found["num_right"][2]
    assert (found["strengths"], found["num_images"]) == ([0, 0.3, 0.8], 30)


@pytest.mark.slow
def test_what_a_search_misleads_stays_misled() -> None:
    """Asked from strong to weak, a search has nothing left to ask; a plain change begins anew."""
    searched = measure(SMALL, sha256(), "pgd", [0, 0.3, 0.02], 20, seed=0)["num_right"]
    assert searched[0] > 10
    assert searched[1:] == [0, 0]
    plain = measure(SMALL, sha256(), "fgsm", [0, 0.3, 0.02], 20, seed=0)["num_right"]
    assert plain[1] < plain[2]


@pytest.mark.slow
def test_study_goes_on_where_it_stopped(shelf: Path) -> None:
    told: list[tuple[int, int]] = []
    first = robustness.run(shelf / "jobs", sizes=SIZES, on_done=lambda *counts: told.append(counts))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    told.clear()
    again = robustness.run(shelf / "jobs", sizes=SIZES, on_done=lambda *counts: told.append(counts))
    assert told == [(3, 3)]
    assert again.curves == first.curves
    assert [curve.perturbation for curve in first.curves] == ["thickness", "noise", "pgd"]
    assert [curve.num_images for curve in first.curves] == [40, 40, 20]
    assert first.origin.command == "python -m cnn_core.studies robustness"
    assert set(first.origin.data_sha256) == {"mnist"}
    results.write(robustness.NAME, first)
    assert robustness.load() == first


@pytest.mark.slow
def test_a_network_trained_anew_is_measured_anew(shelf: Path) -> None:
    robustness.run(shelf / "jobs", sizes=SIZES)
    card = models.PRETRAINED / f"{SMALL}.json"
    facts = json.loads(card.read_text("utf-8"))
    network = models.load_pretrained(SMALL)
    network.set_weights([0 * weight for weight in network.get_weights()])
    weights = models.weights_path(SMALL)
    weights.unlink()
    network.save_weights(weights)
    card.unlink()
    card.write_text(json.dumps(facts | {"weights_sha256": models.sha256(weights)}), "utf-8")
    found = robustness.run(shelf / "jobs", sizes=SIZES)
    noisy = next(curve for curve in found.curves if curve.perturbation == "noise")
    assert len(set(noisy.num_right)) == 1, "a network of zeros answers 0 to everything"
    with pytest.raises(MissingFileError, match="have changed: begin the study anew"):
        measure(SMALL, facts["weights_sha256"], "noise", [0], 1, seed=0)


@pytest.mark.slow
def test_figures_of_other_weights_are_dropped(shelf: Path) -> None:
    other = "strided_l2"
    for path in sorted(SHIPPED.glob(f"{other}.*")):
        (models.PRETRAINED / path.name).symlink_to(path)
    found = robustness.run(shelf / "jobs", sizes=SIZES)
    results.write(robustness.NAME, found)
    assert robustness.load() == found
    assert set(found.weights_sha256) == {SMALL, other}
    card = models.PRETRAINED / f"{SMALL}.json"
    changed = json.loads(card.read_text("utf-8")) | {"weights_sha256": "of others"}
    card.unlink()
    card.write_text(json.dumps(changed), "utf-8")
    assert {curve.model for curve in robustness.load().curves} == {other}
    card.write_text("{", "utf-8")
    assert {curve.model for curve in robustness.load().curves} == {other}, "a damaged card"
    card.unlink()
    left = robustness.load()
    assert {curve.model for curve in left.curves} == {other}, "no card"
    assert left.weights_sha256 == {other: found.weights_sha256[other]}


@pytest.mark.slow
def test_networks_without_weights_or_pictures_are_left_out(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs = "course_fc"
    for kind in ("weights.h5", "json", "predictions.npz"):
        (models.PRETRAINED / f"{signs}.{kind}").touch()
    monkeypatch.setenv("CNN_LENS_DATA", str(shelf))
    monkeypatch.setenv("XDG_CACHE_HOME", str(shelf))
    found = robustness.run(shelf / "jobs", sizes=SIZES)
    assert {curve.model for curve in found.curves} == {SMALL}
    monkeypatch.setattr(models, "PRETRAINED", shelf / "nothing")
    with pytest.raises(MissingFileError, match="No trained network is here"):
        robustness.run(shelf / "jobs", sizes=SIZES)


def curve(model: str, *num_right: int) -> Curve:
    return Curve(model, "noise", (0.0, 0.1, 0.2), num_right, 100)


def test_curve_has_shares_intervals_and_a_mean_of_what_is_changed() -> None:
    found = curve("study", 98, 90, 40)
    assert found.accuracies == (0.98, 0.9, 0.4)
    assert found.intervals[1] == evaluation.wilson_interval(0.9, 100)
    assert found.mean == pytest.approx(0.65)


def test_rank_names_the_best_and_who_may_be_as_good() -> None:
    curves = [curve("study", 98, 90, 40), curve("robust", 98, 95, 90), curve("ann", 98, 99, 10)]
    at_start, little, much = (rank(curves, strength) for strength in (0, 0.1, 0.2))
    assert at_start.best is curves[0]
    assert at_start.rivals == (curves[1], curves[2])
    assert little.best is curves[2]
    assert little.rivals == (curves[1],)
    assert (much.best, much.rivals, much.strength) == (curves[1], (), 0.2)


@pytest.mark.parametrize("damage", ["", "{}", '{"origin": {}, "sizes": {}, "curves": [{}]}'])
def test_damaged_file(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    (tmp_path / "robustness.json").write_text(damage, "utf-8")
    with pytest.raises(MissingFileError, match="again with `python -m"):
        robustness.load()


def test_shipped_figures_are_those_of_the_shipped_networks() -> None:
    found = robustness.load()
    assert found.sizes == StudySize()
    measured = {(each.model, each.perturbation): each for each in found.curves}
    assert len(measured) == len(found.curves)
    assert {each.model for each in found.curves} == set(models.MODELS)
    assert found.weights_sha256 == {
        name: models.sha256(models.weights_path(name)) for name in models.MODELS
    }
    for name in {each.model for each in found.curves}:
        dataset = datasets.get(models.get(name).dataset)
        answers = models.load_test_answers(name)
        share = evaluation.accuracy(answers.logits, answers.labels)
        for row in PERTURBATIONS.values():
            if row.fits(dataset):
                one = measured[name, row.name]
                assert one.strengths == row.fitted(dataset).measured
                low, high = one.intervals[one.strengths.index(0)]
                assert low - 0.02 <= share <= high + 0.02


def both_sides(model: str, perturbation: str, num_right: tuple[int, ...]) -> Curve:
    return Curve(model, perturbation, (-1.0, 0.0, 1.0), num_right, 1000)


def test_a_better_reader_is_of_the_same_pictures_and_better_by_more_than_chance() -> None:
    curves = [
        both_sides("study", "shift", (700, 1000, 800)),
        both_sides("study", "scale", (600, 1000, 700)),
        both_sides("robust", "shift", (900, 1000, 950)),
        both_sides("robust", "scale", (900, 1000, 850)),
        both_sides("ann", "shift", (710, 1000, 800)),
        both_sides("ann", "scale", (600, 1000, 700)),
        both_sides("resnet20", "shift", (1000, 1000, 1000)),
        both_sides("resnet20", "scale", (1000, 1000, 1000)),
        both_sides("lenet5", "shift", (1000, 1000, 1000)),  # not measured under the other change
    ]
    both = ("shift", "scale")
    pair = robustness.better_reader(curves, "study", both)
    assert pair == (
        robustness.Reading("study", 2800, 4000),
        robustness.Reading("robust", 3600, 4000),
    )
    assert pair[0].accuracy == 0.7
    assert robustness.better_reader(curves, "robust", both) is None
    assert robustness.better_reader(curves, "lenet5", both) is None
    without = [each for each in curves if each.model != "robust"]
    assert robustness.better_reader(without, "study", both) is None  # 2,810 of 4,000 may be chance
