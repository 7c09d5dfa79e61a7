"""Keys by weights: a network that is trained anew or replaced never shows its old results."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from cnn_core import models
from cnn_core.errors import MissingFileError

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


def weights_hash(model_name: str) -> str:
    """Return the SHA-256 of the shipped weights, from the network's card as it is on the disk now.

    Raises:
        MissingFileError: The card is absent or damaged.
    """
    path = models.PRETRAINED / f"{models.get(model_name).name}.json"
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _weights_hash(model_name, path, changed)


def all_weights() -> tuple[str | None, ...]:
    """Return weights_hash() of every network; None where the card is absent or damaged."""
    return tuple(_hash_or_none(name) for name in models.MODELS)


def _hash_or_none(model_name: str) -> str | None:
    try:
        return weights_hash(model_name)
    except MissingFileError:
        return None


@lru_cache(maxsize=64)
def _weights_hash(model_name: str, path: Path, changed: int) -> str:
    return models.weights_sha256(model_name)


def keyed_by_weights(
    store: Any, *, max_entries: int
) -> Callable[[Callable[Arguments, Value]], Callable[Arguments, Value]]:
    """Keep the results of a function of a network's name in one of Streamlit's caches.

    They are told apart by the network's weights as well as by the function's arguments, of which
    the name is the first.

    Args:
        store: st.cache_data or st.cache_resource.
        max_entries: Max entries of all networks together; the oldest goes first.
    """

    def decorate(compute: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
        @store(max_entries=max_entries, show_spinner=False)
        @wraps(compute)  # Streamlit names the cache after it
        def kept(*args: Any, weights: str, **kwargs: Any) -> Value:
            return compute(*args, **kwargs)

        @wraps(compute)
        def asked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
            found: Value = kept(*args, weights=weights_hash(str(args[0])), **kwargs)
            return found

        return asked

    return decorate
