"""What the slider's Python side takes from a browser, which anybody may have written."""

from __future__ import annotations

import pytest

from dashboard.widgets.live_slider import SliderState, read_update

HELD = SliderState(4, 0, "patch")


def test_an_update_within_range_is_taken() -> None:
    update = {"value": 14, "sequence": 3}
    assert read_update(update, HELD, minimum=1, maximum=14, step=1) == SliderState(14, 3, "patch")


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
    assert read_update(update, HELD, minimum=1, maximum=14, step=1) is HELD


@pytest.mark.parametrize(
    ("sent", "value"), [(0.3, 0.3), (0.30000000000000004, 0.3), (-0.5, -0.5), (1, 1.0), (0, 0.0)]
)
def test_a_fraction_is_a_whole_number_of_steps_from_the_end(sent: float, value: float) -> None:
    held, update = SliderState(0.1, 0, "strength"), {"value": sent, "sequence": 1}
    assert read_update(update, held, minimum=-0.5, maximum=1.0, step=0.1).value == value


@pytest.mark.parametrize("sent", [0.35, 0.31, -0.6, 1.1, float("inf"), True])
def test_what_lies_between_two_steps_or_outside_is_not_taken(sent: float) -> None:
    held, update = SliderState(0.1, 0, "strength"), {"value": sent, "sequence": 1}
    assert read_update(update, held, minimum=-0.5, maximum=1.0, step=0.1) is held
