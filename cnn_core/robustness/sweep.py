"""One image, one kind of change, every strength: how far does the answer hold?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnn_core import inference
from cnn_core.robustness.perturb import perturb

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class StableRange:
    """Strengths in one direction up to which a prediction holds.

    Attributes:
        last: The strength farthest from 0 up to which every answer is that of the unchanged image.
        turn: The next strength, at which the answer is another one; None if it holds to the end.
        answer: The class answered there; None if it holds to the end.
    """

    last: float
    turn: float | None
    answer: int | None


@dataclass(frozen=True)
class Sweep:
    """The answers to one image changed by every strength.

    Attributes:
        strengths: (n,) float64, rising, 0 among them.
        probabilities: (n, classes) float32; each row sums to 1.
    """

    strengths: np.ndarray
    probabilities: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """(n,) the class answered at each strength."""
        return self.probabilities.argmax(axis=1)

    @property
    def answer(self) -> int:
        """The class answered to the unchanged image."""
        return int(self.answers[self._zero])

    def hold(self, sign: int) -> StableRange | None:
        """Return the strengths up to which the prediction holds.

        Args:
            sign: 1 for strengths above 0, -1 for those below.

        Returns:
            A Hold; None if the sweep has no strength in this direction.
        """
        way = range(self._zero + sign, len(self.strengths) if sign > 0 else -1, sign)
        last = 0.0
        for i in way:
            if self.answers[i] != self.answer:
                return StableRange(last, float(self.strengths[i]), int(self.answers[i]))
            last = float(self.strengths[i])
        return StableRange(last, None, None) if len(way) else None

    @property
    def _zero(self) -> int:
        return int(np.flatnonzero(self.strengths == 0)[0])


def sweep(
    model: keras.Model, image: np.ndarray, name: str, strengths: Sequence[float], **settings: Any
) -> Sweep:
    """Ask a network about one image changed by every strength.

    Args:
        model: The network asked, and misled by changes that need one.
        image: (height, width, channels) in [0, 1].
        name: A key of PERTURBATIONS.
        strengths: Rising, 0 among them.
        **settings: Settings of perturb(), the same for every strength.

    Returns:
        A Sweep.

    Raises:
        UnknownNameError: There is no such change.
        ValueError: The strengths do not rise or lack 0, the image does not fit the network, or a
            setting is out of its range.
    """
    values = np.asarray(strengths, np.float64)
    if values.ndim != 1 or 0 not in values or not (np.diff(values) > 0).all():
        raise ValueError(
            f"Expected strengths that rise, 0 among them. Received: strengths={strengths!r}"
        )
    picture = inference.as_image(model, image)
    changed = perturb(
        np.repeat(picture[None], len(values), axis=0), name, values, model=model, **settings
    )
    return Sweep(values, inference.predict(model, changed).probabilities)
