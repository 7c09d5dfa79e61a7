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

from dashboard import component
from dashboard.canvas.codec import from_text, to_text
from dashboard.canvas.kit import INK_ON_PAPER, Kit

_MOST_UPDATES = 2**53  # JavaScript counts no further without loss

_mount = component.declare(Path(__file__).parent)
_acknowledge = component.declare_acknowledgement(Path(__file__).parent)


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is on the canvas.

    Attributes:
        pixels: (height, width) or (height, width, 3) uint8; of digits 0 is empty, 255 full ink.
        sequence: grows with every update the browser sent; 0 = nothing drawn yet.
        is_final: False while the pen is down.
    """

    pixels: np.ndarray
    sequence: int
    is_final: bool


def digit_canvas(
    pixels: np.ndarray,
    original: np.ndarray,
    *,
    digit_id: str,
    revision: int,
    seen: int = 0,
    kit: Kit = INK_ON_PAPER,
    key: str = "digit_canvas",
    address: str | None = None,
    is_original_in_address: bool = False,
    eraser_calls: int = 0,
) -> Drawing:
    """Show the canvas and give what is drawn on it.

    A new `digit_id` shows `pixels`, of whatever shape, with a fresh history. A new, greater
    `revision` of the same digit shows `pixels` as one more edit that can be undone, and draws the
    strokes made after `seen` on top of it. With neither new, the strokes stay, whatever reruns.

    Args:
        pixels: (height, width) or (height, width, 3) uint8; the picture to start from.
        original: the same shape; the picture that the button "Original" brings back.
        digit_id: names the digit or other picture that is edited.
        revision: how often Python has set the picture of this digit.
        seen: sequence of the drawing that `pixels` were made from.
        kit: what pen and eraser paint; its colours have a level for each channel.
        key: tells several canvases apart.
        address: query parameter that keeps the picture in the page's address, so that a reload
            finds it. None keeps nothing.
        is_original_in_address: keep the picture there even while it equals `original`, since
            nothing else in the address tells what that was.
        eraser_calls: how often the eraser was called for; a new number takes it up.

    Returns:
        The drawing; `pixels` and `seen` themselves as long as the browser sent nothing newer.

    Raises:
        ValueError: a picture has another shape or type.
    """
    component.require(
        np.shape(pixels) == np.shape(original),
        "pixels and original of one shape",
        f"pixels.shape={np.shape(pixels)}, original.shape={np.shape(original)}",
    )
    data = {
        "canvas": key,
        "digit": digit_id,
        "revision": revision,
        "seen": seen,
        # Tuples: to see whether a list is a data frame, Streamlit would import pandas first.
        "shape": pixels.shape,
        "pixels": to_text(pixels),
        "original": to_text(original),
        "paper": kit.paper,
        "inks": kit.inks,
        "address": address,
        "is_original_in_address": is_original_in_address,
        "eraser_calls": eraser_calls,
    }
    result = _mount(key=key, data=data, default={"stroke": None}, on_stroke_change=lambda: None)
    held = Drawing(pixels, seen, is_final=True)
    return read_update(result.get("stroke"), held, digit_id=digit_id, revision=revision)


def acknowledge(drawing: Drawing, *, key: str = "digit_canvas") -> None:
    """Tell the canvas that all that follows from a drawing is on screen.

    Call it last in the fragment of the canvas. Without it updates still come while drawing, but
    only every 1.5 s.

    Args:
        drawing: what `digit_canvas` gave in this run.
        key: of that canvas.
    """
    data = {"canvas": key, "sequence": drawing.sequence}
    _acknowledge(key=f"{key}_acknowledgement", data=data)


def read_update(update: object, held: Drawing, *, digit_id: str, revision: int) -> Drawing:
    """Give the drawing that an update from the browser carries; anybody may have written it.

    Args:
        update: a dict with digit, revision, sequence, final and pixels, if all is well.
        held: what Python has; given back for an update that is malformed or out of date.
        digit_id: the digit that is edited.
        revision: the present revision of its picture.

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
