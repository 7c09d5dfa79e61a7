"""What the benchmarks share: the machine they ran on, and fair medians of rival ways."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf


def machine() -> str:
    """The facts without which a figure means nothing: processor, cores, load, versions."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, load {load}; Python {platform.python_version()}, "
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, NumPy {np.__version__}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown")


def seconds(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, np.ndarray]:
    """Time rival ways in turns, so that whatever else the machine does falls on all of them.

    Each runs twice and the second run counts: before the first, the processor's caches hold what
    another way left there.

    Returns:
        For each way (rounds,) seconds; the same row of all ways was measured at the same time.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            run()
            started = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - started)
    return {name: np.array(values) for name, values in taken.items()}


def table(taken: dict[str, np.ndarray], reference: str) -> Iterable[str]:
    """Lines of median, 95th percentile, and the median ratio to the reference of each round."""
    width = max(map(len, taken))
    yield f"{'':<{width}}{'median':>12}{'95%':>12}   times the first"
    for name, values in taken.items():
        ratio = np.median(values / taken[reference])
        middle, high = 1000 * np.quantile(values, (0.5, 0.95))
        yield f"{name:<{width}}{middle:>9.2f} ms{high:>9.2f} ms{ratio:>10.2f}"
