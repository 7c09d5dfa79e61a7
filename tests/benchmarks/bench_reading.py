"""How well pictures are read: `python tests/benchmarks/bench_reading.py [--count 500]`.

Prints, for each kind of photograph, the accuracy of the careful reader and of the naive way, which
resizes the whole picture to 28 x 28 and inverts it. The network is the same for both.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from cnn_core import images, inference, models
from cnn_core.errors import PictureError
from cnn_core.evaluation import wilson_interval
from cnn_core.images.decoding import decode

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.photographs import CONDITIONS, Photograph, photographs


def careful(data: bytes) -> np.ndarray:
    """Read with the library; a picture that is refused is left blank and counts as wrong."""
    try:
        return images.read_digit(data).pixels
    except PictureError:
        return np.full((28, 28, 1), np.nan, np.float32)


def naive(data: bytes) -> np.ndarray:
    """Resize the whole picture and invert it."""
    whole = cv2.resize(decode(data).grey, (28, 28), interpolation=cv2.INTER_AREA)
    return 1 - whole[..., None]


def right(model: object, photos: list[Photograph], pixels: np.ndarray) -> np.ndarray:
    """Tell for each photograph whether the network gives its digit."""
    refused = np.isnan(pixels).any(axis=(1, 2, 3))
    answers = inference.predict(model, np.nan_to_num(pixels)).classes
    return (answers == [photo.label for photo in photos]) & ~refused


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="How well pictures are read.")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="study", help=f"one of: {', '.join(models.MODELS)}")
    arguments = parser.parse_args()
    photos = list(photographs(arguments.count, arguments.seed))
    model = models.load_pretrained(arguments.model)
    started = time.perf_counter()
    read = np.stack([careful(photo.data) for photo in photos])
    seconds = (time.perf_counter() - started) / len(photos)
    by_care = right(model, photos, read)
    by_resizing = right(model, photos, np.stack([naive(photo.data) for photo in photos]))
    print(f"{'condition':<14}{'photos':>7}{'careful':>9}{'naive':>7}")
    for condition in CONDITIONS:
        here = np.array([photo.condition == condition for photo in photos])
        if here.any():
            print(
                f"{condition:<14}{here.sum():>7}{by_care[here].mean():>9.1%}"
                f"{by_resizing[here].mean():>7.1%}"
            )
    low, high = wilson_interval(float(by_care.mean()), len(photos))
    print(f"{'all':<14}{len(photos):>7}{by_care.mean():>9.1%}{by_resizing.mean():>7.1%}")
    print(f"95% interval of the careful reader: {low:.1%} to {high:.1%}")
    print(f"Refused: {np.isnan(read).any(axis=(1, 2, 3)).sum()}; {1000 * seconds:.0f} ms a photo")


if __name__ == "__main__":
    main()
