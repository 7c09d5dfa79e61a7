"""A slider whose value follows the hand: Streamlit's own one sends its value when it is let go.

The browser sends a value at once and the next one when Python has answered the first, so that
updates never pile up: `acknowledge`, called last in the fragment, is that answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_MOST_UPDATES = 2**53  # JavaScript counts no further without loss

_mount = st.components.v2.component(
    "cnn_lens_live_slider",
    html=(_HERE / "live_slider.html").read_text("utf-8"),
    css=(_HERE / "live_slider.css").read_text("utf-8"),
    js=(_HERE / "live_slider.js").read_text("utf-8"),
)

_acknowledge = st.components.v2.component(
    "cnn_lens_live_slider_acknowledgement",
    js="""export default function ({ data }) {
  window.dispatchEvent(new CustomEvent("cnn-lens-live-slider", { detail: data }));
}
""",
)


@dataclass(frozen=True)
class Slid:
    """Where a slider stands.

    Attributes:
        value: a whole number within its range.
        sequence: of the update that brought it; 0 if the browser sent none yet.
        key: of the slider.
    """

    value: int
    sequence: int
    key: str


def live_slider(label: str, *, minimum: int, maximum: int, value: int, key: str, help: str) -> Slid:
    """Show a slider over whole numbers and give where it stands.

    Args:
        label: above it.
        minimum: its least value.
        maximum: its greatest value.
        value: where it begins when it comes onto the page.
        key: the widget's name, unique in the app.
        help: what the value means.
    """
    data = {
        "slider": key,
        "label": label,
        "help": help,
        "minimum": minimum,
        "maximum": maximum,
        "value": value,
    }
    result = _mount(key=key, data=data, default={"slid": None}, on_slid_change=lambda: None)
    held = Slid(value, 0, key)
    return read_update(result.get("slid"), held, minimum=minimum, maximum=maximum)


def acknowledge(sliders: Sequence[Slid]) -> None:
    """Tell sliders that all that follows from their values is on screen; call it last."""
    data = {slid.key: slid.sequence for slid in sliders}
    _acknowledge(key="live_slider_acknowledgement", data=data)


def read_update(update: object, held: Slid, *, minimum: int, maximum: int) -> Slid:
    """Give the value that an update from the browser carries; anybody may have written it.

    Args:
        update: a dict with value and sequence, if all is well.
        held: what Python has; given back for an update that is malformed or out of range.
        minimum: the least value.
        maximum: the greatest value.
    """
    match update:
        case {"value": int(value), "sequence": int(sequence)}:
            is_number = bool not in (type(value), type(sequence))
            if is_number and minimum <= value <= maximum and 0 < sequence < _MOST_UPDATES:
                return Slid(value, sequence, held.key)
    return held
