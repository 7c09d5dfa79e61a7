"""Gradients gathered on the way from a baseline to the image: shares that add up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cnn_core.attribution.gradient import GROUP, gradients
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.options import Option, number

if TYPE_CHECKING:
    import keras

# Training pictures that expected gradients compare with.
NUM_REFERENCES = 100
BASELINES = ("black", "blurred")


def integrated_gradients(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    steps: int = 64,
    baseline: str | np.ndarray = "black",
) -> np.ndarray:
    """Share out the score's rise from a baseline image to this one among the pixels.

    The gradient is averaged along the straight way from the baseline to the image (midpoints of
    equal steps) and multiplied by the pixel's change; the values add up to score(image) -
    score(baseline). Above 0: the change of this pixel raises the score.

    Reference: Mukund Sundararajan, Ankur Taly and Qiqi Yan, "Axiomatic Attribution for Deep
    Networks", 2017, https://arxiv.org/abs/1703.01365
    """
    start = baseline_image(image, baseline)
    ways = (np.arange(steps, dtype=np.float32) + 0.5) / steps
    between = start + ways[:, None, None, None] * (image - start)
    slopes = gradients(model, between, score.weights(model.output_shape[-1])).mean(axis=0)
    return (slopes * (image - start)).sum(axis=-1)


def expected_gradients(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    references: np.ndarray,
    seed: int,
    samples: int = 100,
) -> np.ndarray:
    """Integrated gradients averaged over many baselines: digits of the training set.

    Each sample takes one reference and one place on the straight way from it to the image. The
    values add up, in the mean, to the score's rise over the references' mean score; an empty
    pixel that is ink in many references can speak too. Above 0: it raises the score.

    Reference: Gabriel Erion, Joseph D. Janizek, Pascal Sturmfels, Scott M. Lundberg and Su-In Lee,
    "Improving performance of deep learning models with axiomatic attribution priors and expected
    gradients", 2021, https://arxiv.org/abs/1906.10670
    """
    starts = _drawn(references, samples, seed)
    # Evenly spread places, dealt out at random: less chance in the mean than free draws.
    order = np.random.default_rng([seed, 1]).permutation(samples)
    ways = ((order + 0.5) / samples).astype(np.float32)[:, None, None, None]
    changes = image - starts
    slopes = gradients(model, starts + ways * changes, score.weights(model.output_shape[-1]))
    return (slopes * changes).mean(axis=0).sum(axis=-1)


def baseline_image(image: np.ndarray, baseline: str | np.ndarray) -> np.ndarray:
    """Return the image to start from.

    Args:
        image: (height, width, channels) in [0, 1].
        baseline: "black", "blurred" (the image, blurred by an eighth of its shorter side), or an
            image like it.

    Returns:
        (height, width, channels) float32.
    """
    if not isinstance(baseline, str):
        return baseline
    if baseline == "black":
        return np.zeros_like(image)
    spread = min(image.shape[:2]) / 8
    return cv2.GaussianBlur(image, (0, 0), spread).reshape(image.shape)


def one_baseline(_: Any, image: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Return the baseline that the settings name, as a batch of one."""
    return baseline_image(image, settings["baseline"])[None]


def _drawn(references: np.ndarray, samples: int, seed: int) -> np.ndarray:
    """So many references, each as often as any other, give or take one."""
    order = np.random.default_rng([seed, 0]).permutation(len(references))
    return references[np.resize(order, samples)]


def _references(_: Any, __: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    return _drawn(settings["references"], settings["samples"], settings["seed"])


BASELINE = Option(
    "baseline",
    "Baseline",
    "The image that the evidence is counted from.",
    "black",
    choices=BASELINES,
    takes_image=True,
)
_STEPS = number("steps", "Steps", "Images on the way from the baseline.", 64, (1, 512, 1))
_DRAWS = number("samples", "Samples", "Training images started from.", 100, (1, 512, 1))

ROWS = (
    Method(
        "integrated_gradients",
        "Integrated gradients",
        GROUP,
        integrated_gradients,
        unit="logits",
        is_signed=True,
        paper="https://arxiv.org/abs/1703.01365",
        weakness="A pixel that equals the baseline always gets 0: from black, missing strokes "
        "cannot speak, and another baseline gives another map.",
        cost="one gradient a step",
        options=(_STEPS, BASELINE),
        baselines=one_baseline,
    ),
    Method(
        "expected_gradients",
        "Expected gradients",
        GROUP,
        expected_gradients,
        unit="logits",
        is_signed=True,
        paper="https://arxiv.org/abs/1906.10670",
        weakness="Halfway between two digits lies a mixture that the network never saw, and the "
        "sum is right only in the mean of many samples.",
        cost="one gradient a sample",
        options=(_DRAWS,),
        random_part="the training images started from, and how far from each the gradient is taken",
        baselines=_references,
    ),
)
