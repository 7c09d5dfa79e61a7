"""The canvas of the current picture, on every page that has one."""

from __future__ import annotations

from dashboard import colours, state
from dashboard.canvas import AddressParameter, Drawing, StartingPicture, digit_canvas
from dashboard.canvas.kit import kit_of
from dashboard.state import CurrentDigit


def current_canvas(start: CurrentDigit) -> Drawing:
    """Show the canvas, and make what is drawn on it the current picture.

    Args:
        start: the current picture when the whole page ran last. The canvas keeps the strokes since
            then itself, and what it is passed stays the same, so that Streamlit sends it only once.
    """
    name = state.address_key()
    drawing = digit_canvas(
        StartingPicture(
            colours.as_picture(start.pixels),
            colours.as_picture(start.original),
            start.digit_id,
            start.revision,
            start.seen,
        ),
        kit=kit_of(state.dataset().name),
        address=AddressParameter(name, holds_original=start.index is None) if name else None,
        eraser_calls=state.eraser_calls(),
    )
    if drawing.sequence > state.current_digit().seen:
        state.take_drawing(drawing.pixels, drawing.sequence)
    return drawing
