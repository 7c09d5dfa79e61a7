"""Each request computed once: whoever asks the same waits for it, all others go their own way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import ParamSpec, TypeVar, cast

from cachetools import LRUCache, cached

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")


def shared(
    max_entries: int, key: Callable[Arguments, Hashable]
) -> Callable[[Callable[Arguments, Value]], Callable[Arguments, Value]]:
    """Keep the newest results of a function for all visitors, and compute none of them twice.

    Streamlit's own cache takes 0.2 to 1 ms for a look, as long as a network takes to answer. An
    error is not kept: each visitor who waits tries again, also when a newer click stopped the
    visitor who computed. Results are shared, so nobody may write to them.

    Args:
        max_entries: Largest number of results; the one longest unused goes first.
        key: Function of the same arguments that tells requests apart.
    """
    decorate = cached(LRUCache(max_entries), key=key, condition=threading.Condition())
    return cast(Callable[[Callable[Arguments, Value]], Callable[Arguments, Value]], decorate)
