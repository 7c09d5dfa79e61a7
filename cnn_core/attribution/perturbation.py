"""Methods that hide random parts of the image and watch the score; the network is a closed box."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import factorial
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from cnn_core import inference
from cnn_core.attribution.integrated_gradients import BASELINE, baseline_image
from cnn_core.attribution.method import Method
from cnn_core.attribution.score import ClassScore
from cnn_core.attribution.superpixels import superpixels
from cnn_core.datasets import Background
from cnn_core.options import number

if TYPE_CHECKING:
    import keras

GROUP = "Perturbations"
# The width of LIME's kernel, in the distance between all pieces and those that are kept.
_LIME_WIDTH = 0.25


def rise(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    samples: int = 512,
    cells: int = 7,
) -> tuple[np.ndarray, np.ndarray]:
    """How much higher the score is, on average, when random masks show a pixel than hide it.

    Each mask is a coarse grid of cells shown or hidden at random, enlarged smoothly and shifted.
    The paper's map is this one up to a factor and a constant; here 0 means no effect. Above 0:
    the score is higher when this place is seen.

    Reference: Vitali Petsiuk, Abir Das and Kate Saenko, "RISE: Randomized Input Sampling for
    Explanation of Black-box Models", 2018, https://arxiv.org/abs/1806.07421
    """
    shown, hidden = np.zeros(image.shape[:2]), np.zeros(image.shape[:2])
    sum_shown, sum_hidden = np.zeros_like(shown), np.zeros_like(shown)
    logits = inference.logits(model, image)[0]
    middle = float(score(logits))  # keeps the sums small
    for masks in _smooth_masks(image.shape[:2], samples, cells, seed):
        scores = score(inference.logits(model, masks[..., None] * image)) - middle
        sum_shown += np.tensordot(scores, masks, 1)
        sum_hidden += np.tensordot(scores, 1 - masks, 1)
        shown += masks.sum(axis=0)
        hidden += (1 - masks).sum(axis=0)
    heatmap = sum_shown / np.maximum(shown, 1e-9) - sum_hidden / np.maximum(hidden, 1e-9)
    return heatmap, logits


def lime(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    background: Background,
    pieces: int = 12,
    samples: int = 256,
    baseline: str | np.ndarray = "black",
) -> np.ndarray:
    """The linear rule that best tells the score from which pieces of the image are kept.

    A digit is cut into parts of its strokes, a picture into superpixels; random choices of them
    are replaced by the baseline, and choices near the whole image count more in the fit. A
    piece's weight is shared out evenly among its pixels. Above 0: keeping it raises the score.

    Reference: Marco Tulio Ribeiro, Sameer Singh and Carlos Guestrin, "Why Should I Trust You?",
    2016, https://arxiv.org/abs/1602.04938
    """
    labels = superpixels(image, pieces, background)
    count = int(labels.max()) + 1
    if count == 0:
        return np.zeros(image.shape[:2])
    kept = np.random.default_rng(seed).random((samples, count)) < 0.5
    kept[0] = True
    scores = _scores(model, image, score, labels, kept, baseline)
    distances = 1 - np.sqrt(kept.mean(axis=1))
    nearness = np.exp(-((distances / _LIME_WIDTH) ** 2))
    columns = np.column_stack([kept.astype(np.float64), np.ones(samples)])
    return _spread(labels, _fit(columns, scores, nearness)[:count])


def kernel_shap(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    *,
    seed: int,
    background: Background,
    pieces: int = 8,
    samples: int = 256,
    baseline: str | np.ndarray = "black",
) -> np.ndarray:
    """The Shapley value of each piece of the image: its fair share of the score's rise.

    A piece's share is what adding it changes, averaged over all orders in which the pieces can be
    added to the baseline. If the samples suffice for every choice of pieces the values are exact,
    else they are fitted to random choices; always they add up to the rise. A piece's share is
    spread evenly over its pixels. Above 0: it raises the score.

    Reference: Scott M. Lundberg and Su-In Lee, "A Unified Approach to Interpreting Model
    Predictions", 2017, https://arxiv.org/abs/1705.07874
    """
    labels = superpixels(image, pieces, background)
    count = int(labels.max()) + 1
    if count == 0:
        return np.zeros(image.shape[:2])
    if count == 1 or 2**count <= samples:
        kept = (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(bool)
        scores = _scores(model, image, score, labels, kept, baseline)
        return _spread(labels, _shapley(kept, scores))
    kept = _coalitions(count, samples, seed)
    scores = _scores(model, image, score, labels, kept, baseline)
    return _spread(labels, _fitted_shapley(kept, scores))


def all_hidden(_: Any, image: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    """Return the image with all its pieces replaced by the baseline, as a batch of one."""
    hidden = superpixels(image, settings["pieces"], settings["background"]) >= 0
    return np.where(hidden[..., None], baseline_image(image, settings["baseline"]), image)[None]


def _smooth_masks(
    shape: tuple[int, int], samples: int, cells: int, seed: int
) -> Iterator[np.ndarray]:
    """Masks (n, height, width) in [0, 1], a batch at a time."""
    random = np.random.default_rng(seed)
    steps = [-(-side // cells) for side in shape]
    sizes = [(cells + 1) * step for step in steps]
    for start in range(0, samples, inference.BATCH_SIZE):
        masks = np.zeros((min(inference.BATCH_SIZE, samples - start), *shape), np.float32)
        for mask in masks:
            grid = (random.random((cells + 1, cells + 1)) < 0.5).astype(np.float32)
            large = cv2.resize(grid, (sizes[1], sizes[0]), interpolation=cv2.INTER_LINEAR)
            top, left = (int(random.integers(step)) for step in steps)
            mask[:] = large[top : top + shape[0], left : left + shape[1]]
        yield masks


def _scores(
    model: keras.Model,
    image: np.ndarray,
    score: ClassScore,
    labels: np.ndarray,
    kept: np.ndarray,
    baseline: str | np.ndarray,
) -> np.ndarray:
    """Compute the score with each choice (n, pieces) of the pieces kept and the others hidden."""
    empty = baseline_image(image, baseline)
    found = []
    for start in range(0, len(kept), inference.BATCH_SIZE):
        rows = kept[start : start + inference.BATCH_SIZE]
        ground = np.ones((len(rows), 1), bool)  # label -1, what is no piece, always stays
        seen = np.hstack([rows, ground])[:, labels, None]
        found.append(score(inference.logits(model, np.where(seen, image, empty))))
    return np.concatenate(found).astype(np.float64)


def _fit(columns: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least squares; the smallest solution where there are several."""
    root = np.sqrt(weights)
    solution: np.ndarray = np.linalg.lstsq(columns * root[:, None], values * root, rcond=None)[0]
    return solution


def _shapley(kept: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Compute the exact Shapley values from the scores of all choices."""
    count = kept.shape[1]
    sizes = kept.sum(axis=1)
    shares = np.array(
        [factorial(k) * factorial(count - k - 1) / factorial(count) for k in range(count)]
    )
    # Each choice counts for a piece that it holds, and against one that it lacks.
    gains = np.where(sizes > 0, shares[np.maximum(sizes - 1, 0)], 0) * scores
    losses = np.where(sizes < count, shares[np.minimum(sizes, count - 1)], 0) * scores
    return gains @ kept - losses @ ~kept


def _coalitions(count: int, samples: int, seed: int) -> np.ndarray:
    """Random choices of pieces with their complements, sizes drawn by the Shapley kernel.

    None and all come first; sizes of which every choice fits are not favoured, for simplicity.
    """
    random = np.random.default_rng(seed)
    sizes = np.arange(1, count)
    chances = 1 / (sizes * (count - sizes))
    drawn = random.choice(sizes, size=max(samples // 2 - 1, 1), p=chances / chances.sum())
    ranks = random.random((len(drawn), count)).argsort(axis=1).argsort(axis=1)
    chosen = ranks < drawn[:, None]
    ends = np.repeat([[False], [True]], count, axis=1)
    return np.concatenate([ends, chosen, ~chosen])


def _fitted_shapley(kept: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Least squares on choices drawn by the Shapley kernel, the sum held at the whole rise."""
    rise = scores[1] - scores[0]
    inner = kept[2:].astype(np.float64)
    columns = inner[:, :-1] - inner[:, -1:]
    values = scores[2:] - scores[0] - inner[:, -1] * rise
    found = _fit(columns, values, np.ones(len(values)))
    return np.append(found, rise - found.sum())


def _spread(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share each piece's value out evenly among its pixels; 0 where there is no piece."""
    counts = np.bincount(labels[labels >= 0], minlength=len(values))
    shares = np.append(values / np.maximum(counts, 1), 0)
    spread: np.ndarray = shares[labels]
    return spread


_MASKS = number("samples", "Samples", "Random masks tried.", 512, (16, 4096, 16))
_CELLS = number("cells", "Cells", "Cells of the grid along each side.", 7, (2, 14, 1))
_PIECES_12 = number("pieces", "Pieces", "Parts the image is cut into.", 12, (2, 40, 1))
_PIECES_8 = number("pieces", "Pieces", "Parts the image is cut into.", 8, (2, 40, 1))
_CHOICES = number("samples", "Samples", "Choices of pieces tried.", 256, (16, 4096, 16))

ROWS = (
    Method(
        "rise",
        "RISE",
        GROUP,
        rise,
        unit="logits",
        is_signed=True,
        paper="https://arxiv.org/abs/1806.07421",
        weakness="It is blurred over the masks' cells, so empty ground beside a stroke seems to "
        "matter too, and with few masks it is noisy.",
        cost="one pass a sample",
        options=(_MASKS, _CELLS),
        random_part="the masks",
    ),
    Method(
        "lime",
        "LIME",
        GROUP,
        lime,
        unit="logits a pixel",
        is_signed=True,
        paper="https://arxiv.org/abs/1602.04938",
        weakness="A linear rule cannot say that two pieces matter only together, and another cut "
        "into pieces gives another map.",
        cost="one pass a sample",
        options=(_PIECES_12, _CHOICES, BASELINE),
        random_part="the choices of pieces",
    ),
    Method(
        "kernel_shap",
        "KernelSHAP",
        GROUP,
        kernel_shap,
        unit="logits a pixel",
        is_signed=True,
        paper="https://arxiv.org/abs/1705.07874",
        weakness="It averages over images with most pieces missing, which the network never saw "
        "in training, and all pixels of a piece get the same.",
        cost="one pass a sample",
        options=(_PIECES_8, _CHOICES, BASELINE),
        random_part="the choices of pieces, and nothing where the samples suffice for all of them",
        baselines=all_hidden,
    ),
)
