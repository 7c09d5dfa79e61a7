"""Robustness: the accuracy of every trained network over the strength of every change."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnn_core import datasets, evaluation, inference, models
from cnn_core.errors import MissingFileError
from cnn_core.robustness import PERTURBATIONS, Perturbation, get, perturb
from cnn_core.studies import jobs, results

NAME = "robustness"
# Changes that lie between two people's ways of writing a digit.
HANDWRITING = ("rotation", "shift", "scale", "thickness")


@dataclass(frozen=True)
class StudySize:
    """Size of the study.

    Attributes:
        num_images: Number of images of each test set, drawn at random; the whole set if it is
            smaller.
        num_searched: Number of images for changes that search for the worst picture.
        seed: Seed of the draw, and with an image's place in it of its noise.
    """

    num_images: int = 1_000
    num_searched: int = 500
    seed: int = 0


@dataclass(frozen=True)
class Curve:
    """Accuracy of one network over the strength of one change.

    Attributes:
        model: A key of models.MODELS.
        perturbation: A key of PERTURBATIONS.
        strengths: Rising, 0 among them.
        num_right: Right answers at each strength.
        num_images: Images asked about at each strength.
    """

    model: str
    perturbation: str
    strengths: tuple[float, ...]
    num_right: tuple[int, ...]
    num_images: int

    @property
    def accuracies(self) -> tuple[float, ...]:
        """The share of right answers at each strength, in [0, 1]."""
        return tuple(right / self.num_images for right in self.num_right)

    @property
    def intervals(self) -> tuple[tuple[float, float], ...]:
        """Lower and upper bound of each accuracy, with 95% confidence (Wilson)."""
        return tuple(
            evaluation.wilson_interval(share, self.num_images) for share in self.accuracies
        )

    @property
    def mean(self) -> float:
        """The mean accuracy over the strengths other than 0."""
        pairs = zip(self.strengths, self.accuracies, strict=True)
        changed = [share for strength, share in pairs if strength]
        return sum(changed) / len(changed)


@dataclass(frozen=True)
class Robustness:
    """Every curve that was measured, and where the figures come from.

    Attributes:
        origin: Origin of the figures.
        sizes: Size of the study.
        weights_sha256: SHA-256 of the weights asked, by network; the curves hold for no others.
        curves: Curves, one for each network and change.
    """

    origin: results.Origin
    sizes: StudySize
    weights_sha256: dict[str, str]
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Ranking:
    """Networks in the order of their accuracy at one strength.

    Attributes:
        strength: Strength at which the networks are compared.
        best: The curve with the most right answers; of several the first.
        rivals: The other curves whose interval overlaps that of the best: they may be as good.
    """

    strength: float
    best: Curve
    rivals: tuple[Curve, ...]


def rank(curves: Sequence[Curve], strength: float) -> Ranking:
    """Say which network holds best at one strength, and which may be as good.

    Args:
        curves: Curves of one change, one per network, at least one.
        strength: Strength, one of the strengths of every curve.
    """
    best = max(curves, key=lambda curve: curve.accuracies[curve.strengths.index(strength)])
    low = best.intervals[best.strengths.index(strength)][0]
    rivals = (
        curve
        for curve in curves
        if curve is not best and curve.intervals[curve.strengths.index(strength)][1] >= low
    )
    return Ranking(strength, best, tuple(rivals))


@dataclass(frozen=True)
class Reading:
    """Right answers of one network under several changes, of every strength but 0.

    Attributes:
        model: A key of models.MODELS.
        num_right: Right answers.
        num_images: Changed images asked about.
    """

    model: str
    num_right: int
    num_images: int

    @property
    def accuracy(self) -> float:
        """The share of right answers, in [0, 1]."""
        return self.num_right / self.num_images

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound of the accuracy, with 95% confidence (Wilson)."""
        return evaluation.wilson_interval(self.accuracy, self.num_images)


def readings(curves: Sequence[Curve], perturbations: Sequence[str]) -> dict[str, Reading]:
    """Return the right answers of every network over several changes.

    Args:
        curves: Curves of a study.
        perturbations: Keys of PERTURBATIONS; a network without one of them is left out.
    """
    found = {}
    for model in dict.fromkeys(curve.model for curve in curves):
        asked = [c for c in curves if c.model == model and c.perturbation in perturbations]
        if len(asked) < len(perturbations):
            continue
        changed = [(c, i) for c in asked for i, strength in enumerate(c.strengths) if strength]
        found[model] = Reading(
            model, sum(c.num_right[i] for c, i in changed), sum(c.num_images for c, _ in changed)
        )
    return found


def better_reader(
    curves: Sequence[Curve], model: str, perturbations: Sequence[str]
) -> tuple[Reading, Reading] | None:
    """Return what a network and the best network of its data set read, if the best reads more.

    Args:
        curves: Curves of a study.
        model: A key of models.MODELS.
        perturbations: Keys of PERTURBATIONS.

    Returns:
        The reading of the network and that of the best; None if their intervals overlap, or if the
        network was not measured.
    """
    dataset = models.get(model).dataset
    found = readings([c for c in curves if models.get(c.model).dataset == dataset], perturbations)
    if model not in found:
        return None
    best = max(found.values(), key=lambda reading: reading.accuracy)
    own = found[model]
    return (own, best) if best.interval[0] > own.interval[1] else None


def measure(
    model: str,
    weights_sha256: str,
    perturbation: str,
    strengths: Sequence[float],
    num_images: int,
    seed: int,
) -> dict[str, Any]:
    """Ask one network about test images changed by every strength of one change.

    Attacks drive the network away from the true class. Of changes that search for the worst
    picture, an image that a smaller strength misleads counts as misled by every larger one.

    Args:
        model: A key of models.MODELS.
        weights_sha256: SHA-256 of the weights asked.
        perturbation: A key of PERTURBATIONS.
        strengths: Rising, 0 among them.
        num_images: Drawn from the test set; the whole set if it is smaller.
        seed: Seed of the draw, and with an image's place in it of its noise.

    Returns:
        The attributes of a Curve, and seconds: of wall time.

    Raises:
        MissingFileError: The weights are absent or other ones, or the data set is not there.
    """
    begun = time.monotonic()
    results.require_weights(model, weights_sha256)
    network = models.load_pretrained(model)
    test = datasets.load(models.get(model).dataset, split="test")
    asked = np.random.default_rng(seed).permutation(len(test.labels))[:num_images]
    num_asked, seeds, num_right = len(asked), seed + np.arange(len(asked)), []
    for strength in strengths:
        labels = test.labels[asked]
        changed = perturb(
            test.images[asked], perturbation, strength, seeds=seeds, model=network, labels=labels
        )
        is_right = inference.predict(network, changed).classes == labels
        num_right.append(int(is_right.sum()))
        if get(perturbation).is_search:
            asked, seeds = asked[is_right], seeds[is_right]
    return {
        "model": model,
        "perturbation": perturbation,
        "strengths": list(strengths),
        "num_right": num_right,
        "num_images": num_asked,
        "seconds": round(time.monotonic() - begun, 2),
    }


def run(
    folder: Path,
    *,
    sizes: StudySize | None = None,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Robustness:
    """Measure every change on every network that is trained and whose data set is here.

    Args:
        folder: Folder of the finished jobs; begun again, the study goes on from there, and a
            network trained anew is measured anew.
        sizes: Size of the study; StudySize() if None.
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.

    Raises:
        MissingFileError: No network is trained, or a file is damaged.
    """
    size = sizes or StudySize()
    names = [name for name in models.MODELS if _is_here(name)]
    if not names:
        raise MissingFileError("No trained network is here: `git checkout pretrained` brings them.")
    weights = {name: models.weights_sha256(name) for name in names}
    work = [_job(name, weights[name], row, size) for name in names for row in _rows(name)]
    measured = jobs.run(
        work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done
    )
    wall_time = sum(one.pop("seconds") for one in measured)
    used = {models.get(name).dataset for name in names}
    origin = results.origin(
        NAME,
        seeds=[size.seed],
        wall_time_seconds=wall_time,
        dataset_names=[name for name in datasets.DATASETS if name in used],
        packages=("tensorflow", "keras", "opencv-python-headless", "numpy"),
    )
    return Robustness(origin, size, weights, msgspec.convert(measured, tuple[Curve, ...]))


def load() -> Robustness:
    """Return the shipped figures of the networks whose weights are here.

    Raises:
        MissingFileError: Their file is absent or damaged.
    """
    found = results.load(NAME, Robustness)
    weights = results.still_here(found.weights_sha256)
    curves = tuple(curve for curve in found.curves if curve.model in weights)
    return dataclasses.replace(found, weights_sha256=weights, curves=curves)


def _is_here(name: str) -> bool:
    dataset = datasets.get(models.get(name).dataset)
    return models.is_trained(name) and datasets.find(dataset.name) is not None


def _rows(name: str) -> list[Perturbation]:
    dataset = datasets.get(models.get(name).dataset)
    return [row.fitted(dataset) for row in PERTURBATIONS.values() if row.fits(dataset)]


def _job(name: str, weights_sha256: str, row: Perturbation, size: StudySize) -> jobs.Job:
    return jobs.Job(
        f"{name}-{row.name}",
        measure,
        {
            "model": name,
            "weights_sha256": weights_sha256,
            "perturbation": row.name,
            "strengths": list(row.measured),
            "num_images": size.num_searched if row.is_search else size.num_images,
            "seed": size.seed,
        },
    )
