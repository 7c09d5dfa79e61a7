"""What the slider's Python side takes from a browser, which anybody may have written."""

from __future__ import annotations

import pytest

from dashboard.live_slider import Slid, read_update

HELD = Slid(4, 0, "patch")


def test_an_update_within_range_is_taken() -> None:
    update = {"value": 14, "sequence": 3}
    assert read_update(update, HELD, minimum=1, maximum=14) == Slid(14, 3, "patch")


@pytest.mark.parametrize(
    "update",
    [
        None,
        7,
        "7",
        {},
        {"value": 7},
        {"value": 15, "sequence": 1},
        {"value": 0, "sequence": 1},
        {"value": 7.5, "sequence": 1},
        {"value": True, "sequence": 1},
        {"value": 7, "sequence": True},
        {"value": 7, "sequence": 0},
        {"value": 7, "sequence": 2**60},
        {"value": float("nan"), "sequence": 1},
    ],
)
def test_anything_else_leaves_it_where_it_is(update: object) -> None:
    assert read_update(update, HELD, minimum=1, maximum=14) is HELD
