"""The canvas of the current picture, on every page that has one."""

from __future__ import annotations

from dashboard import session
from dashboard.figures import pictures
from dashboard.session import CurrentImage
from dashboard.widgets.canvas import AddressParameter, Drawing, StartingPicture, digit_canvas
from dashboard.widgets.canvas.palette import palette_of


def current_canvas(start: CurrentImage) -> Drawing:
    """Show the canvas, and make what is drawn on it the current picture.

    Args:
        start: The current picture when the whole page ran last. The canvas keeps the strokes since
            then itself, and what it is passed stays the same, so that Streamlit sends it only once.
    """
    name = session.address_key()
    drawing = digit_canvas(
        StartingPicture(
            pictures.as_picture(start.pixels),
            pictures.as_picture(start.original),
            start.digit_id,
            start.revision,
            start.seen,
        ),
        kit=palette_of(session.dataset().name),
        address=AddressParameter(name, holds_original=start.index is None) if name else None,
        eraser_calls=session.eraser_calls(),
    )
    if drawing.sequence > session.current_image().seen:
        session.take_drawing(drawing.pixels, drawing.sequence)
    return drawing
