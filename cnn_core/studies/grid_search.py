"""The published grid search for the dense network: all its points, on fewer digits."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from cnn_core import datasets, training
from cnn_core.datasets import Split
from cnn_core.models import TrainingConfig
from cnn_core.studies import jobs, results

if TYPE_CHECKING:
    import keras

NAME = "grid_search"
Optimizer = Literal["adam", "rmsprop"]


@dataclass(frozen=True)
class StudySize:
    """Size of a grid search.

    Attributes:
        num_training: Number of training of MNIST's training digits, to learn from.
        num_held_out: Number of held out of MNIST's training digits, to be measured on.
        seeds: Seeds of the weights and shuffles, and of which digits are held out.
        epochs: Epochs of the grid.
    """

    num_training: int = 6_000
    num_held_out: int = 2_000
    seeds: tuple[int, ...] = (0, 1)
    epochs: tuple[int, ...] = (6, 10)


@dataclass(frozen=True)
class Settings:
    """Settings that the grid varies.

    Attributes:
        num_layers: Hidden layers.
        units: Units of each hidden layer.
        optimizer: "adam" or "rmsprop", at a constant rate of 0.001.
        batch_size: Digits a step.
        epochs: Passes over the digits.
    """

    num_layers: int
    units: int
    optimizer: Optimizer
    batch_size: int
    epochs: int


# Hidden layers, units, optimizer and batch size; the epochs are in Sizes, since they come cheap.
GRID = tuple(itertools.product((1, 2, 3), (64, 397), get_args(Optimizer), (32, 64)))
PUBLISHED_BEST = Settings(2, 397, "adam", 32, 10)


@dataclass(frozen=True)
class Point:
    """One point of the grid.

    Attributes:
        settings: Settings of the point.
        accuracies: On the held-out digits, in [0, 1], one for each seed.
    """

    settings: Settings
    accuracies: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of the accuracies, in [0, 1]."""
        return statistics.fmean(self.accuracies)


@dataclass(frozen=True)
class GridSearch:
    """All points of the grid.

    Attributes:
        origin: Origin of the figures.
        sizes: Size of the study.
        points: Points in the order of the grid.
    """

    origin: results.Origin
    sizes: StudySize
    points: tuple[Point, ...]

    @property
    def best(self) -> Point:
        """The point with the largest mean accuracy."""
        return max(self.points, key=lambda point: point.mean)

    @property
    def published_best(self) -> Point:
        """The point that the source found best: 2 x 397 units, Adam, batches of 32, 10 epochs."""
        return next(point for point in self.points if point.settings == PUBLISHED_BEST)

    @property
    def margin(self) -> float:
        """Least difference in accuracy between two points that is more than chance.

        The least significant difference at 95% (Fisher): the spread of all points over the seeds,
        once what a point and what a seed has on average is taken away, by Student's t. The best of
        many points is also the luckiest, so that its lead is rather too large.
        """
        from scipy.special import stdtrit

        table = np.array([point.accuracies for point in self.points])
        expected = table.mean(axis=1, keepdims=True) + table.mean(axis=0) - table.mean()
        freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
        variance = ((table - expected) ** 2).sum() / freedom
        return float(stdtrit(freedom, 0.975) * np.sqrt(2 * variance / table.shape[1]))

    def is_within_noise(self, point: Point) -> bool:
        """Return True if chance explains how far the best point is ahead of this point."""
        return self.best.mean - point.mean <= self.margin


def dense_network(num_layers: int, units: int) -> keras.Model:
    """Build the dense network with other hidden layers; 2 of 397 units are those of `ann`."""
    from keras import Input, Model, layers

    inputs = Input((28, 28, 1), name="image")
    x = layers.Rescaling(1.0, offset=-0.5, name="rescaling")(inputs)
    x = layers.Flatten(name="flatten")(x)
    for i in range(1, num_layers + 1):
        x = layers.Dense(units, activation="relu", name=f"dense{i}")(x)
    return Model(inputs, layers.Dense(10, name="logits")(x), name=f"dense_{num_layers}_{units}")


def measure(
    num_layers: int,
    units: int,
    optimizer: Optimizer,
    batch_size: int,
    *,
    epochs: Sequence[int],
    num_training: int,
    num_held_out: int,
    seed: int,
) -> dict[str, Any]:
    """Train one network, and measure it on held-out digits after some of its epochs.

    At a constant rate, a training of 10 epochs is one of 6 that goes on.

    Args:
        num_layers: See Settings, as the next three.
        units: Units of each hidden layer.
        optimizer: "adam" or "rmsprop".
        batch_size: Digits a step.
        epochs: After which it is measured.
        num_training: See Sizes.
        num_held_out: See Sizes.
        seed: Seed of everything random.

    Returns:
        accuracies, in [0, 1], one for each of epochs, and seconds.
    """
    import keras

    started = time.monotonic()
    digits = datasets.load("mnist", split="train")
    taken = np.s_[: num_training + num_held_out]
    config = TrainingConfig(
        batch_size=batch_size,
        epochs=max(epochs),
        learning_rate=1e-3,
        validation_images=num_held_out,
        optimizer=optimizer,
    )
    keras.utils.set_random_seed(seed)
    model = dense_network(num_layers, units)
    split = Split(digits.images[taken], digits.labels[taken])
    accuracies = training.train(model, split, config, seed=seed).history["val_accuracy"]
    return {
        "accuracies": [accuracies[epoch - 1] for epoch in epochs],
        "seconds": round(time.monotonic() - started, 2),
    }


def run(
    folder: Path,
    *,
    sizes: StudySize | None = None,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> GridSearch:
    """Measure every point of the grid.

    Args:
        folder: Folder of the finished jobs; begun again, the study goes on from there.
        sizes: Size of the study; None is StudySize().
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.
    """
    sizes = sizes or StudySize()
    work = [_job(*place, sizes, seed) for place in GRID for seed in sizes.seeds]
    measured = jobs.run(
        work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done
    )
    rows = [one["accuracies"] for one in measured]
    points = tuple(
        Point(
            Settings(*place, epochs),
            tuple(row[j] for row in rows[i * len(sizes.seeds) : (i + 1) * len(sizes.seeds)]),
        )
        for i, place in enumerate(GRID)
        for j, epochs in enumerate(sizes.epochs)
    )
    origin = results.origin(
        NAME,
        seeds=sizes.seeds,
        wall_time_seconds=sum(one["seconds"] for one in measured),
        dataset_names=("mnist",),
        packages=("tensorflow", "keras", "numpy"),
    )
    return GridSearch(origin, sizes, points)


def load() -> GridSearch:
    """Return the shipped figures.

    Raises:
        MissingFileError: Their file is absent or damaged.
    """
    return results.load(NAME, GridSearch)


def _job(
    num_layers: int, units: int, optimizer: Optimizer, batch_size: int, sizes: StudySize, seed: int
) -> jobs.Job:
    return jobs.Job(
        f"{num_layers}x{units}-{optimizer}-batch{batch_size}-seed{seed}",
        measure,
        {
            "num_layers": num_layers,
            "units": units,
            "optimizer": optimizer,
            "batch_size": batch_size,
            "epochs": sizes.epochs,
            "num_training": sizes.num_training,
            "num_held_out": sizes.num_held_out,
            "seed": seed,
        },
    )
