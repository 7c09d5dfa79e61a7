"""The one rule for pixels that come from outside: finite numbers in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np

# A resize overshoots by a few roundings of float32.
_ROUNDING = 1e-5


def checked_pixels(values: Any, name: str = "images") -> np.ndarray:
    """Return pixels as float32 in [0, 1]; an overshoot by rounding is clipped.

    Args:
        values: Pixels of any shape and type of number.
        name: Name of the argument, for the error.

    Raises:
        ValueError: A value is not finite, or lies outside [0, 1].

    Example:
        >>> checked_pixels([0, 1.0000002]).tolist()
        [0.0, 1.0]
    """
    pixels = np.asarray(values, np.float32)
    low, high = (float(pixels.min()), float(pixels.max())) if pixels.size else (0.0, 1.0)
    if low >= 0 and high <= 1:
        return pixels
    if not np.isfinite([low, high]).all():
        raise ValueError(
            f"Expected finite {name} in [0, 1]. Received: {name} with NaN or infinite values"
        )
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        advice = "; undo the standardisation" if low < 0 else "; divide by 255" * (high > 2)
        raise ValueError(
            f"Expected {name} in [0, 1]. "
            f"Received: {name} with values from {low:g} to {high:g}{advice}"
        )
    return np.clip(pixels, 0, 1)
