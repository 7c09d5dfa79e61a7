"""Robustness: change the picture more and more and see how far the answer holds."""

import streamlit as st

from cnn_core.robustness import PERTURBATIONS
from dashboard import components, state
from dashboard import robustness_view as view
from dashboard import robustness_words as words
from dashboard.cache.robustness import row_for
from dashboard.live_slider import Slid, acknowledge, live_slider
from dashboard.robustness_view import Change


@st.fragment
@components.readable_errors()  # the fragment's own runs do not come through Home.py
def laboratory() -> None:
    """The strength and all that follows it; nothing else of the page runs while it moves."""
    slid, change = pick()
    with components.readable_errors():  # the curves below are shipped and need no pictures
        digit = state.current_digit()
        if components.is_blank(digit):
            st.info(
                f"The paper is blank, so there is no answer to hold: draw a {noun}, or choose a "
                f"test {noun} in the sidebar."
            )
            st.page_link(
                "app_pages/draw_and_erase.py", label="Draw and erase", icon=":material/draw:"
            )
        else:
            view.show_change(digit, change)
            view.show_sweep(digit, change)
    with components.readable_errors():
        view.show_networks(change)
    acknowledge([slid])


def pick() -> tuple[Slid[float], Change]:
    """The slider, and what it and the other controls say is to be done to the picture."""
    key = f"strength_{row.name}_{dataset.name}"
    slid = live_slider(
        f"Strength, {words.unit_alone(row.unit)}",
        minimum=row.minimum,
        maximum=row.maximum,
        value=state.get(f"{key}_kept", row.default),
        step=row.step,
        key=key,
        help="How much the picture is changed; 0 leaves it as it is.",
        is_slow=row.is_search,
    )
    state.put(f"{key}_kept", slid.value)
    if row.is_search:
        st.caption("The search takes a moment, so it begins when the slider is let go.")
    target = None
    places = list(st.columns([2, 2, 2, 3])) if row.needs_model or row.options else []
    if row.needs_model:
        with places.pop(0):
            target = components.class_picker(
                "Make it", key="attack_target", none_label="anything else"
            )
    options = tuple(
        (option.name, components.option_control(column, option, f"{row.name}_{option.name}"))
        for option, column in zip(row.options, places, strict=False)
    )
    return slid, Change(row, slid.value, target, options)


dataset, noun = state.dataset(), state.dataset().noun
components.intro(
    "Robustness",
    f"The {noun} is changed more and more, by accident or by an attack: see what the network still "
    f"says and where its answer turns. Below, the same for every network on many test {noun}s.",
)
components.require_network()
kind = st.selectbox(
    "Change",
    [each.name for each in PERTURBATIONS.values() if each.fits(dataset)],
    format_func=lambda key: PERTURBATIONS[key].title,
    key=f"change_{dataset.background}",
    persist_state="session",
    width=320,
)
left_out = [each.title for each in PERTURBATIONS.values() if not each.fits(dataset)]
if left_out:
    st.caption(f"{', '.join(left_out)} is for strokes on paper, and these are photographs.")
row = row_for(state.model_name(), kind)
laboratory()
components.next_page("app_pages/compare.py", "Next: compare two networks")
