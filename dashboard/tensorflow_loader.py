"""The only place that imports TensorFlow for the app: in the background, once, and tuned.

Streamlit ends every script run with a full garbage collection and a call of Keras's
clear_session. With TensorFlow's 370,000 objects loaded each of the two holds the interpreter for
200 ms and the second throws away compiled kernels, so a class drawing at once would wait for
seconds. Freezing what the imports made and muting that one call takes both costs away; see
tests/benchmarks/bench_browser.py for the figures.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType

from cnn_core import compatibility
from cnn_core.errors import CnnCoreError

NOT_LOADED = (
    "TensorFlow could not be loaded, so no network can run. Install the project again as the "
    "README says; the server's log has the details."
)

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_ready = threading.Event()
_failure: list[BaseException] = []


def warm_up(then: Callable[[], object] = lambda: None) -> None:
    """Start loading TensorFlow in the background; return at once. Later calls do nothing.

    Args:
        then: Called once TensorFlow is loaded, in the background too; makes what the first visitors
            would otherwise wait for.
    """
    with _lock:
        if _ready.is_set() or any(thread.name == __name__ for thread in threading.enumerate()):
            return
        # Not a daemon: to be cut off inside TensorFlow would crash the process on its way out.
        threading.Thread(target=_load, args=(then,), name=__name__, daemon=False).start()


def is_ready() -> bool:
    """Return True if wait() returns, or raises, without delay."""
    return _ready.is_set()


def wait() -> None:
    """Return when TensorFlow is loaded.

    Raises:
        CnnCoreError: TensorFlow cannot be loaded on this machine.
    """
    warm_up()
    _ready.wait()
    if _failure:
        raise CnnCoreError(NOT_LOADED)


def _load(then: Callable[[], object]) -> None:
    gc.disable()  # collecting in vain takes a third of the time that the imports take
    try:
        _import_all()
    except Exception as error:  # reported by wait(), whatever went wrong on this machine
        _log.exception("TensorFlow could not be loaded")
        _failure.append(error)
    finally:
        gc.enable()
        _ready.set()
    if not _failure:
        with suppress(CnnCoreError):  # a file that is missing: the pages say so themselves
            then()


def _import_all() -> None:
    # Fewer of TensorFlow's greetings in the server's log; its warnings still get through.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # Every heavy module that a page imports late belongs here, before the freeze.
    import cv2
    import keras
    import plotly.graph_objects
    import scipy.stats
    import tensorflow

    import cnn_core.attribution
    from cnn_core.studies import one_vs_two

    _tune(tensorflow)
    _log.info(
        "Loaded %s",
        (cv2, keras, plotly.graph_objects, scipy.stats, cnn_core.attribution, one_vs_two),
    )


def _tune(tensorflow: ModuleType) -> None:
    compatibility.mute_clear_session()
    # The first traced function creates what all later ones share; it belongs into the freeze.
    tensorflow.function(lambda x: x + 1)(tensorflow.constant(1.0))
    # One function is traced for each network, layer and setting, which is what it warns of.
    tensorflow.get_logger().addFilter(lambda record: "retracing" not in record.getMessage())
    # A model that exists now would never be freed, so none is loaded before this line.
    gc.collect()
    gc.freeze()
