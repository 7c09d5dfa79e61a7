"""Draw and erase: change the picture by hand and watch the answer and its evidence follow."""

import streamlit as st

from dashboard import (
    cache,
    components,
    drawing_view,
    flip_view,
    picture_source,
    runtime,
    sidebar,
    state,
)
from dashboard.canvas import acknowledge
from dashboard.canvas.current import current_canvas
from dashboard.state import CurrentDigit


@st.fragment
@components.readable_errors()  # the fragment's own runs do not come through Home.py
def workbench(start: CurrentDigit) -> None:
    """The canvas and all that follows the pen; nothing else of the page runs while drawing.

    Args:
        start: the digit when the whole page ran last; the canvas keeps the strokes since then.
    """
    left, right = st.container(key="workbench").columns([5, 6], gap="large")
    with left:
        drawing = current_canvas(start)
    digit = state.current_digit()
    with right:
        if not runtime.is_ready():
            components.loading()
        elif components.is_blank(digit):
            st.info("The paper is blank: draw a digit with mouse, finger, pen or keyboard.")
        else:
            drawing_view.show_answer(digit)
            if cache.is_compiled(state.model_name()):
                drawing_view.show_evidence(digit, is_final=drawing.is_final)
            else:
                components.preparing()
    if runtime.is_ready():
        drawing_view.show_edits(digit, is_final=drawing.is_final)
        if not components.is_blank(digit):
            flip_view.show(digit)
    sidebar.show_current_digit()
    acknowledge(drawing)


is_on_paper, noun = state.dataset().background == "paper", state.dataset().noun
components.intro(
    "Draw and erase",
    "Draw with the pen or take ink away with the eraser: the answer follows while you move, the "
    "two maps when you lift the pen. Try to turn one digit into another with as little as you can."
    if is_on_paper
    else f"Cover a part of the {noun} with the eraser's even grey, or paint on it with the pen: "
    "the answer follows while you move, the two maps when you lift the pen. Try to change the "
    "answer with as little as you can.",
)
picture_source.pick()
workbench(state.current_digit())
picture_source.show_reading()
if is_on_paper:
    with components.readable_errors():  # without the figures the page goes on
        flip_view.show_study()
components.next_page("app_pages/attention.py", "Next: which pixels the answer rests on")
