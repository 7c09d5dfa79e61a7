"""A slider whose value follows the hand: Streamlit's own one sends its value when it is let go.

The browser sends a value at once and the next one when Python has answered the first, so that
updates never pile up: `acknowledge`, called last in the fragment, is that answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from dashboard.widgets import component

Number = TypeVar("Number", int, float)

_MOST_UPDATES = 2**53  # JavaScript counts no further without loss

_mount = component.declare(Path(__file__).parent)
_acknowledge = component.declare_acknowledgement(Path(__file__).parent)


@dataclass(frozen=True)
class SliderState(Generic[Number]):
    """State of a slider.

    Attributes:
        value: Within its range, a whole number of steps from its end.
        sequence: Number of the update that brought the value; 0 if the browser sent none yet.
        key: Key of the slider.
    """

    value: Number
    sequence: int
    key: str


def live_slider(
    label: str,
    *,
    minimum: Number,
    maximum: Number,
    value: Number,
    step: Number,
    key: str,
    help: str,
    is_slow: bool = False,
) -> SliderState[Number]:
    """Show a slider and return where it stands.

    Args:
        label: Label above the slider.
        minimum: Its least value.
        maximum: Its greatest value.
        value: Where it stands until the browser sends another value.
        step: From one value to the next.
        key: The widget's name, unique in the app.
        help: Meaning of the value.
        is_slow: True if what follows takes so long that the value is sent when the slider is let
            go.
    """
    held = SliderState(value, 0, key)
    data = {
        "slider": key,
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "value": value,
        "step": step,
        "isSlow": is_slow,
    }
    result = _mount(key=key, data=data, default={"slid": None}, on_slid_change=lambda: None)
    return read_update(result.get("slid"), held, minimum=minimum, maximum=maximum, step=step)


def acknowledge(sliders: Sequence[SliderState[int]] | Sequence[SliderState[float]]) -> None:
    """Tell sliders that all that follows from their values is on screen; call it last."""
    data = {slid.key: slid.sequence for slid in sliders}
    _acknowledge(key="live_slider_acknowledgement", data=data)


def read_update(
    update: object, held: SliderState[Number], *, minimum: Number, maximum: Number, step: Number
) -> SliderState[Number]:
    """Give the value that an update from the browser carries; anybody may have written it.

    Args:
        update: A dict with value and sequence, if all is well.
        held: State that Python has; returned for an update that is malformed or out of range.
        minimum: The least value.
        maximum: The greatest value.
        step: From one value to the next.
    """
    match update:
        case {"value": int() | float() as value, "sequence": int(sequence)}:
            is_number = bool not in (type(value), type(sequence))
            if is_number and minimum <= value <= maximum and 0 < sequence < _MOST_UPDATES:
                steps = round((value - minimum) / step)
                exact = round(minimum + steps * step, 9)  # without the last digits of 3 * 0.1
                if abs(value - exact) < 1e-6:
                    return SliderState(exact, sequence, held.key)
    return held
