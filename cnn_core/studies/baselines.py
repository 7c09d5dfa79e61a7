"""Classical baselines: four methods of scikit-learn on the bare pixels, beside the networks."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnn_core import datasets, evaluation
from cnn_core.errors import UnknownNameError
from cnn_core.studies import jobs, results

NAME = "baselines"
DATASETS = ("sign_digits", "mnist")
SEED = 0


@dataclass(frozen=True)
class Method:
    """A way to classify flattened pixels.

    Attributes:
        name: The key of METHODS.
        title: Title for people.
        settings: Settings that are not scikit-learn's default, in words.
        build: Makes the untrained classifier from a seed.
        published: Accuracy in the source, by data set.
    """

    name: str
    title: str
    settings: str
    build: Callable[[int], Any]
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Baseline:
    """One method on one data set.

    Attributes:
        method: A key of METHODS.
        dataset: A key of datasets.DATASETS.
        num_training: Images it learnt from.
        num_test: Images it was asked about, the whole test set.
        accuracy: Accuracy on them, in [0, 1].
        interval: Lower and upper bound of the accuracy, with 95% confidence (Wilson).
        fit_seconds: Processor time to learn, in seconds.
        predict_seconds: Processor time to classify the whole test set, in seconds.
        published: Accuracy in the source, None if it states none.
    """

    method: str
    dataset: str
    num_training: int
    num_test: int
    accuracy: float
    interval: tuple[float, float]
    fit_seconds: float
    predict_seconds: float
    published: float | None


@dataclass(frozen=True)
class Baselines:
    """All methods on all data sets, and where the figures come from."""

    origin: results.Origin
    rows: tuple[Baseline, ...]


def measure(method: str, dataset: str, num_training: int | None, seed: int) -> dict[str, Any]:
    """Train one method on flattened images and ask it about the whole test set.

    Args:
        method: A key of METHODS.
        dataset: A key of datasets.DATASETS.
        num_training: Images to learn from, the first of the training set; None takes all.
        seed: Seed of the method's random numbers.

    Returns:
        The attributes of a Baseline but `published`, and seconds: of wall time.

    Raises:
        UnknownNameError: There is no such method or data set.
        MissingFileError: The data set is not there and cannot be downloaded.
    """
    if method not in METHODS:
        raise UnknownNameError(
            f"There is no method {method!r}. Choose one of: {', '.join(METHODS)}."
        )
    begun = time.monotonic()
    train, test = (datasets.load(dataset, split=split) for split in ("train", "test"))
    images, asked = _flat(train.images[:num_training]), _flat(test.images)
    classifier = METHODS[method].build(seed)
    started = time.process_time()
    with warnings.catch_warnings():
        # A fit that stops before it converges is no baseline.
        warnings.simplefilter("error")
        classifier.fit(images, train.labels[:num_training])
    fitted = time.process_time()
    answers = classifier.predict(asked)
    answered = time.process_time()
    accuracy = float((answers == test.labels).mean())
    return {
        "method": method,
        "dataset": dataset,
        "num_training": len(images),
        "num_test": len(answers),
        "accuracy": accuracy,
        "interval": evaluation.wilson_interval(accuracy, len(answers)),
        "fit_seconds": round(fitted - started, 3),
        "predict_seconds": round(answered - fitted, 3),
        "seconds": round(time.monotonic() - begun, 2),
    }


def run(
    folder: Path,
    *,
    num_training: int | None = None,
    backend: str | None = None,
    num_jobs: int = 1,
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Baselines:
    """Measure every method on every data set.

    Args:
        folder: Folder of the finished jobs; begun again, the study goes on from there.
        num_training: Images to learn from; None takes the whole training sets.
        backend: Backend of joblib, see jobs.run.
        num_jobs: Number of jobs at once, see jobs.run.
        on_done: Callback that receives how many jobs of how many are done.

    Raises:
        MissingFileError: A data set is not there and cannot be downloaded.
    """
    work = [
        jobs.Job(
            f"{dataset}-{method}",
            measure,
            {"method": method, "dataset": dataset, "num_training": num_training, "seed": SEED},
        )
        for dataset in DATASETS
        for method in METHODS
    ]
    measured = jobs.run(
        work, folder, title=NAME, backend=backend, num_jobs=num_jobs, on_done=on_done
    )
    wall_time = sum(one.pop("seconds") for one in measured)
    rows = tuple(
        msgspec.convert(
            row | {"published": METHODS[row["method"]].published.get(row["dataset"])}, Baseline
        )
        for row in measured
    )
    origin = results.origin(
        NAME,
        seeds=[SEED],
        wall_time_seconds=wall_time,
        dataset_names=DATASETS,
        packages=("scikit-learn", "numpy"),
    )
    return Baselines(origin, rows)


def load() -> Baselines:
    """Return the shipped figures.

    Raises:
        MissingFileError: Their file is absent or damaged.
    """
    return results.load(NAME, Baselines)


def _flat(images: np.ndarray) -> np.ndarray:
    # Where logistic regression stops depends on the order of sums, so on the number of threads: in
    # float32 by three of the test signs, in float64 by one.
    return images.reshape(len(images), -1).astype(np.float64)


def _support_vectors(seed: int) -> Any:
    from sklearn.svm import SVC

    return SVC(kernel="rbf", gamma="scale", random_state=seed)


def _neighbours(seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=3)


def _logistic_regression(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=3_000, random_state=seed)


def _random_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=100, random_state=seed)


METHODS = {
    method.name: method
    for method in (
        Method(
            "svm",
            "Support vector machine",
            "radial basis functions, gamma by the pixels' variance",
            _support_vectors,
            {"sign_digits": 0.7458},
        ),
        Method(
            "k_nearest",
            "k nearest neighbours",
            "three neighbours",
            _neighbours,
            {"sign_digits": 0.6828},
        ),
        Method(
            "logistic_regression",
            "Logistic regression",
            "up to 3,000 steps: the default of 100 does not converge",
            _logistic_regression,
            {"sign_digits": 0.7505},
        ),
        Method(
            "random_forest", "Random forest", "100 trees", _random_forest, {"sign_digits": 0.8063}
        ),
    )
}
