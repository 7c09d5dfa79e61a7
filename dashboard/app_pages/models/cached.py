"""Layer tables and measured speeds."""

from __future__ import annotations

import statistics
import threading
import time

import streamlit as st

from cnn_core import architecture, models
from cnn_core.architecture import Table
from dashboard import tensorflow_loader

SPEED_CALLS = 31
_speed_lock = threading.Lock()
_speeds: dict[str, float] = {}  # one number for each network at most


@st.cache_resource(max_entries=32, show_spinner=False)
def layer_table(model_name: str) -> Table:
    """Return every layer of a network, trained or not; TensorFlow is not needed."""
    return architecture.load(model_name)


def speeds() -> dict[str, float]:
    """Milliseconds an image of the networks that were measured on this machine, by name."""
    return dict(_speeds)


def measure_speed(model_name: str) -> None:
    """Measure how long a network takes for one image: the median of many calls.

    The weights are new ones, since the time does not depend on them.
    """
    tensorflow_loader.wait()
    from cnn_core import inference

    network = models.build(model_name)
    image = models.golden_images(models.architecture(model_name).input_shape)[0]
    with _speed_lock:  # two at once would measure each other
        inference.logits(network, image)  # compiles
        times = []
        for _ in range(SPEED_CALLS):
            started = time.perf_counter()
            inference.logits(network, image)
            times.append(time.perf_counter() - started)
    _speeds[model_name] = 1000 * statistics.median(times)
