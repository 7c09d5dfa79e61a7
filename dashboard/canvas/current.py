"""The canvas of the current picture, on every page that has one."""

from __future__ import annotations

from dashboard import colours, state
from dashboard.canvas import Drawing, digit_canvas
from dashboard.canvas.kit import kit_of
from dashboard.state import CurrentDigit


def current_canvas(start: CurrentDigit) -> Drawing:
    """Show the canvas, and make what is drawn on it the current picture.

    Args:
        start: the current picture when the whole page ran last. The canvas keeps the strokes since
            then itself, and what it is passed stays the same, so that Streamlit sends it only once.
    """
    drawing = digit_canvas(
        colours.as_picture(start.pixels),
        colours.as_picture(start.original),
        digit_id=start.digit_id,
        revision=start.revision,
        seen=start.seen,
        kit=kit_of(state.dataset().name),
        address=state.address_key(),
        is_original_in_address=start.index is None,
        eraser_calls=state.eraser_calls(),
    )
    if drawing.sequence > state.current_digit().seen:
        state.take_drawing(drawing.pixels, drawing.sequence)
    return drawing
