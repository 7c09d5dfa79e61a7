"""Which answers are wanted, and how far a network is from giving one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnn_core import inference
from cnn_core.counterfactual.canvas import as_pixels

if TYPE_CHECKING:
    import keras

CLEAR = 0.01  # logits by which a goal has to be passed: no rounding takes them away


@dataclass(frozen=True)
class Goal:
    """One wanted class, or any but one.

    Attributes:
        wanted: The class that is to be the answer, or None.
        unwanted: The class that is to be the answer no more, where wanted is None.
    """

    wanted: int | None
    unwanted: int | None = None

    def margins(self, logits: np.ndarray) -> np.ndarray:
        """Compute the largest target logit minus the largest other, (n,), of (n, classes)."""
        classes = np.arange(logits.shape[1])
        is_wanted = classes != self.unwanted if self.wanted is None else classes == self.wanted
        margins: np.ndarray = logits[:, is_wanted].max(axis=1) - logits[:, ~is_wanted].max(axis=1)
        return margins

    def margins_of(self, model: keras.Model, levels: np.ndarray) -> np.ndarray:
        """Compute the margins of pictures (n, height, width, channels) of levels from 0 to 255."""
        return self.margins(inference.logits(model, as_pixels(levels)))
