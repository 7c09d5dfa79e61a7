from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest

from cnn_core.errors import MissingFileError, UnknownNameError
from cnn_core.studies import experiments, results
from cnn_core.studies.experiments import (
    EXPERIMENTS,
    Experiment,
    ExperimentResult,
    Point,
    PointRuns,
    Size,
    conclusions,
)
from cnn_core.studies.experiments.runs import (
    BUILDERS,
    RANGE_STEPS,
    build_cnn,
    count_weights,
    job,
    training_digits,
)
from cnn_core.studies.results import Origin

ORIGIN = Origin("python -m cnn_core.studies experiments", (0, 1), 1.0, {}, {"keras": "3"})
POINTS = [
    pytest.param(experiment, point, id=f"{experiment.name}-{point.label}")
    for experiment in EXPERIMENTS.values()
    for point in experiment.points
]
# Mean, deviation and label of a point in a sentence.
POINT_MEANS = re.compile(r"([\d.]+%?) ± ([\d.]+)\D*?\b([ab])\b")
TINY = Size(images=64, validation_images=32, epochs=1, num_seeds=2)


# --- The table ---


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=list(EXPERIMENTS))
def test_every_row_is_whole(experiment: Experiment) -> None:
    assert 2 <= len(set(experiment.labels)) == len(experiment.points) <= 6
    assert experiment.published_best in (None, *experiment.labels)
    if experiment.published_values is not None:
        assert len(experiment.published_values) == len(experiment.points)
    assert experiment.question.endswith("?")
    assert experiment.published.endswith(".")
    assert experiment.size.num_seeds >= 3


@pytest.mark.parametrize(("experiment", "point"), POINTS)
def test_every_point_builds_a_network_of_ten_logits(experiment: Experiment, point: Point) -> None:
    model = BUILDERS[experiment.builder](**point.network)
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)
    assert model.layers[-1].name == "logits"
    assert model.layers[-1].activation is keras.activations.linear
    assert point.network.keys() <= inspect.signature(BUILDERS[experiment.builder]).parameters.keys()


def test_points_of_one_experiment_differ_and_equal_points_of_two_share_their_run() -> None:
    for experiment in EXPERIMENTS.values():
        keys = {job(experiment, point, 0).key for point in experiment.points}
        assert len(keys) == len(experiment.points)
    base = {
        job(EXPERIMENTS[name], EXPERIMENTS[name].points[index], 2).key
        for name, index in (("kernel_size", 0), ("pooling", 0), ("batch_size", 3), ("pairs", 1))
    }
    assert len(base) == 1


def test_a_job_holds_plain_values() -> None:
    work = job(EXPERIMENTS["augmentation"], EXPERIMENTS["augmentation"].points[1], 1)
    assert json.loads(json.dumps(work.arguments)) == work.arguments
    assert work.arguments["recipe"]["augmentation"]["rotation"] == 8


def test_unknown_experiment() -> None:
    with pytest.raises(UnknownNameError, match=r"'colour'\. Choose one of: kernel"):
        experiments.get("colour")
    with pytest.raises(UnknownNameError):
        experiments.load("colour")


# --- Networks and runs ---


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 320 + 18_496 + 1600 * 128 + 128 + 1290),
        ({"kernel_size": 5}, 832 + 51_264 + 1024 * 128 + 128 + 1290),
        ({"pairs": 1}, 320 + 5408 * 128 + 128 + 1290),
        ({"pairs": 3}, 320 + 18_496 + 73_856 + 128 * 128 + 128 + 1290),
        ({"dense_layers": 2}, 225_034 + 128 * 129),
        ({"batch_norm": True, "dropout": 0.2}, 225_034 + 4 * (1600 + 128)),
        ({"pooling": "average", "leaky_slope": 0.1}, 225_034),
    ],
)
def test_parameters_of_the_network(changes: dict, count: int) -> None:
    assert build_cnn(**changes).count_params() == count


def test_the_slope_lets_a_little_of_what_is_below_0_through() -> None:
    leaky = build_cnn(leaky_slope=0.1).get_layer("relu1")
    np.testing.assert_allclose(leaky(np.array([-2.0, 3.0])), [-0.2, 3.0], rtol=1e-6)


def test_weights_are_counted_and_what_lies_beyond_is_in_the_outer_bins() -> None:
    counts = count_weights(np.array([-7.0, -0.395, 0.001, 0.002, 0.3951, 9.0]))
    assert counts.sum() == 6
    assert (counts[0], counts[len(counts) // 2], counts[-1]) == (2, 2, 2)
    assert len(experiments.weight_edges()) == len(counts) + 1


def test_digits_of_a_seed_are_the_same_and_of_another_seed_are_not() -> None:
    one, again, other = (training_digits(40, seed) for seed in (0, 0, 1))
    assert one.images.shape == (40, 28, 28, 1)
    np.testing.assert_array_equal(one.images, again.images)
    assert not np.array_equal(one.labels, other.labels)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """The L2 experiment with so few digits that it takes seconds."""
    experiment = dataclasses.replace(EXPERIMENTS["l2"], size=TINY)
    monkeypatch.setitem(EXPERIMENTS, "l2", experiment)
    return experiment


@pytest.mark.slow
def test_run_ship_and_load(
    tiny: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path / "shipped")
    told: list[tuple[int, int]] = []
    result = experiments.run("l2", tmp_path, on_done=lambda done, total: told.append((done, total)))
    assert told == [(i, 4) for i in range(5)]
    assert [run.label for run in result.runs] == ["off", "on"]
    for run in result.runs:
        assert len(run.histories) == TINY.num_seeds
        assert all(len(history["val_loss"]) == 1 for history in run.histories)
        assert sum(run.weights["logits"]) == TINY.num_seeds * 392 * 10
    penalised, free = (result.runs[i].histories[0]["loss"][0] for i in (1, 0))
    assert penalised > free + 0.05
    assert result.origin.command == "python -m cnn_core.studies experiments l2"
    assert experiments.ship(result) == tmp_path / "shipped" / "experiments" / "l2.json"
    assert experiments.load("l2") == result
    assert conclusions.conclude(result).best == "off"


@pytest.mark.slow
def test_a_run_that_is_begun_again_does_only_what_is_missing(
    tiny: Experiment, tmp_path: Path
) -> None:
    first = experiments.run("l2", tmp_path)
    files = sorted(tmp_path.glob("*.json"))
    written = [path.stat().st_mtime_ns for path in files]
    files[2].unlink()
    told: list[int] = []
    again = experiments.run("l2", tmp_path, on_done=lambda done, total: told.append(done))
    assert told == [3, 4]
    changed = [path.stat().st_mtime_ns != when for path, when in zip(files, written, strict=True)]
    assert changed == [False, False, True, False]
    assert [run.histories for run in again.runs] == [run.histories for run in first.runs]


@pytest.mark.slow
def test_augmentation_and_precision_are_those_of_the_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = dataclasses.replace(TINY, precision="mixed_bfloat16")
    row = dataclasses.replace(EXPERIMENTS["augmentation"], size=size)
    monkeypatch.setitem(EXPERIMENTS, "augmentation", row)
    result = experiments.run("augmentation", tmp_path)
    off, on = (run.histories[0]["loss"] for run in result.runs)
    assert off != on
    assert keras.mixed_precision.dtype_policy().name == "float32"


@pytest.mark.slow
def test_a_range_test_raises_the_rate_exponentially() -> None:
    row = dataclasses.replace(EXPERIMENTS["learning_rate"], size=TINY)
    work = job(row, row.points[3], 0)
    work.arguments["recipe"]["batch_size"] = 8
    work.arguments["network"] |= {"filters": 2, "dense_units": 8}
    history = work.function(**work.arguments)["history"]
    rates, losses = np.array(history["rate"]), np.array(history["loss"])
    assert len(rates) == len(losses) <= RANGE_STEPS
    assert rates[0] == pytest.approx(1e-6)
    np.testing.assert_allclose(rates[1:] / rates[:-1], 10 ** (8 / 199), rtol=1e-4)
    assert np.isfinite(losses).all()
    # Too small a rate learns nothing.
    assert np.abs(losses[:20].mean() - np.log(10)) < 0.3


# --- Conclusions ---


def made(
    values: Sequence[Sequence[float]],
    published_best: str | None = "a",
    measure: Literal["val_accuracy", "val_loss"] = "val_accuracy",
) -> ExperimentResult:
    """A result whose points a, b, ... have these values in the last epoch, one a seed."""
    labels = "abcdef"[: len(values)]
    row = dataclasses.replace(
        EXPERIMENTS["pooling"],
        points=tuple(map(Point, labels)),
        published_best=published_best,
        measure=measure,
    )
    runs = tuple(
        PointRuns(label, tuple({measure: [0.5, value]} for value in seeds), (1.0,), {})
        for label, seeds in zip(labels, values, strict=True)
    )
    return ExperimentResult(row, runs, ORIGIN)


def test_the_noise_is_that_of_a_t_test() -> None:
    # Standard error 1 / sqrt(3), t(2) = 4.303.
    assert conclusions.noise(np.array([1.0, 2.0, 3.0])) == pytest.approx(4.30265 / 3**0.5, rel=1e-5)
    assert conclusions.noise(np.array([2.0, 2.0])) == 0


def test_what_all_points_of_a_seed_share_is_no_noise() -> None:
    values = [[0.91, 0.95, 0.93], [0.90, 0.941, 0.92], [0.50, 0.89, 0.10]]
    assert conclusions.conclude(made(values)).verdict == "agrees"


@pytest.mark.parametrize("count", [0, 1])
def test_one_seed_says_nothing_of_the_noise(count: int) -> None:
    with pytest.raises(ValueError, match="Expected at least two differences"):
        conclusions.noise(np.zeros(count))


@pytest.mark.parametrize(
    ("values", "published_best", "verdict", "best"),
    [
        ([[0.98, 0.97, 0.98], [0.91, 0.90, 0.92]], "a", "agrees", "a"),
        ([[0.98, 0.97, 0.98], [0.91, 0.90, 0.92]], "b", "disagrees", "a"),
        ([[0.98, 0.91, 0.95], [0.92, 0.97, 0.94]], "a", "within the noise", "a"),
        ([[0.98, 0.91, 0.95], [0.92, 0.97, 0.94]], "b", "within the noise", "a"),
        ([[0.98, 0.97, 0.98], [0.91, 0.90, 0.92]], None, "no claim", "a"),
        ([[0.95, 0.95, 0.95], [0.95, 0.95, 0.95]], None, "within the noise", "a"),
    ],
)
def test_conclude(
    values: list[list[float]], published_best: str | None, verdict: str, best: str
) -> None:
    found = conclusions.conclude(made(values, published_best))
    assert (found.verdict, found.best) == (verdict, best)
    assert found.means == pytest.approx([np.mean(row) for row in values])
    assert found.deviations == pytest.approx([np.std(row, ddof=1) for row in values])


def test_a_lower_loss_is_better() -> None:
    result = made([[0.30, 0.31, 0.30], [0.10, 0.11, 0.10]], "b", "val_loss")
    found = conclusions.conclude(result)
    assert (found.verdict, found.best) == ("agrees", "b")
    assert "loss" in found.sentence
    assert POINT_MEANS.findall(found.sentence) == [("0.103", "0.006", "b"), ("0.303", "0.006", "a")]


def test_the_sentence_has_the_figures() -> None:
    found = conclusions.conclude(made([[0.98, 0.97, 0.98], [0.91, 0.90, 0.92]]))
    assert "accuracy" in found.sentence
    means = POINT_MEANS.findall(found.sentence)
    assert means == [("97.67%", "0.58", "a"), ("91.00%", "1.00", "b")]
    assert re.findall(r"[\d.]+\d", found.sentence)[-2:] == ["6.67", "1.43"]


def ranged(lowest: Sequence[Sequence[float]], published: Sequence[float]) -> ExperimentResult:
    """A range test whose losses are lowest at these rates, one a seed."""
    rates = np.geomspace(1e-6, 1e2, 161)
    points = tuple(
        Point(label, training={"learning_rate": rate})
        for label, rate in zip("abcdef", published, strict=False)
    )
    row = dataclasses.replace(EXPERIMENTS["learning_rate"], points=points)
    runs = tuple(
        PointRuns(
            point.label,
            tuple(
                {"rate": rates.tolist(), "loss": (0.1 + np.abs(np.log10(rates / low))).tolist()}
                for low in lows
            ),
            (0.0,),
            {},
        )
        for point, lows in zip(points, lowest, strict=True)
    )
    return ExperimentResult(row, runs, ORIGIN)


@pytest.mark.parametrize(
    ("lowest", "verdict"),
    [
        ([0.03, 0.03, 0.034], "agrees"),
        ([0.001, 0.001, 0.0011], "disagrees"),
        ([1.0, 1.1, 1.0], "disagrees"),
        ([0.01, 0.1, 0.02], "within the noise"),
    ],
)
def test_a_published_rate_fits_in_the_decade_below_the_lowest_loss(
    lowest: list[float], verdict: str
) -> None:
    result = ranged([lowest], [0.01])
    (finding,) = conclusions.rate_findings(result)
    assert finding.verdict == verdict
    np.testing.assert_allclose(finding.lowest, lowest, rtol=0.07)
    assert conclusions.conclude(result).verdict == verdict


def test_a_range_test_is_as_good_as_its_worst_rate() -> None:
    fits, not_so = [0.03, 0.03, 0.03], [0.001, 0.001, 0.001]
    found = conclusions.conclude(ranged([fits, not_so], [0.01, 0.01]))
    assert found.verdict == "disagrees"
    assert re.findall(r"\d+", found.best) == ["1", "2"], "one rate of two fits"
    assert "a 0.032 (0.01), b 0.001 (0.01)" in found.sentence


def test_running_means_keep_what_is_even_and_soften_a_spike() -> None:
    losses = [1.0] * 20
    np.testing.assert_allclose(conclusions.smooth(losses), np.ones(20))
    losses[10] = 512.0
    smoothed = conclusions.smooth(losses)
    np.testing.assert_allclose(smoothed[6:15], np.full(9, 2.0))
    np.testing.assert_allclose(np.delete(smoothed, range(6, 15)), np.ones(11))
    assert conclusions.smooth([3.0, 2.0, 1.0]).shape == (3,)


# --- What ships ---


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_shipped_results_match_the_table(name: str) -> None:
    result, row = experiments.load(name), EXPERIMENTS[name]
    assert [run.label for run in result.runs] == list(row.labels)
    assert result.origin.seeds == tuple(range(row.size.num_seeds))
    assert result.origin.command == f"python -m cnn_core.studies experiments {name}"
    measures = {"rate", "loss"}
    if row.kind == "training":
        measures = {"loss", "accuracy", "val_loss", "val_accuracy"}
    for run in result.runs:
        assert len(run.histories) == row.size.num_seeds
        assert bool(run.weights) == row.keeps_weights
        for history in run.histories:
            assert history.keys() == measures
            assert np.isfinite(list(history.values())).all()
            if row.kind == "training":
                assert {len(values) for values in history.values()} == {row.size.epochs}
    assert conclusions.conclude(result).sentence


@pytest.mark.parametrize("damage", ["absent", "cut", "other size", "other list"])
def test_results_that_are_not_there_or_of_another_table(
    damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = made([[0.9, 0.8, 0.9], [0.7, 0.8, 0.9]], "a")
    result = dataclasses.replace(result, experiment=EXPERIMENTS["pooling"])
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    path = experiments.ship(result)
    assert experiments.load("pooling").runs == result.runs
    text = path.read_text("utf-8")
    if damage == "absent":
        path.unlink()
    elif damage == "other size":
        path.write_text(text.replace('"epochs":5', '"epochs":6'), "utf-8")
    else:
        path.write_text(text[:90] if damage == "cut" else "[1]", "utf-8")
    with pytest.raises(MissingFileError, match="studies experiments pooling`"):
        experiments.load("pooling")
