"""The draw-and-erase canvas: a small picture that one changes with pen and eraser.

The browser's part is canvas.js; both sides talk through three things:

- Python passes the picture, the name of the digit and a revision. A new revision is a picture set
  by Python; strokes that Python had not seen by then are drawn again on top of it.
- The browser sends the whole picture with a growing sequence, often while the pen is down and once
  for sure when it is lifted.
- `acknowledge` answers each of them, so that updates never pile up: a new run discards the output
  of the previous one that was not sent yet.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dashboard.widgets import component
from dashboard.widgets.canvas.codec import from_text, to_text
from dashboard.widgets.canvas.palette import INK_ON_PAPER, Palette

_MOST_UPDATES = 2**53  # JavaScript counts no further without loss

_mount = component.declare(Path(__file__).parent)
_acknowledge = component.declare_acknowledgement(Path(__file__).parent)


@dataclass(frozen=True, eq=False)
class Drawing:
    """State of the canvas.

    Attributes:
        pixels: (height, width) or (height, width, 3) uint8; of digits 0 is empty, 255 full ink.
        sequence: Grows with every update the browser sent; 0 = nothing drawn yet.
        is_final: False while the pen is down.
    """

    pixels: np.ndarray
    sequence: int
    is_final: bool


@dataclass(frozen=True, eq=False)
class StartingPicture:
    """The picture that a canvas starts from, as Python set it last.

    Attributes:
        pixels: (height, width) or (height, width, 3) uint8.
        original: Picture of the same shape that the button "Original" brings back.
        digit_id: Name of the digit or other picture that is edited.
        revision: Number of times that Python has set the picture of this digit.
        seen: Sequence of the drawing that `pixels` were made from.
    """

    pixels: np.ndarray
    original: np.ndarray
    digit_id: str
    revision: int = 0
    seen: int = 0


@dataclass(frozen=True)
class AddressParameter:
    """The query parameter that keeps the drawing in the page's address for a reload.

    Attributes:
        name: Name of the parameter.
        holds_original: Keep the picture there even while it equals the original, since nothing
            else in the address tells what that was.
    """

    name: str
    holds_original: bool = False


def digit_canvas(
    start: StartingPicture,
    *,
    kit: Palette = INK_ON_PAPER,
    key: str = "digit_canvas",
    address: AddressParameter | None = None,
    eraser_calls: int = 0,
) -> Drawing:
    """Show the canvas and return what is drawn on it.

    A new `digit_id` shows `pixels`, of whatever shape, with a fresh history. A new, greater
    `revision` of the same digit shows `pixels` as one more edit that can be undone, and draws the
    strokes made after `seen` on top of it. With neither new, the strokes stay, whatever reruns.

    Args:
        start: Picture to start from.
        kit: Colours that pen and eraser paint, with a level for each channel.
        key: Name of the widget, unique in the app.
        address: Query parameter for the drawing; None keeps nothing.
        eraser_calls: Number of times that the eraser was called for; a new number takes it up.

    Returns:
        The drawing; that of `start` as long as the browser sent nothing newer.

    Raises:
        ValueError: A picture has another shape or type.
    """
    shapes = np.shape(start.pixels), np.shape(start.original)
    component.require(
        shapes[0] == shapes[1],
        "pixels and original of one shape",
        f"pixels.shape={shapes[0]}, original.shape={shapes[1]}",
    )
    data = {
        "canvas": key,
        "digit": start.digit_id,
        "revision": start.revision,
        "seen": start.seen,
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "shape": shapes[0],
        "pixels": to_text(start.pixels),
        "original": to_text(start.original),
        "paper": kit.paper,
        "inks": kit.inks,
        "address": address and address.name,
        "is_original_in_address": bool(address and address.holds_original),
        "eraser_calls": eraser_calls,
    }
    result = _mount(key=key, data=data, default={"stroke": None}, on_stroke_change=lambda: None)
    held = Drawing(start.pixels, start.seen, is_final=True)
    return read_update(result.get("stroke"), held, digit_id=start.digit_id, revision=start.revision)


def acknowledge(drawing: Drawing, *, key: str = "digit_canvas") -> None:
    """Tell the canvas that all that follows from a drawing is on screen.

    Call it last in the fragment of the canvas. Without it updates still come while drawing, but
    only every 1.5 s.

    Args:
        drawing: Result of `digit_canvas` in this run.
        key: Key of that canvas.
    """
    data = {"canvas": key, "sequence": drawing.sequence}
    _acknowledge(key=f"{key}_acknowledgement", data=data)


def read_update(update: object, held: Drawing, *, digit_id: str, revision: int) -> Drawing:
    """Give the drawing that an update from the browser carries; anybody may have written it.

    Args:
        update: A dict with digit, revision, sequence, final and pixels, if all is well.
        held: State that Python has; returned for an update that is malformed or out of date.
        digit_id: The digit that is edited.
        revision: The present revision of its picture.

    Returns:
        A drawing that is at least as new as `held`.
    """
    match update:
        case {
            "digit": str(digit),
            "revision": int(count),
            "sequence": int(sequence),
            "final": bool(is_final),
            "pixels": str(text),
        }:
            is_ours = digit == digit_id and count == revision
            is_number = bool not in (type(count), type(sequence))
            is_newer = max(1, held.sequence) <= sequence < _MOST_UPDATES
            if is_ours and is_number and is_newer:
                with suppress(ValueError):
                    return Drawing(from_text(text, held.pixels.shape), sequence, is_final)
    return held
