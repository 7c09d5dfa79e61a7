"""What an explanation explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ClassScore:
    """The quantity that is explained: one logit, or the margin between two.

    Called with logits (n, classes), NumPy or TensorFlow, it gives the score (n,) of each row:
    logit(target), or logit(target) - logit(against) where against is set.

    Attributes:
        target: The class whose evidence is looked for.
        against: The class that it is weighed against, or None.
    """

    target: int
    against: int | None = None

    def __call__(self, logits: Any) -> Any:
        """Give the score of each row of logits."""
        score = logits[..., self.target]
        return score if self.against is None else score - logits[..., self.against]

    def weights(self, num_classes: int) -> np.ndarray:
        """Return the score as a vector (classes,) float32: score = logits @ weights."""
        return self(np.eye(num_classes, dtype=np.float32))
