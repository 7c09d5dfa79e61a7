"""The sanity check: does a map change when what the network learnt is taken away?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnn_core.faithfulness.stability import MapMaker, rank_correlation

if TYPE_CHECKING:
    import keras

Verdict = Literal["passes", "doubtful", "fails", "nothing to compare"]
PASSES_BELOW, FAILS_FROM = 0.5, 0.8
# Networks with fresh weights; one alone may by chance look at the same places.
NUM_FRESH = 3
# Pictures of a ranking on which the checks that need more maps are measured.
NUM_CHECKED = 8
MAX_STAGES = 8


def randomised(model: keras.Model, *, seed: int = 0, lowest: str | None = None) -> keras.Model:
    """Copy a network whose upper layers get fresh weights, as before any training.

    The network itself is left alone. Fresh weights come from each layer's own initializer.

    Args:
        model: A Functional network.
        seed: Seed of the weights; the same seed gives the same network.
        lowest: The first layer with fresh weights, one of stages(); None takes all layers.

    Raises:
        ValueError: The network has no such layer, or no layer with a kernel.
    """
    import keras

    found = _layers_with_kernels(model)
    lowest = found[0] if lowest is None and found else lowest
    if lowest not in found:
        raise ValueError(f"Expected lowest to be one of {found}. Received: lowest={lowest!r}")
    seeds = iter(range(seed * 10_000, (seed + 1) * 10_000))

    def fresh(layer: Any) -> Any:
        return layer.from_config(_seeded(layer.get_config(), seeds))

    copy = keras.models.clone_model(model, clone_function=fresh)
    for layer in model.layers:
        if layer.name == lowest:
            break
        copy.get_layer(layer.name).set_weights(layer.get_weights())
    return copy


def stages(model: keras.Model) -> tuple[str, ...]:
    """Return the layers at which the cascade stops, the last first, at most MAX_STAGES."""
    found = _layers_with_kernels(model)[::-1]
    chosen = np.unique(np.round(np.linspace(0, len(found) - 1, min(len(found), MAX_STAGES))))
    return tuple(found[int(i)] for i in chosen)


def similarity(first: np.ndarray, second: np.ndarray, where: np.ndarray) -> float | None:
    """Compute how far two maps of one picture look at the same places, whatever their sign.

    The rank correlation of the magnitudes on the pixels that can be deleted: a map that shines
    through the picture's shapes, or only turns its sign, is found out; empty paper, where many
    maps are 0 for any network, does not count.

    Returns:
        A number in [-1, 1], or None if one of the maps is constant.
    """
    return rank_correlation(np.abs(first), np.abs(second), where)


def cascade(
    make_map: MapMaker,
    model: keras.Model,
    image: np.ndarray,
    heatmap: np.ndarray,
    where: np.ndarray,
    *,
    seed: int = 0,
) -> Iterator[tuple[str, float | None]]:
    """Take away what the network learnt from the last layer down, and compare the map each time.

    Reference: Julius Adebayo and others, "Sanity Checks for Saliency Maps", 2018,
    https://arxiv.org/abs/1810.03292

    Args:
        make_map: Makes the map of a network.
        model: The trained network.
        image: (height, width, channels) in [0, 1].
        heatmap: (height, width), the map of the trained network.
        where: (height, width) bool, the pixels that count.
        seed: Seed of the fresh weights.

    Yields:
        The first layer with fresh weights, and the similarity of the map to the trained one's.
    """
    for name in stages(model):
        other = make_map(randomised(model, seed=seed, lowest=name), image)
        yield name, similarity(heatmap, other, where)


def verdict(whole: float | None, last: float | None = None) -> Verdict:
    """Judge a method by the similarities to the maps of networks with fresh weights.

    A method fails that gives nearly the same map without anything learnt, or without the last
    layer alone: the classes are then random ones.

    Args:
        whole: Similarity to a network whose every layer is fresh, or the mean of several.
        last: Similarity to a network whose last layer alone is fresh.
    """
    if whole is None:
        return "nothing to compare"
    if whole >= FAILS_FROM or (last is not None and last >= FAILS_FROM):
        return "fails"
    return "passes" if whole < PASSES_BELOW else "doubtful"


def _layers_with_kernels(model: keras.Model) -> list[str]:
    return [
        layer.name
        for layer in model.layers
        if any(len(weight.shape) >= 2 for weight in layer.weights)
    ]


def _seeded(config: dict[str, Any], seeds: Iterator[int]) -> dict[str, Any]:
    """Return a layer's configuration with a seed in each of its initializers that takes one."""
    return {
        key: {**value, "config": {**value["config"], "seed": next(seeds)}}
        if key.endswith("_initializer") and isinstance(value, dict) and "seed" in value["config"]
        else value
        for key, value in config.items()
    }
