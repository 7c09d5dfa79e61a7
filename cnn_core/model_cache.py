"""What is made of a network and kept with it: both are freed together."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from cnn_core.compatibility import attach

Kept = TypeVar("Kept")
Owner = TypeVar("Owner")
Others = ParamSpec("Others")
_ATTRIBUTE = "_cnn_lens_kept"


class _Results:
    """A function's results for one object, by function; Keras saves what it knows, not this."""

    def __init__(self) -> None:
        self.by_function: dict[Callable[..., Any], Callable[..., Any]] = {}


def cached_per_model(
    *, max_entries: int = 16
) -> Callable[
    [Callable[Concatenate[Owner, Others], Kept]], Callable[Concatenate[Owner, Others], Kept]
]:
    """Keep what a function gives with its first argument, such as a network.

    A cache of its own would hold on to networks that nobody else has any more, and would forget
    those in use when many come by.

    Args:
        max_entries: Largest number of results for each object, by the other arguments; the longest
            unused result goes first.
    """

    def decorate(
        compute: Callable[Concatenate[Owner, Others], Kept],
    ) -> Callable[Concatenate[Owner, Others], Kept]:
        @wraps(compute)
        def asked(owner: Owner, *args: Others.args, **kwargs: Others.kwargs) -> Kept:
            kept = attach(owner, _ATTRIBUTE, _Results()).by_function
            if compute not in kept:
                kept.setdefault(compute, lru_cache(max_entries)(partial(compute, owner)))
            result: Kept = kept[compute](*args, **kwargs)
            return result

        return asked

    return decorate
