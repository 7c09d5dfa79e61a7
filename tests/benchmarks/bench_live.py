"""How long one edit takes on the server: `python tests/benchmarks/bench_live.py [--edits 60]`.

One edit of a digit asks for the prediction, for the attention map and for the occlusion map, as the
drawing page does; each edit is a new picture, so nothing comes out of a cache.
Target: at most 60 ms together on `study`, the median of many edits, once warm.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from timing import machine

from cnn_core import datasets, models
from dashboard import cache, tensorflow_loader


def edits(digit: np.ndarray, count: int) -> list[np.ndarray]:
    """The digit with one more of its pixels erased or inked each time."""
    random = np.random.default_rng(0)
    edited, all_edits = digit.copy(), []
    for _ in range(count):
        row, column = random.integers(4, 24, 2)
        edited = edited.copy()
        edited[row : row + 2, column : column + 2] = random.choice([0.0, 1.0])
        all_edits.append(edited)
    return all_edits


def one_edit(name: str, digit: np.ndarray, method: str, stride: int) -> tuple[float, ...]:
    """Milliseconds until the prediction, until the attention map and until all three are there."""
    patch, _, fill = cache.live_patch(name)
    started = time.perf_counter()
    answer = int(cache.prediction(name, digit).classes[0])
    predicted = time.perf_counter()
    cache.explanation(name, digit, method, answer)
    explained = time.perf_counter()
    cache.occlusion_map(name, digit, patch, stride, fill)
    return tuple(1000 * (at - started) for at in (predicted, explained, time.perf_counter()))


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(description="How long one edit takes on the server.")
    parser.add_argument("--edits", type=int, default=60)
    parser.add_argument("--model", default="study", help=f"one of: {', '.join(models.MODELS)}")
    parser.add_argument("--method", default="gradient_saliency")
    arguments = parser.parse_args()
    tensorflow_loader.wait()
    started = time.perf_counter()
    cache.wait_until_compiled(arguments.model)
    print(machine())
    print(f"First use, in the background: {time.perf_counter() - started:.1f} s")
    digit = datasets.load(models.get(arguments.model).dataset, split="test").images[1]
    for stride in (2, 1):
        all_edits = edits(digit, arguments.edits + 5)
        if stride == 1:
            all_edits = [1 - edited for edited in all_edits]
        taken = [one_edit(arguments.model, each, arguments.method, stride) for each in all_edits]
        middle, high = np.quantile(np.array(taken[5:]), (0.5, 0.95), axis=0)
        print(
            f"Patch moved by {stride}{' over inverted digits' if stride == 1 else ''}: prediction "
            f"after {middle[0]:.1f} ms, attention after {middle[1]:.1f}, all three after "
            f"{middle[2]:.1f} (95%: {high[2]:.1f})"
        )


if __name__ == "__main__":
    main()
