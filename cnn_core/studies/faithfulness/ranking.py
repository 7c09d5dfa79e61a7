"""Which method's maps can be believed? Every method on the same test pictures of a network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from cnn_core import datasets, faithfulness, models
from cnn_core.attribution import METHODS
from cnn_core.errors import CnnCoreError
from cnn_core.studies import jobs, results
from cnn_core.studies.faithfulness.map_tests import (
    BASELINE,
    SEED,
    MapFigures,
    as_columns,
    choose_images,
    figures_of_all,
    measure,
)

NAME = "faithfulness"
NUM_IMAGES = 24
_RESAMPLES = 2_000


@dataclass(frozen=True)
class Estimate:
    """A mean over pictures with its 95% interval, by resampling the pictures."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class MethodFigures:
    """Figures of the tests of a method, a value for each picture; see MapFigures.

    Similarities and stability are those of the first pictures only.
    """

    method: str
    deletion: tuple[float, ...]
    insertion: tuple[float, ...]
    similarity: tuple[float | None, ...]
    last_similarity: tuple[float | None, ...]
    stability: tuple[float | None, ...]
    seconds: tuple[float, ...]

    @property
    def insertion_minus_deletion(self) -> np.ndarray:
        """Insertion area minus deletion area for each picture, in [-1, 1].

        0 for random orders; the larger, the better. Methods are ranked by its mean.
        """
        return np.subtract(self.insertion, self.deletion)

    @property
    def verdict(self) -> faithfulness.Verdict:
        """Verdict of the sanity check by the mean similarities."""
        found = (estimate(self.similarity), estimate(self.last_similarity))
        return faithfulness.verdict(*(None if each is None else each.mean for each in found))

    @property
    def seconds_per_map(self) -> float:
        """The median time of one map; the first one compiles."""
        return float(np.median(self.seconds))


@dataclass(frozen=True)
class MapRanking:
    """All methods that fit a network, on the same pictures.

    Attributes:
        model: A key of models.MODELS.
        weights_sha256: SHA-256 of its weights; the ranking holds for no others.
        indices: Indices of the test pictures, all rightly read.
        random: Mean area of random orders on each picture, of deletion and insertion alike.
        rows: The methods, the best by insertion minus deletion first.
        left_out: The methods that are not ranked, each with the reason in a sentence.
        origin: Origin of the figures; None if they were measured a moment ago.
    """

    model: str
    weights_sha256: str
    indices: tuple[int, ...]
    random: tuple[float, ...]
    rows: tuple[MethodFigures, ...]
    left_out: tuple[tuple[str, str], ...]
    origin: results.Origin | None

    def row(self, method: str) -> MethodFigures | None:
        """Return the row of a method, or None if the method is not ranked."""
        return next((row for row in self.rows if row.method == method), None)

    def best(self, other_than: Collection[str] = ()) -> MethodFigures | None:
        """Return the first method that does not fail the sanity check, or None.

        Args:
            other_than: Methods that do not count.
        """
        fit = (row for row in self.rows if row.verdict != "fails" and row.method not in other_than)
        return next(fit, None)


def estimate(values: Iterable[float | None]) -> Estimate | None:
    """Estimate the mean of the finite values with its 95% interval; None if there are none.

    Args:
        values: Values, one per picture.
    """
    known = np.array([value for value in values if value is not None])
    if not known.size:
        return None
    drawn = np.random.default_rng(SEED).integers(len(known), size=(_RESAMPLES, len(known)))
    low, high = np.quantile(known[drawn].mean(axis=1), (0.025, 0.975))
    return Estimate(float(known.mean()), float(low), float(high))


def lead(first: MethodFigures, second: MethodFigures) -> Estimate:
    """Estimate the lead of one method over another, picture by picture.

    An interval that holds 0 says that the two cannot be told apart.
    """
    found = estimate(first.insertion_minus_deletion - second.insertion_minus_deletion)
    if found is None:
        raise ValueError("Expected methods that have seen a picture. Received: none")
    return found


def collect(method: str, found: Sequence[MapFigures]) -> MethodFigures:
    """Put the figures of single pictures together."""
    return msgspec.convert({"method": method, **as_columns(found)}, MethodFigures)


def ranking(
    model: str,
    indices: Sequence[int],
    random: Sequence[float],
    rows: Iterable[MethodFigures],
    left_out: Iterable[tuple[str, str]],
    origin: results.Origin | None = None,
) -> MapRanking:
    """Sort methods by insertion minus deletion, the best first, for the weights that are here."""
    return MapRanking(
        model,
        models.weights_sha256(model),
        tuple(indices),
        tuple(random),
        tuple(sorted(rows, key=lambda row: -float(row.insertion_minus_deletion.mean()))),
        tuple(left_out),
        origin,
    )


def measured(
    name: str,
    indices: Sequence[int],
    random: Sequence[float],
    ask: Callable[[str, int], MapFigures],
    *,
    most_seconds: float,
) -> MapRanking:
    """Rank all methods by figures that are asked for one by one.

    Args:
        name: Name of the network.
        indices: Indices of the test pictures, at least one.
        random: Mean area of random orders on each.
        ask: Function that returns the figures of a method's map of one picture, by the picture's
            place in indices.
        most_seconds: A method whose maps take longer than this each is left out.
    """
    rows, left_out = [], []
    for method in METHODS:
        try:
            found = figures_of_all(partial(ask, method), len(indices), most_seconds)
        except CnnCoreError as error:
            left_out.append((method, str(error)))
        else:
            rows.append(collect(method, found))
    return ranking(name, indices, random, rows, left_out)


def run(
    name: str,
    folder: Path,
    *,
    num_images: int = NUM_IMAGES,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> MapRanking:
    """Rank all methods on one network.

    Args:
        name: A key of models.MODELS.
        folder: Folder of the finished jobs; begun again, the study goes on from there.
        num_images: Test pictures.
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.

    Raises:
        UnknownNameError: No network has this name.
        MissingFileError: The network or its data set is not there.
    """
    dataset = models.get(name).dataset
    sha256 = models.weights_sha256(name)
    shared = {"model": name, "num_images": num_images, "weights_sha256": sha256}
    work = [
        jobs.Job(f"{name}-{method}", measure, {"method": method, **shared})
        for method in (BASELINE, *METHODS)
    ]
    done = jobs.run(work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done)
    baseline, *found = done
    pairs = list(zip(METHODS, found, strict=True))
    return ranking(
        name,
        choose_images(name, num_images),
        baseline["random"],
        [
            msgspec.convert(facts | {"method": method}, MethodFigures)
            for method, facts in pairs
            if "left_out" not in facts
        ],
        [(method, facts["left_out"]) for method, facts in pairs if "left_out" in facts],
        results.origin(
            f"{NAME} {name}",
            seeds=[SEED],
            wall_time_seconds=sum(each["wall_time"] for each in done),
            dataset_names=[dataset],
            packages=("tensorflow", "keras", "numpy"),
        ),
    )


def runnable() -> tuple[str, ...]:
    """Return the networks that are trained and whose pictures are on this machine."""
    return tuple(
        name
        for name, row in models.MODELS.items()
        if models.is_trained(name) and datasets.find(row.dataset) is not None
    )


def ship(found: MapRanking) -> Path:
    """Write a ranking to its shipped file and return the path."""
    return results.write(f"{NAME}/{found.model}", found, is_compact=True)


def load(name: str) -> MapRanking:
    """Return the shipped ranking of a network.

    Raises:
        MissingFileError: The file is absent, damaged, or of other weights than those here.
    """
    found = results.load(f"{NAME}/{models.get(name).name}", MapRanking)
    if found.weights_sha256 != models.weights_sha256(name):
        raise results.outdated(f"{NAME}/{name}")
    rows = [row for row in found.rows if row.method in METHODS]
    return ranking(found.model, found.indices, found.random, rows, found.left_out, found.origin)
