"""Embedding: all test pictures as the network sees them, and the current one among them."""

import numpy as np
import streamlit as st
from markupsafe import Markup

from dashboard import cache, session
from dashboard.app_pages.embedding import cached, views
from dashboard.app_pages.embedding.cached import Layout
from dashboard.app_pages.embedding.views import NEIGHBOURHOODS, PLANE
from dashboard.figures import html, numbers
from dashboard.frame import loading, page_parts, pickers, sidebar
from dashboard.frame.current_canvas import current_canvas
from dashboard.session import CurrentImage
from dashboard.widgets.canvas import acknowledge


@st.fragment
@page_parts.readable_errors()  # the fragment's own runs do not come through Home.py
def workbench(start: CurrentImage, layout: Layout, shown: tuple[np.ndarray, np.ndarray]) -> None:
    """Show canvas, map and neighbours; the rest of the page does not run while drawing.

    Args:
        start: The digit when the whole page ran last; the canvas keeps the strokes since then.
        layout: Layout of the test set.
        shown: Places and indices of the test pictures on the map.
    """
    left, right = st.columns([4, 7], gap="large")
    with left:
        drawing = current_canvas(start)
    image = session.current_image()
    one = cached.features(model_name, image.pixels)
    answer = cache.prediction(model_name, image.pixels)
    best = int(answer.classes[0])
    with left:
        said = f"{numbers.probability(float(answer.confidences[0]))} sure"
        name = session.dataset().class_names[best]
        st.html(html.said(Markup("The network says <b>{}</b>").format(name), said))
        page_parts.note_blank(image)
    with right:
        views.show_map(model_name, shown)
    views.mark_current(layout, shown, image, one)
    if drawing.is_final:  # while the pen is down the neighbours of the last time it was up stay
        session.put("near", (image, one, best))
    near, one, best = session.get("near", (image, one, best))
    if (near.digit_id, len(one)) == (image.digit_id, layout.features.shape[1]):
        views.show_near_training(model_name, one, best)
        views.show_near_tests(model_name, layout, one, near)
    sidebar.show_current_image()
    acknowledge(drawing)


noun = session.dataset().noun
page_parts.intro(
    "Embedding",
    f"Every test {noun} as a dot: near each other lie those that look alike to the network just "
    f"before it answers. Draw on the {noun} and watch it wander; click a dot to make it the "
    "current one.",
)
loading.require_network()
model_name = session.model_name()
current = session.current_image()
found = views.layout(model_name)
if found is not None:
    view = pickers.view_picker("Map", (PLANE, NEIGHBOURHOODS), key="embedding_view")
    on_map = views.neighbourhoods(model_name, found) if view == NEIGHBOURHOODS else None
    if on_map is None:  # the plane is there at once, and stays until the other map is
        view, on_map = PLANE, views.plane(found)
    st.caption(views.how_to_read(found, view, noun))
    workbench(current, found, on_map)
page_parts.next_page("embedding")
