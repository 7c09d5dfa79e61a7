"""Draw and erase: change the picture by hand and watch the answer and its evidence follow."""

import streamlit as st

from dashboard import cache, session, tensorflow_loader
from dashboard.app_pages.draw_and_erase import answer, picture_source, smallest_edit, text
from dashboard.frame import better_network, loading, page_parts, sidebar
from dashboard.frame.current_canvas import current_canvas
from dashboard.session import CurrentImage
from dashboard.widgets.canvas import acknowledge


@st.fragment
@page_parts.readable_errors()  # the fragment's own runs do not come through Home.py
def workbench(start: CurrentImage) -> None:
    """Show the canvas and all that follows the pen; nothing else runs while drawing.

    Args:
        start: The digit when the whole page ran last; the canvas keeps the strokes since then.
    """
    left, right = st.container(key="workbench").columns([5, 6], gap="large")
    with left:
        drawing = current_canvas(start)
    image = session.current_image()
    with right:
        if not tensorflow_loader.is_ready():
            loading.show_loading()
        elif page_parts.is_blank(image):
            st.info(text.BLANK_PAPER)
        else:
            answer.show_answer(image)
            if cache.is_compiled(session.model_name()):
                answer.show_evidence(image, is_final=drawing.is_final)
            else:
                loading.show_preparing()
    if tensorflow_loader.is_ready():
        answer.show_edits(image, is_final=drawing.is_final)
        if not page_parts.is_blank(image):
            smallest_edit.show(image)
    sidebar.show_current_image()
    acknowledge(drawing)


is_on_paper, noun = session.dataset().background == "paper", session.dataset().noun
page_parts.intro(
    "Draw and erase",
    "Draw with the pen or take ink away with the eraser: the answer follows while you move, the "
    "two maps when you lift the pen. Try to turn one digit into another with as little as you can."
    if is_on_paper
    else f"Cover a part of the {noun} with the eraser's even grey, or paint on it with the pen: "
    "the answer follows while you move, the two maps when you lift the pen. Try to change the "
    "answer with as little as you can.",
)
better_network.suggest_for_drawings()
picture_source.pick()
workbench(session.current_image())
picture_source.show_reading()
if is_on_paper:
    with page_parts.readable_errors():  # without the figures the page goes on
        smallest_edit.show_study()
page_parts.next_page("draw_and_erase")
