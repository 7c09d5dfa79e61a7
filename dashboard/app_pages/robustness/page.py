"""Robustness: change the picture more and more and see how far the answer holds."""

import streamlit as st

from cnn_core.robustness import PERTURBATIONS
from dashboard import navigation, session
from dashboard.app_pages.robustness import text, views
from dashboard.app_pages.robustness.cached import row_for
from dashboard.app_pages.robustness.views import Change
from dashboard.frame import loading, method_options, page_parts, pickers
from dashboard.widgets.live_slider import SliderState, acknowledge, live_slider


@st.fragment
@page_parts.readable_errors()  # the fragment's own runs do not come through Home.py
def laboratory() -> None:
    """Show the strength and all that follows it; the rest of the page does not run meanwhile."""
    slid, change = pick()
    with page_parts.readable_errors():  # the curves below are shipped and need no pictures
        image = session.current_image()
        if page_parts.is_blank(image):
            st.info(text.BLANK_PAPER.format(noun=noun))
            st.page_link(
                navigation.path_of("draw_and_erase"), label="Draw and erase", icon=":material/draw:"
            )
        else:
            views.show_change(image, change)
            views.show_sweep(image, change)
    with page_parts.readable_errors():
        views.show_networks(change)
    acknowledge([slid])


def pick() -> tuple[SliderState[float], Change]:
    """Show the slider and the other controls; return the change they describe."""
    key = f"strength_{row.name}_{dataset.name}"
    values = session.Number(row.minimum, row.maximum, float)
    session.in_address("strength", f"{key}_kept", values, row.default)
    slid = live_slider(
        f"Strength, {text.unit_alone(row.unit)}",
        minimum=row.minimum,
        maximum=row.maximum,
        value=session.get(f"{key}_kept", row.default),
        step=row.step,
        key=key,
        help="How much the picture is changed; 0 leaves it as it is.",
        is_slow=row.is_search,
    )
    session.put(f"{key}_kept", slid.value)
    if row.is_search:
        st.caption(text.SEARCH_WAITS)
    target = None
    places = list(st.columns([2, 2, 2, 3])) if row.needs_model or row.options else []
    if row.needs_model:
        with places.pop(0):
            target = pickers.class_picker(
                "Make it", key="attack_target", parameter="target", none_label="anything else"
            )
    options = tuple(
        (option.name, method_options.option_control(column, option, f"{row.name}_{option.name}"))
        for option, column in zip(row.options, places, strict=False)
    )
    return slid, Change(row, slid.value, target, options)


dataset, noun = session.dataset(), session.dataset().noun
page_parts.intro(
    "Robustness",
    f"The {noun} is changed more and more, by accident or by an attack: see what the network still "
    f"says and where its answer turns. Below, the same for every network on many test {noun}s.",
)
loading.require_network()
kinds = [each.name for each in PERTURBATIONS.values() if each.fits(dataset)]
session.in_address("change", f"change_{dataset.background}", session.Choice(kinds), kinds[0])
kind = st.selectbox(
    "Change",
    kinds,
    format_func=lambda key: PERTURBATIONS[key].title,
    key=f"change_{dataset.background}",
    persist_state="session",
    width=320,
)
left_out = [each.title for each in PERTURBATIONS.values() if not each.fits(dataset)]
if left_out:
    st.caption(text.FOR_PAPER_ONLY.format(titles=", ".join(left_out)))
row = row_for(session.model_name(), kind)
laboratory()
page_parts.next_page("robustness")
