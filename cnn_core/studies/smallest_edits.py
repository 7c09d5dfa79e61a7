"""How small an edit turns an answer: the search against chance and against saliency."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import datasets, evaluation, inference, models
from cnn_core.attribution import explain
from cnn_core.counterfactual import smallest_edit
from cnn_core.images.strokes import erase
from cnn_core.studies import jobs, results

if TYPE_CHECKING:
    import keras

NAME = "smallest_edits"
NETWORKS = ("study",)
PAIRS = ((1, 2), (4, 9), (3, 8), (7, 1))
NUM_DIGITS = 100  # in each of the two directions of a pair
SEEDS = (0, 1, 2)
DATASET = "mnist"
_IN_A_JOB = 10
_BRUSH = 1.0  # radius of the random dabs: that of the search


@dataclass(frozen=True)
class EditMethod:
    """A way to turn an answer.

    Attributes:
        name: The key of WAYS.
        title: Title for people.
        help: Action in one sentence.
    """

    name: str
    title: str
    help: str


EDIT_METHODS = {
    method.name: method
    for method in (
        EditMethod("erase", "Smallest erasure", "Strokes of the eraser, searched and pruned."),
        EditMethod("add", "Smallest added stroke", "Strokes of the pen, searched and pruned."),
        EditMethod("both", "Eraser and pen", "Strokes of either or both, searched and pruned."),
        EditMethod("random", "Random erasure", "Dabs of the same eraser on ink, in random order."),
        EditMethod(
            "saliency", "Top saliency erased", "Single pixels, by the gradient of the margin."
        ),
    )
}


@dataclass(frozen=True)
class EditStatistics:
    """One way on the digits of one pair of classes.

    Attributes:
        network: A key of models.MODELS.
        directions: (class of the digits, wanted class), one of a pair or both.
        method: A key of WAYS.
        num_digits: Number of digits; all were right before.
        success_rate: The share that was turned into the wanted class, in [0, 1]; of what is random,
            the mean of the seeds.
        interval: Lower and upper bound of the rate, with 95% confidence (Wilson).
        median_pixels: That changed, over the digits that were turned; None if none was.
        median_ink_share: The same, as a share of the digit's ink.
    """

    network: str
    directions: tuple[tuple[int, int], ...]
    method: str
    num_digits: int
    success_rate: float
    interval: tuple[float, float]
    median_pixels: float | None
    median_ink_share: float | None


@dataclass(frozen=True)
class SmallestEdits:
    """All ways on all pairs, and where the figures come from.

    Attributes:
        origin: Origin of the figures.
        weights_sha256: SHA-256 of the weights asked, by network; the rows hold for no others.
        rows: Rows, one for each network, pair or direction of it, and method.
    """

    origin: results.Origin
    weights_sha256: dict[str, str]
    rows: tuple[EditStatistics, ...]

    def find(
        self, network: str, directions: tuple[tuple[int, int], ...], method: str
    ) -> EditStatistics:
        """Return the row of one direction or of both of a pair.

        Raises:
            ValueError: There is none.
        """
        for row in self.rows:
            if (row.network, row.directions, row.method) == (network, directions, method):
                return row
        raise ValueError(
            f"Expected what was measured. Received: {network=}, {directions=}, {method=}"
        )


def measure(
    network: str,
    weights_sha256: str,
    label: int,
    wanted: int,
    first: int,
    count: int,
    seeds: Sequence[int],
) -> dict[str, Any]:
    """Turn some test digits of one class into another, in every way.

    Args:
        network: A key of models.MODELS.
        weights_sha256: SHA-256 of the weights asked.
        label: The class of the digits.
        wanted: The class that they are to become.
        first: Number of right digits of the class that come before.
        count: Number of digits to take.
        seeds: Seeds of the random erasures.

    Returns:
        For each of WAYS the size of each edit that was found, (pixels, share of ink), and how many
        were looked for; seconds: of wall time.

    Raises:
        MissingFileError: The weights are absent or other ones, or the data set is not there.
    """
    begun = time.monotonic()
    results.require_weights(network, weights_sha256)
    model = _network(network, weights_sha256)
    test = datasets.load(DATASET, split="test")
    indices = np.flatnonzero(test.labels == label)
    is_right = inference.predict(model, test.images[indices]).classes == label
    chosen = test.images[indices[is_right][first : first + count]]
    sizes: dict[str, list[tuple[int, float]]] = {method: [] for method in EDIT_METHODS}
    for digit in chosen:
        for method in ("erase", "add", "both"):
            edit = smallest_edit(model, digit, wanted, method)
            sizes[method] += [_size(edit.original, edit.pixels)] if edit.is_found else []
            most_pixels = edit.most_pixels
        ranked = explain(model, digit, wanted, against=label).heatmap
        sizes["saliency"] += _first_turned(model, by_rank(digit, ranked, most_pixels), wanted)
        for seed in seeds:
            erased = in_random_order(digit, most_pixels, seed)
            sizes["random"] += _first_turned(model, erased, wanted)
    tried = {
        method: len(chosen) * (len(seeds) if method == "random" else 1) for method in EDIT_METHODS
    }
    return {"sizes": sizes, "tried": tried, "seconds": round(time.monotonic() - begun, 2)}


def by_rank(digit: np.ndarray, heatmap: np.ndarray, most_pixels: int) -> np.ndarray:
    """Erase the ink pixels with the largest values, one more in each picture.

    Returns:
        (n + 1, height, width, channels) float32, the digit itself first.
    """
    ink = np.flatnonzero(digit.any(axis=-1))
    order = ink[np.argsort(-heatmap.ravel()[ink], kind="stable")][:most_pixels]
    pictures = np.repeat(digit[None], len(order) + 1, axis=0)
    flat = pictures.reshape(len(pictures), -1, digit.shape[-1])
    for count in range(1, len(pictures)):
        flat[count, order[:count]] = 0
    return pictures


def in_random_order(digit: np.ndarray, most_pixels: int, seed: int) -> np.ndarray:
    """Erase with one more dab on a random pixel of the ink that is left in each picture.

    Returns:
        (n + 1, height, width, channels) float32, the digit itself first.
    """
    random = np.random.default_rng(seed)
    pictures = [digit]
    while (ink := np.argwhere(pictures[-1].any(axis=-1))).size:
        row, column = random.choice(ink)
        erased = erase(pictures[-1], [(column + 0.5, row + 0.5)], _BRUSH)
        if (erased != digit).any(axis=-1).sum() > most_pixels:
            break
        pictures.append(erased)
    return np.stack(pictures)


def run(
    folder: Path,
    *,
    networks: Sequence[str] = NETWORKS,
    num_digits: int = NUM_DIGITS,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> SmallestEdits:
    """Measure every way on every pair, in both directions.

    Args:
        folder: Folder of the finished jobs; begun again, the study goes on from there, and a
            network trained anew is measured anew.
        networks: Keys of models.MODELS that read digits.
        num_digits: Number of digits in each direction, at most as many as there are.
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.

    Raises:
        MissingFileError: A network or the data set is not there.
    """
    weights = {network: models.weights_sha256(network) for network in networks}
    directions = [direction for pair in PAIRS for direction in (pair, pair[::-1])]
    work = [
        jobs.Job(
            f"{network}-{label}-to-{wanted}-{first:03d}",
            measure,
            {
                "network": network,
                "weights_sha256": weights[network],
                "label": label,
                "wanted": wanted,
                "first": first,
                "count": min(_IN_A_JOB, num_digits - first),
                "seeds": list(SEEDS),
            },
        )
        for network in networks
        for label, wanted in directions
        for first in range(0, num_digits, _IN_A_JOB)
    ]
    measured = jobs.run(
        work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done
    )
    by_direction: dict[tuple[str, int, int], list[dict[str, Any]]] = {}
    for job, one in zip(work, measured, strict=True):
        arguments = job.arguments
        key = (arguments["network"], arguments["label"], arguments["wanted"])
        by_direction.setdefault(key, []).append(one)
    rows = [
        _row(
            network, asked, method, [one for pair in asked for one in by_direction[network, *pair]]
        )
        for network in networks
        for pair in PAIRS
        for asked in ((pair, pair[::-1]), (pair,), (pair[::-1],))
        for method in EDIT_METHODS
    ]
    origin = results.origin(
        NAME,
        seeds=SEEDS,
        wall_time_seconds=sum(one["seconds"] for one in measured),
        dataset_names=[DATASET],
        packages=("tensorflow", "numpy"),
    )
    return SmallestEdits(origin, weights, tuple(rows))


def load() -> SmallestEdits:
    """Return the shipped figures of the networks whose weights are here.

    Raises:
        MissingFileError: Their file is absent, damaged, or of other weights than those here.
    """
    found = results.load(NAME, SmallestEdits)
    weights = results.still_here(found.weights_sha256)
    if not weights:
        raise results.outdated(NAME)
    rows = tuple(row for row in found.rows if row.network in weights)
    return dataclasses.replace(found, weights_sha256=weights, rows=rows)


@lru_cache(maxsize=1)
def _network(name: str, weights_sha256: str) -> keras.Model:
    return models.load_pretrained(name)


def _first_turned(model: keras.Model, pictures: np.ndarray, wanted: int) -> list[tuple[int, float]]:
    """Return the size of the first edit that changes the prediction, in a list."""
    turned = np.flatnonzero(inference.predict(model, pictures).classes == wanted)
    return [_size(pictures[0], pictures[turned[0]])] if len(turned) else []


def _size(digit: np.ndarray, edited: np.ndarray) -> tuple[int, float]:
    change = np.abs(edited.astype(np.float64) - digit)
    return int(change.any(axis=-1).sum()), float(change.sum() / digit.sum(dtype=np.float64))


def _row(
    network: str,
    directions: tuple[tuple[int, int], ...],
    method: str,
    measured: list[dict[str, Any]],
) -> EditStatistics:
    sizes = np.array([size for one in measured for size in one["sizes"][method]]).reshape(-1, 2)
    tried = sum(one["tried"][method] for one in measured)
    num_digits = sum(one["tried"]["erase"] for one in measured)
    rate = len(sizes) / tried
    pixels, ink = (float(np.median(column)) for column in sizes.T) if len(sizes) else (None, None)
    return EditStatistics(
        network=network,
        directions=directions,
        method=method,
        num_digits=num_digits,
        success_rate=rate,
        interval=evaluation.wilson_interval(rate, num_digits),
        median_pixels=pixels,
        median_ink_share=None if ink is None else round(ink, 4),
    )
