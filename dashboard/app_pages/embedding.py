"""Embedding: all test pictures as the network sees them, and the current one among them."""

import numpy as np
import streamlit as st

from dashboard import cache, components, embedding_view, markup, sidebar, state
from dashboard.cache import embedding as known
from dashboard.cache.embedding import Layout
from dashboard.canvas import acknowledge
from dashboard.canvas.current import current_canvas
from dashboard.embedding_view import NEIGHBOURHOODS, PLANE
from dashboard.state import CurrentDigit


@st.fragment
@components.readable_errors()  # the fragment's own runs do not come through Home.py
def workbench(start: CurrentDigit, layout: Layout, shown: tuple[np.ndarray, np.ndarray]) -> None:
    """The canvas, the map, and the neighbours; nothing else of the page runs while drawing.

    Args:
        start: the digit when the whole page ran last; the canvas keeps the strokes since then.
        layout: of the test set.
        shown: places and indices of the test pictures on the map.
    """
    left, right = st.columns([4, 7], gap="large")
    with left:
        drawing = current_canvas(start)
    digit = state.current_digit()
    one = known.features(name, digit.pixels)
    answer = cache.prediction(name, digit.pixels)
    best = int(answer.classes[0])
    with left:
        said = f"{markup.probability(float(answer.confidences[0]))} sure"
        st.html(
            f'<div class="cl-said">The network says <b>{state.dataset().class_names[best]}</b>'
            f"<span>{said}</span></div>"
        )
        components.note_blank(digit)
    with right:
        embedding_view.show_map(name, shown)
    embedding_view.mark_current(layout, shown, digit, one)
    if drawing.is_final:  # while the pen is down the neighbours of the last time it was up stay
        state.put("near", (digit, one, best))
    near, one, best = state.get("near", (digit, one, best))
    if (near.digit_id, len(one)) == (digit.digit_id, layout.features.shape[1]):
        embedding_view.show_near_training(name, one, best)
        embedding_view.show_near_tests(name, layout, one, near)
    sidebar.show_current_digit()
    acknowledge(drawing)


noun = state.dataset().noun
components.intro(
    "Embedding",
    f"Every test {noun} as a dot: near each other lie those that look alike to the network just "
    f"before it answers. Draw on the {noun} and watch it wander; click a dot to make it the "
    "current one.",
)
components.require_network()
name = state.model_name()
current = state.current_digit()
found = embedding_view.layout(name)
if found is not None:
    view = components.view_picker("Map", (PLANE, NEIGHBOURHOODS), key="embedding_view")
    on_map = embedding_view.neighbourhoods(name, found) if view == NEIGHBOURHOODS else None
    if on_map is None:  # the plane is there at once, and stays until the other map is
        view, on_map = PLANE, embedding_view.plane(found)
    st.caption(embedding_view.how_to_read(found, view, noun))
    workbench(current, found, on_map)
components.next_page("app_pages/misclassified.py", "Next: where the network is wrong")
