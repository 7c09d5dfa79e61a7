"""Settings of methods and corruptions: a number in a range, or one of a few choices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Option:
    """A setting of a method: a number in a range, or one of a few choices.

    Attributes:
        takes_image: Besides the choices, an image like the one that is explained.
        units: Units of the map's values, one for each choice; empty if the choice does not matter.
    """

    name: str
    title: str
    help: str
    default: Any
    minimum: float = 0
    maximum: float = 0
    step: float = 1
    choices: tuple[str, ...] = ()
    takes_image: bool = False
    units: tuple[str, ...] = ()

    def check(self, value: Any) -> None:
        """Raise ValueError if a value is not one that the option takes."""
        if self.choices:
            fits = isinstance(value, str) and value in self.choices
            expected = f"one of {', '.join(self.choices)}"
            expected += " or an image" if self.takes_image else ""
        else:
            kind: Any = Integral if isinstance(self.default, int) else Real
            fits = isinstance(value, kind) and self.minimum <= value <= self.maximum
            called = "a whole number" if kind is Integral else "a number"
            expected = f"{called} from {self.minimum:g} to {self.maximum:g}"
        if not fits and not (self.takes_image and isinstance(value, np.ndarray)):
            raise ValueError(
                f"Expected {self.name} to be {expected}. Received: {self.name}={value!r}"
            )


def check_options(title: str, known: Sequence[Option], given: Mapping[str, Any]) -> None:
    """Raise ValueError if what has this title takes no such option, or not this value."""
    by_name = {option.name: option for option in known}
    for name, value in given.items():
        if name not in by_name:
            raise ValueError(
                f"Expected options of {title}: {', '.join(by_name) or 'none'}. "
                f"Received: {name}={value!r}"
            )
        by_name[name].check(value)


def number(
    name: str, title: str, help: str, default: float, bounds: tuple[float, float, float]
) -> Option:
    """Make an Option that takes a number; bounds are its minimum, maximum and step."""
    minimum, maximum, step = bounds
    return Option(name, title, help, default, minimum, maximum, step)
