"""Each request computed once: whoever asks the same waits for it, all others go their own way."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """The newest results of a computation, by what was asked, for all visitors.

    What is given out is shared: it must not be written to.
    """

    def __init__(self, max_entries: int) -> None:
        """Keep at most `max_entries` results; the one longest unused goes first."""
        self._max_entries = max_entries
        self._lock = threading.Lock()  # held to look something up, never to compute
        self._results: OrderedDict[Hashable, Future[Value]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._results)

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """Return the result of a key, computed here unless somebody else has or is about to.

        An error goes to all who wait for the result, and the next one to ask tries again.
        """
        while True:
            result, is_mine = self._claim(key)
            if is_mine:
                return self._computed(key, result, compute)
            try:
                return result.result()
            except CancelledError:
                continue  # whoever computed it was stopped, by a newer click for example

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._results.clear()

    def _claim(self, key: Hashable) -> tuple[Future[Value], bool]:
        with self._lock:
            if key in self._results:
                self._results.move_to_end(key)
                return self._results[key], False
            result: Future[Value] = Future()
            self._results[key] = result
            while len(self._results) > self._max_entries:
                self._results.popitem(last=False)
            return result, True

    def _computed(
        self, key: Hashable, result: Future[Value], compute: Callable[[], Value]
    ) -> Value:
        try:
            value = compute()
        except BaseException as error:
            with self._lock:
                if self._results.get(key) is result:
                    del self._results[key]
            if isinstance(error, Exception):
                result.set_exception(error)
            else:
                result.cancel()
            raise
        result.set_result(value)
        return value
