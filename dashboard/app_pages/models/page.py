"""Models: every network, one of them layer by layer, and what the classics teach."""

from collections.abc import Sequence

import streamlit as st

from cnn_core import models
from dashboard import session
from dashboard.app_pages.models import cached, classics, one_network, tables, text
from dashboard.figures.text import plain
from dashboard.frame import page_parts, pickers


def show_all() -> None:
    """Show the table of all networks, and the button that measures their speed."""
    found = {name: one_network.card_of(name) for name in models.MODELS}
    cards = {name: card for name, card in found.items() if card is not None}
    st.html(tables.overview(cards, cached.speeds(), session.model_name()))
    st.caption(
        "Accuracies are measured on the test set by this project, published ones are as the source "
        f"states them. {tables.notes()}"
    )
    measure_button(tuple(dict.fromkeys((*cards, *classics.INCEPTIONS))))


def measure_button(names: Sequence[str]) -> None:
    """Measure networks one after another when a visitor asks for it."""
    st.caption(
        "The milliseconds are those of the machine that runs this page: the median of "
        f"{cached.SPEED_CALLS} calls with one image each. Another machine gives others."
    )
    if not st.button(
        "Measure the milliseconds on this machine", key="measure_speed", icon=":material/timer:"
    ):
        return
    bar = st.progress(0.0, "Loading TensorFlow")
    for i, name in enumerate(names, 1):
        with page_parts.readable_errors():
            cached.measure_speed(name)
        bar.progress(i / len(names), f"{plain(models.architecture(name).title)} is measured")
    st.rerun()


def show_one() -> None:
    """Any network, the sidebar's at first, and a way to make it the sidebar's."""
    current = session.model_name()
    if session.get("network_follows") != current:  # another one was chosen in the sidebar
        session.put("network_follows", current)
        session.put("network", current)
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    every = (*models.MODELS, *models.UNTRAINED)
    session.in_address("network", "network", session.Choice(every), current)
    name = left.selectbox(
        "Network",
        every,
        format_func=lambda name: models.architecture(name).title,
        key="network",
        persist_state="session",
    )
    if name != current and name in models.MODELS and models.is_trained(name):
        right.button(
            "Use it on every page",
            key="use_everywhere",
            icon=":material/check:",
            on_click=session.choose_model,
            args=(name,),
        )
    one_network.show(name)


def show_lessons() -> None:
    """Pairs of networks that differ in one thing."""
    classics.bottleneck()
    measure_button(classics.INCEPTIONS)
    classics.shortcuts()
    classics.partial_connections()


page_parts.intro(
    "Models",
    "Every network of this project beside the figures of its source. Choose one to see its layers: "
    "what each of them makes, costs and sees.",
)
VIEWS = {
    text.ALL_NETWORKS: show_all,
    text.ONE_NETWORK: show_one,
    text.LESSONS: show_lessons,
}
VIEWS[pickers.view_picker("View", tuple(VIEWS), key="models_view")]()
page_parts.next_page("models")
