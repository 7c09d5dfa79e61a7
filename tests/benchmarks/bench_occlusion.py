"""How long an occlusion map takes: `python tests/benchmarks/bench_occlusion.py [--rounds 5]`.

A 4x4 patch moved by 1 over a 28x28 digit makes 625 images. Compares occlusion_sensitivity with
model.predict on all of them (batches of 32, as it comes, and larger) and with the compiled
network on all of them. Every round takes each way once on each digit.
Target: at least twice as fast as model.predict with its best batch size.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from timing import machine, seconds, table

from cnn_core import datasets, inference, models
from cnn_core.attribution.occlusion import occlusion_sensitivity

PATCH_SIZE = 4
BATCH_SIZES = (32, 64, 128, 256, 625)


def every_position(image: np.ndarray) -> np.ndarray:
    """The image with a black patch at each of its positions."""
    height, width = image.shape[:2]
    tops, lefts = np.indices((height - PATCH_SIZE + 1, width - PATCH_SIZE + 1)).reshape(2, -1)
    covered = np.repeat(image[None], len(tops), axis=0)
    for one, top, left in zip(covered, tops, lefts, strict=True):
        one[top : top + PATCH_SIZE, left : left + PATCH_SIZE] = 0
    return covered


def ways_for(model: object, image: np.ndarray) -> dict[str, Callable[[], object]]:
    """The rivals; making the covered images counts, since a map needs them."""

    def predict(batch_size: int) -> Callable[[], object]:
        return lambda: model.predict(every_position(image), batch_size=batch_size, verbose=0)

    return {
        "occlusion_sensitivity": lambda: occlusion_sensitivity(model, image, PATCH_SIZE, 1),
        "compiled, all positions": lambda: inference.logits(model, every_position(image)),
        **{f"model.predict, batches of {size}": predict(size) for size in BATCH_SIZES},
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How long an occlusion map takes.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--digits", type=int, default=8)
    parser.add_argument("--model", default="study", help=f"one of: {', '.join(models.MODELS)}")
    arguments = parser.parse_args()
    model = models.load_pretrained(arguments.model)
    images = datasets.load(models.get(arguments.model).dataset, split="test").images
    seconds(ways_for(model, images[0]), rounds=1)  # compiles
    runs = [
        seconds(ways_for(model, image), arguments.rounds) for image in images[: arguments.digits]
    ]
    taken = {name: np.concatenate([run[name] for run in runs]) for name in runs[0]}
    print(machine())
    print("\n".join(table(taken, "occlusion_sensitivity")))
    ratios = (
        float(np.median(values / taken["occlusion_sensitivity"]))
        for name, values in taken.items()
        if name.startswith("model.predict")
    )
    print(f"Faster than model.predict at its best batch size: {min(ratios):.2f} times")


if __name__ == "__main__":
    main()
