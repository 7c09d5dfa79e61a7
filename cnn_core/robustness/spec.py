"""The record of the registry: what is known of a change and how strong it may be."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from cnn_core.datasets import Dataset
from cnn_core.options import Option

DEGREES, PIXELS, PERCENT, BRIGHTNESS = "degrees", "pixels", "%", "of full brightness"


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """One way to change a picture, more the stronger it is; strength 0 leaves it as it is.

    The figures are for digits of 28x28 pixels; fitted() gives those for another data set.

    Attributes:
        compute: The function; its docstring's first paragraphs are the help text.
        unit: Unit of the strength.
        minimum: The lowest strength worth a look; below 0 where a change has two directions.
        maximum: The highest one.
        default: Strength that a slider begins with.
        step: Between the strengths of a slider.
        measured: The strengths at which the networks' accuracy is measured, 0 among them.
        directions: Words for strengths below and above 0; where an option decides, by its value.
        lowest: Lowest strength; below there is no such change.
        needs_model: True if the change is made to mislead a network, so that a network is needed.
        is_search: True if the change is the worst picture within the strength, so that a larger
            strength misleads wherever a smaller strength does.
        is_for_ink_only: True if the change needs strokes, which photographs lack.
        photograph_share: Factor of the strengths for photographs.
        options: Its settings besides the strength.
        paper: Address of its source; "" for what everybody knows.
    """

    name: str
    title: str
    compute: Callable[..., np.ndarray]
    unit: str
    maximum: float
    default: float
    step: float
    measured: tuple[float, ...]
    minimum: float = 0.0
    directions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lowest: float = 0.0
    needs_model: bool = False
    is_search: bool = False
    is_for_ink_only: bool = False
    photograph_share: float = 1.0
    options: tuple[Option, ...] = ()
    paper: str = ""

    @property
    def help(self) -> str:
        """Help text: what changes, and what the strength means."""
        return inspect.cleandoc(self.compute.__doc__ or "").split("\n\nReference:")[0]

    @property
    def needs_seed(self) -> bool:
        """True if the change draws random numbers."""
        return bool({"seed", "seeds"} & set(inspect.signature(self.compute).parameters))

    def fits(self, dataset: Dataset) -> bool:
        """Return True if the change means anything for the pictures of a data set."""
        return dataset.background == "paper" or not self.is_for_ink_only

    def fitted(self, dataset: Dataset) -> Perturbation:
        """Return the same row with strengths in proportion to the pictures of a data set."""
        factor = 1.0 if dataset.background == "paper" else self.photograph_share
        if self.unit == PIXELS:
            factor *= max(1, min(dataset.image_shape[:2]) // 28)
        return replace(
            self,
            minimum=_rounded(self.minimum * factor),
            maximum=_rounded(self.maximum * factor),
            default=_rounded(self.default * factor),
            step=_rounded(self.step * factor),
            measured=tuple(_rounded(strength * factor) for strength in self.measured),
        )

    def strengths(self, most: int) -> tuple[float, ...]:
        """Evenly spaced strengths over the whole range, 0 among them.

        Args:
            most: About how many there are at most.
        """
        steps = round((self.maximum - self.minimum) / self.step)
        stride = self.step * max(1, math.ceil(steps / max(1, most - 1)))
        first = math.ceil(round(self.minimum / stride, 6))
        last = math.floor(round(self.maximum / stride, 6))
        return tuple(_rounded(i * stride) for i in range(first, last + 1))


def _rounded(value: float) -> float:
    """Without the last digits of a product such as 3 * 0.1."""
    return round(value, 9) + 0.0  # and no minus before a 0
