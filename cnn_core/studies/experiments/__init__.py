"""One thing changed at a time: run any experiment of the table, ship and load what came out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnn_core.errors import MissingFileError
from cnn_core.studies import jobs, results
from cnn_core.studies.experiments.runs import WEIGHT_BINS, WEIGHT_LIMIT, job
from cnn_core.studies.experiments.table import EXPERIMENTS, Experiment, Point, Size, get
from cnn_core.training import History

__all__ = ["EXPERIMENTS", "Experiment", "Point", "Size", "get"]

NAME = "experiments"


@dataclass(frozen=True)
class PointRuns:
    """Results of one point.

    Attributes:
        label: Label of the point.
        histories: Histories, one per seed; of a training its loss, accuracy, val_loss and
            val_accuracy in each epoch, of a range test its rate and loss
        seconds: Seconds of training, one per seed; other work ran beside it.
        weights: For each kernel by its layer's name, how many weights fall into each bin of
            weight_edges(), over all seeds; empty if the experiment does not keep them.
    """

    label: str
    histories: tuple[History, ...]
    seconds: tuple[float, ...]
    weights: dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class ExperimentResult:
    """An experiment's row, what became of its points, and where that comes from."""

    experiment: Experiment
    runs: tuple[PointRuns, ...]
    origin: results.Origin


@dataclass(frozen=True)
class _Shipped:
    """A result as its file holds it: of the experiment's row only what the numbers rest on."""

    table: dict[str, Any]
    origin: results.Origin
    runs: tuple[PointRuns, ...]


def run(
    name: str,
    folder: Path,
    *,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> ExperimentResult:
    """Run one experiment: every point with every seed, on training digits only.

    Args:
        name: A key of EXPERIMENTS.
        folder: Folder of the finished jobs; experiments that have a point in common share its runs.
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.

    Raises:
        UnknownNameError: No experiment has this name.
    """
    experiment = get(name)
    seeds = range(experiment.size.num_seeds)
    work = [job(experiment, point, seed) for point in experiment.points for seed in seeds]
    done = jobs.run(work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done)
    origin = results.origin(
        f"{NAME} {name}",
        seeds=seeds,
        wall_time_seconds=sum(each["seconds"] for each in done),
        dataset_names=("mnist",),
        packages=("tensorflow", "keras", "numpy"),
    )
    chunks = [done[i : i + len(seeds)] for i in range(0, len(done), len(seeds))]
    runs = tuple(map(_collect, experiment.labels, chunks))
    return ExperimentResult(experiment, runs, origin)


def ship(result: ExperimentResult) -> Path:
    """Write a result to its shipped file, and return the path."""
    shipped = _Shipped(_table(result.experiment), result.origin, result.runs)
    return results.write(f"{NAME}/{result.experiment.name}", shipped, is_compact=True)


def load(name: str) -> ExperimentResult:
    """Return the shipped result of an experiment.

    Raises:
        UnknownNameError: No experiment has this name.
        MissingFileError: The file is absent, damaged, or of another size or other points.
    """
    experiment = get(name)
    try:
        found = results.load(f"{NAME}/{name}", _Shipped)
        if found.table != _table(experiment):
            raise ValueError("Made from another table")
        return ExperimentResult(experiment, found.runs, found.origin)
    except (OSError, ValueError) as error:
        raise MissingFileError(
            f"The results of the experiment {experiment.title!r} are missing or were made from "
            f"other settings; make them with `python -m cnn_core.studies {NAME} {name}`."
        ) from error


def weight_edges() -> np.ndarray:
    """Return the edges of the bins of PointRuns.weights; the outer bins hold all values beyond."""
    limit = WEIGHT_LIMIT
    return np.linspace(-limit, limit, WEIGHT_BINS + 1)


def _collect(label: str, done: list[dict[str, Any]]) -> PointRuns:
    layers = done[0].get("weights", {})
    sums = {layer: np.sum([each["weights"][layer] for each in done], axis=0) for layer in layers}
    return PointRuns(
        label=label,
        histories=tuple(each["history"] for each in done),
        seconds=tuple(each["seconds"] for each in done),
        weights={layer: tuple(counts.tolist()) for layer, counts in sums.items()},
    )


def _table(experiment: Experiment) -> dict[str, Any]:
    """Return what results depend on, as JSON gives it back; the words of a row may change."""
    facts = {key: getattr(experiment, key) for key in ("kind", "builder", "keeps_weights")}
    facts["points"] = [dataclasses.asdict(point) for point in experiment.points]
    facts["size"] = dataclasses.asdict(experiment.size)
    return dict(json.loads(json.dumps(facts)))
