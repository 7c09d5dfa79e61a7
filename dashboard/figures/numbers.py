"""Numbers as text, the same on every page and in every widget."""

from __future__ import annotations

import math

NO_NUMBER = "\N{EN DASH}"  # instead of NaN


def percent(share: float, digits: int = 1) -> str:
    """Format a share in [0, 1]; a share that is not quite 0 or 1 never reads so."""
    if not math.isfinite(share):
        return NO_NUMBER
    text, step = f"{share:.{digits}%}", 10.0**-digits
    if share < 1 and text == f"{1:.{digits}%}":
        return f">{100 - step:.{digits}f}%"
    if share > 0 and text == f"{0:.{digits}%}":
        return f"<{step:.{digits}f}%"
    return text


def probability(value: float, digits: int = 1) -> str:
    """Format a network's probability: never quite 0 or 1, though float32 may round it to that.

    The function formatProbability of linked_map.js writes the same.
    """
    return percent(min(max(value, 1e-12), 1 - 1e-12), digits)


def points(change: float) -> str:
    """Format a change of a share, in percentage points, with its sign; empty below 0.05 points."""
    value = 100 * change
    return f"{signed(value, 1)} pts" if abs(value) >= 0.05 else ""


def signed(value: float, digits: int = 2) -> str:
    """Format a number with its sign, the minus as a minus."""
    if not math.isfinite(value):
        return NO_NUMBER
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        return f"{0:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")
