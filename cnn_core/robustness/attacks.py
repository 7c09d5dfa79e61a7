"""Changes made to mislead one network: small steps along the gradient of its loss.

The loss is the cross-entropy of a class. An attack raises that of the class it drives the network
away from, or lowers that of the class it drives the network to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.attribution.gradient import gradients

if TYPE_CHECKING:
    import keras

# Of the way from one end of the ball to the other, what all steps together could go (Madry).
_REACH = 2.5


@dataclass(frozen=True)
class Goal:
    """Classes that an attack aims at or away from, for n images.

    Attributes:
        classes: (n,) whose cross-entropy counts.
        is_towards: The network is to answer these classes, not to leave them.
    """

    classes: np.ndarray
    is_towards: bool

    def gains(self, logits: np.ndarray) -> np.ndarray:
        """Compute the gain of an attack, (n,) float64: the cross-entropy, or towards minus it."""
        values = logits.astype(np.float64)
        values -= values.max(axis=1, keepdims=True)
        picked = np.take_along_axis(values, self.classes[:, None], axis=1)[:, 0]
        losses = np.log(np.exp(values).sum(axis=1)) - picked
        return -losses if self.is_towards else losses

    def weights(self, logits: np.ndarray) -> np.ndarray:
        """Compute the gradient of the gain over the logits, (n, classes), up to a positive factor.

        That of the cross-entropy is softmax - one-hot. For a sure network it underflows to 0;
        divided by the probability of all other classes it does not, and attacks ask for signs only.
        """
        others = logits.copy()
        np.put_along_axis(others, self.classes[:, None], -np.inf, axis=1)
        weights = inference.softmax(others)
        np.put_along_axis(weights, self.classes[:, None], -1, axis=1)
        return -weights if self.is_towards else weights


def fgsm(model: keras.Model, images: np.ndarray, strengths: np.ndarray, goal: Goal) -> np.ndarray:
    """Run the fast gradient sign method: one step that raises the loss as fast as possible.

    Every pixel becomes brighter or darker by the strength, 1 being the way from black to white,
    whichever raises the cross-entropy of the answer; or, with a class to make of the picture,
    whichever lowers that of this class. It takes the way for a straight line, so a larger step may
    mislead less than a smaller one.

    Reference: Ian J. Goodfellow, Jonathon Shlens and Christian Szegedy, "Explaining and Harnessing
    Adversarial Examples", 2015, https://arxiv.org/abs/1412.6572
    """
    logits = inference.logits(model, images)
    return _stepped(model, images, _along(strengths), goal.weights(logits))


def pgd(
    model: keras.Model,
    images: np.ndarray,
    strengths: np.ndarray,
    goal: Goal,
    *,
    seeds: np.ndarray,
    steps: int = 10,
) -> np.ndarray:
    """Projected gradient descent: many small steps that mislead this network.

    It begins at a random place at most the strength away in every pixel, 1 being the way from
    black to white, and after each step comes back to within it. Of all places on the way, and
    that of the fast gradient sign method, the most misleading is kept.

    Reference: Aleksander Madry and others, "Towards Deep Learning Models Resistant to Adversarial
    Attacks", 2018, https://arxiv.org/abs/1706.06083
    """
    reach = _along(strengths)
    low, high = np.clip(images - reach, 0, 1), np.clip(images + reach, 0, 1)
    best = fgsm(model, images, strengths, goal)
    gains = goal.gains(inference.logits(model, best))
    starts = [
        np.random.default_rng(seed).uniform(-1, 1, images.shape[1:]).astype(np.float32)
        for seed in seeds
    ]
    now = np.clip(images + reach * np.stack(starts), low, high)
    logits = inference.logits(model, now)
    for _ in range(steps):
        now = _stepped(model, now, _REACH * reach / steps, goal.weights(logits))
        now = np.clip(now, low, high)
        logits = inference.logits(model, now)
        found = goal.gains(logits)
        is_better = found > gains
        best[is_better], gains[is_better] = now[is_better], found[is_better]
    return best


def _stepped(
    model: keras.Model, images: np.ndarray, size: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    signs = np.sign(gradients(model, images, weights))
    return np.asarray(np.clip(images + size * signs, 0, 1))


def _along(strengths: np.ndarray) -> np.ndarray:
    return strengths.astype(np.float32)[:, None, None, None]
