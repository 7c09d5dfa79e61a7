"""The colour scales used everywhere.

Both scales are safe for colour blindness: SEQUENTIAL (Magma: black, through violet and orange,
to pale yellow) for values that are never below 0, DIVERGING (blue, white, red) for signed ones,
always symmetric about 0. (Magma begins at #000004, but Streamlit's chart theme takes that very
colour for a place holder of its own.)
"""

from __future__ import annotations

import numpy as np

CLEAR = "rgba(0,0,0,0)"


SEQUENTIAL = (
    "#000000", "#180f3d", "#440f76", "#721f81", "#9e2f7f",
    "#cd4071", "#f1605d", "#fd9668", "#feca8d", "#fcfdbf",
)  # fmt: skip
DIVERGING = (
    "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0",
    "#f7f7f7",
    "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f",
)  # fmt: skip
# Classes side by side, as dots. Ten colours cannot all be told apart without colour vision, so
# whoever uses them names each class in another way as well.
CLASSES = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee",
    "#aa3377", "#8a8f94", "#ee7733", "#009988", "#a0724a",
)  # fmt: skip
BEFORE, AFTER = "#8a97a3", "#e08214"
# How to read DIVERGING in a map of evidence.
RED_AND_BLUE = "Red speaks for {name}, blue against it."


def scale(is_signed: bool) -> tuple[str, ...]:
    """Return the colours for signed or for unsigned values, from low to high."""
    return DIVERGING if is_signed else SEQUENTIAL


def ramp(is_signed: bool, steps: int = 256) -> np.ndarray:
    """Return the scale as (steps, 3) uint8 colours from low to high."""
    stops = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in scale(is_signed)])
    at = np.linspace(0, len(stops) - 1, steps)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8)


def limit_of(values: np.ndarray) -> float:
    """Return the largest magnitude, or 1 if all values are 0: the end of a colour scale."""
    return float(np.abs(values).max(initial=0)) or 1.0


def colourise(values: np.ndarray, *, is_signed: bool, limit: float | None = None) -> np.ndarray:
    """Give each value its colour.

    Args:
        values: Any shape, any range.
        is_signed: Use the diverging scale from -limit to limit; else the sequential from 0.
        limit: The value at the end of the scale; the largest magnitude if None.

    Returns:
        values.shape + (3,) uint8.
    """
    share = values / (limit or limit_of(values))
    if is_signed:
        share = (share + 1) / 2
    return ramp(is_signed)[np.clip(np.round(share * 255), 0, 255).astype(int)]


# Both read on light and on dark, also by the colour-blind: steps of one quantity, and kinds.
STEPS = ("#4f6bd8", "#8a5bc7", "#bb4fa6", "#d9577c", "#dd7350", "#c8912a")
KINDS = ("#0f7fbf", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b59a00")


def palette(count: int, *, is_ordered: bool) -> tuple[str, ...]:
    """As many colours as there are points, up to six.

    Args:
        count: Count of the points.
        is_ordered: True if the points are steps of one quantity.
    """
    if not is_ordered:
        return KINDS[:count]
    return tuple(STEPS[i] for i in np.linspace(0, len(STEPS) - 1, count).round().astype(int))


def colorscale(*, is_signed: bool) -> list[list[float | str]]:
    """Return the scale as Plotly takes it."""
    stops = scale(is_signed)
    return [[i / (len(stops) - 1), colour] for i, colour in enumerate(stops)]
