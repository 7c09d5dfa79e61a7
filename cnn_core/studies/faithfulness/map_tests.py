"""One map of one picture, put to every test: the figures that the ranking of methods is made of."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import datasets, faithfulness, models
from cnn_core.attribution import METHODS, ClassScore, Method, explain
from cnn_core.attribution.integrated_gradients import NUM_REFERENCES
from cnn_core.errors import CnnCoreError
from cnn_core.faithfulness.randomisation import NUM_CHECKED, NUM_FRESH
from cnn_core.faithfulness.stability import NUM_COPIES

if TYPE_CHECKING:
    import keras

SEED = 0
# What stands for a method in the job of the random orders.
BASELINE = "random_order"
# All methods see the same pictures, so one whose maps take longer than this each is left out.
MOST_SECONDS = 5.0
TOO_SLOW = "One map takes {seconds:.1f} seconds on this network."
# Of so many first maps the fastest says how long they take: each may have to be compiled.
_NUM_TIMED = 3


@dataclass(frozen=True)
class MapFigures:
    """Figures of the tests of one map.

    Attributes:
        deletion: Area under the deletion curve, in [0, 1]; the smaller the better.
        insertion: Area under the insertion curve, in [0, 1]; the larger the better.
        similarity: To the map of a network that learnt nothing, in [-1, 1]; the smaller the better;
            None if one of the two maps is constant, or if it was not asked for.
        last_similarity: To that of a network whose last layer alone forgot what it learnt.
        stability: Under small noise, in [-1, 1]; the larger the better; None likewise.
        seconds: That the map took.
    """

    deletion: float
    insertion: float
    similarity: float | None
    last_similarity: float | None
    stability: float | None
    seconds: float


@dataclass(frozen=True)
class FreshNetworks:
    """Copies of a network that forgot what it learnt: all of it, or what the last layer did."""

    whole: tuple[keras.Model, ...]
    last: keras.Model


def fresh_networks(model: keras.Model) -> FreshNetworks:
    """Copies of a network with fresh weights; the network itself is left alone."""
    return FreshNetworks(
        tuple(faithfulness.randomised(model, seed=seed) for seed in range(NUM_FRESH)),
        faithfulness.randomised(model, lowest=faithfulness.stages(model)[0]),
    )


def figures_of(
    model: keras.Model,
    fresh: FreshNetworks,
    image: np.ndarray,
    target: int,
    method: str,
    *,
    dataset: str,
    turn: int,
) -> MapFigures:
    """Make a map of a picture and put it to every test.

    Args:
        model: The network explained.
        fresh: Copies of it that forgot.
        image: (height, width, channels) in [0, 1].
        target: The class explained.
        method: A key of METHODS.
        dataset: That the network learnt.
        turn: The number of the picture: they take turns in asking the networks that learnt nothing,
            and only the first NUM_CHECKED are checked for similarity and stability.

    Raises:
        CnnCoreError: The method does not fit the network, or the picture is blank.
    """
    background = datasets.get(dataset).background
    settings = {
        **{
            option.name: option.default
            for option in METHODS[method].options_for(min(image.shape[:2]))
        },
        "background": background,
        "references": references_for(METHODS[method], dataset),
    }

    def make_map(network: keras.Model, picture: np.ndarray) -> np.ndarray:
        return explain(network, picture, target, method=method, **settings).heatmap

    started = time.perf_counter()
    heatmap = make_map(model, image)
    seconds = time.perf_counter() - started
    baseline = faithfulness.baseline_of(image, background=background)
    test = faithfulness.deletion_insertion_test(
        model, image, [heatmap], ClassScore(target), background=background, num_orders=0
    )
    similarity = last_similarity = stability = None
    if turn < NUM_CHECKED:
        similarity, last_similarity = (
            faithfulness.similarity(heatmap, make_map(network, image), baseline.is_deletable)
            for network in (fresh.whole[turn % NUM_FRESH], fresh.last)
        )
        stability = faithfulness.stability(
            make_map, model, image, heatmap, baseline, num_copies=NUM_COPIES
        )
    deletion, insertion = (float(curves.areas[0]) for curves in (test.deletion, test.insertion))
    return MapFigures(deletion, insertion, similarity, last_similarity, stability, seconds)


def figures_of_all(
    ask: Callable[[int], MapFigures], count: int, most_seconds: float
) -> list[MapFigures]:
    """Put the maps that a method makes of some pictures to every test.

    Args:
        ask: Function that returns the figures of the map of one picture, by its number.
        count: Count of the pictures, at least 1.
        most_seconds: That a map may take.

    Raises:
        CnnCoreError: The method does not fit the network, or its maps take too long.
    """
    found = [ask(turn) for turn in range(min(count, _NUM_TIMED))]
    seconds = min(one.seconds for one in found)
    if seconds > most_seconds:
        raise CnnCoreError(TOO_SLOW.format(seconds=seconds))
    return [*found, *(ask(turn) for turn in range(len(found), count))]


def random_area(model: keras.Model, image: np.ndarray, target: int, dataset: str) -> float:
    """Compute the mean area under the curves of random orders, for deletion and insertion alike."""
    test = faithfulness.deletion_insertion_test(
        model, image, [], ClassScore(target), background=datasets.get(dataset).background
    )
    return float(test.random_deletion.areas.mean())


def references_for(method: Method, dataset: str) -> np.ndarray | None:
    """Return the training pictures that a method compares with; None if the method takes none.

    Raises:
        MissingFileError: The data set is not there.
    """
    return _references(dataset) if method.needs_references else None


def choose_images(name: str, count: int, *, seed: int = SEED) -> tuple[int, ...]:
    """Test pictures that a network reads rightly, in a random order.

    Raises:
        MissingFileError: The network is not trained.
    """
    answers = models.load_test_answers(name)
    right = np.flatnonzero(answers.logits.argmax(axis=1) == answers.labels)
    chosen = np.random.default_rng(seed).permutation(right)[:count]
    return tuple(int(index) for index in chosen)


def measure(model: str, method: str, num_images: int, weights_sha256: str) -> dict[str, Any]:
    """Put the maps of one method to every test, picture after picture.

    Args:
        model: A key of models.MODELS.
        method: A key of METHODS, or "random_order".
        num_images: Test pictures.
        weights_sha256: SHA-256 of the network's file; other weights make another job.

    Returns:
        What is in MethodFigures by name, or "left_out", the reason; and "wall_time" in seconds.

    Raises:
        MissingFileError: The network or its data set is not there.
    """
    begun = time.monotonic()
    trained, fresh = _networks(model, weights_sha256)
    pictures = _pictures(model, num_images)
    dataset = models.get(model).dataset
    facts: dict[str, Any]
    if method == BASELINE:
        facts = {"random": [round(random_area(trained, *one, dataset), 5) for one in pictures]}
    else:
        ask = partial(figures_of, trained, fresh, method=method, dataset=dataset)
        try:
            found = figures_of_all(
                lambda turn: ask(*pictures[turn], turn=turn), len(pictures), MOST_SECONDS
            )
        except CnnCoreError as error:
            facts = {"left_out": str(error)}
        else:
            facts = as_columns(found)
    return {**facts, "wall_time": round(time.monotonic() - begun, 2)}


@lru_cache(maxsize=1)  # the jobs of one network follow each other
def _networks(name: str, weights_sha256: str) -> tuple[keras.Model, FreshNetworks]:
    trained = models.load_pretrained(name)
    return trained, fresh_networks(trained)


@lru_cache(maxsize=1)
def _pictures(name: str, count: int) -> list[tuple[np.ndarray, int]]:
    split = datasets.load(models.get(name).dataset, split="test")
    return [(split.images[i], int(split.labels[i])) for i in choose_images(name, count)]


@lru_cache(maxsize=4)
def _references(dataset: str) -> np.ndarray:
    return datasets.sample(dataset, split="train", size=NUM_REFERENCES, seed=SEED).images


def as_columns(found: Sequence[MapFigures]) -> dict[str, list[float | None]]:
    """Put the figures of single pictures together, a list for each figure.

    Similarities and stability are those of the pictures that were checked.
    """
    checked = {"similarity", "last_similarity", "stability"}
    return {
        name: [
            _rounded(getattr(one, name))
            for one in (found[:NUM_CHECKED] if name in checked else found)
        ]
        for name in MapFigures.__dataclass_fields__
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
