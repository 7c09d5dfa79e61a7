"""Probabilities and how they are written, by Python and by the browser alike."""

from __future__ import annotations

import math

PROBABILITIES = [
    (0.0, "<0.1%"),
    (-0.0, "<0.1%"),
    (1e-30, "<0.1%"),
    (0.0004, "<0.1%"),
    (0.0005, "0.1%"),
    (0.0625, "6.2%"),  # an exact half goes to the even digit
    (0.1875, "18.8%"),
    (0.9312, "93.1%"),
    (0.9994, "99.9%"),
    (0.9996, ">99.9%"),
    (0.99999994, ">99.9%"),
    (1.0, ">99.9%"),
    (math.nan, "\N{EN DASH}"),
]
