"""Notices while a network loads or is compiled."""

from __future__ import annotations

import streamlit as st

from dashboard import cache, session, tensorflow_loader
from dashboard.figures import html

PREPARING = "The maps are on their way: first use of this network"


def require_network() -> None:
    """End the page's run here while TensorFlow loads; the page runs again when it is there."""
    if not tensorflow_loader.is_ready():
        show_loading()
        st.skeleton(height=320)
        st.stop()


def require_compiled() -> None:
    """End the page's run here while its network is compiled, in the background, on first use."""
    require_network()
    if not cache.is_compiled(session.model_name()):
        show_preparing()
        st.skeleton(height=320)
        st.stop()


def show_preparing() -> None:
    """Say that the maps are on their way, and run the page again when they can be made."""
    st.html(html.loading(PREPARING))
    _rerun_when_compiled(session.model_name())


@st.fragment(run_every=0.25)
def _rerun_when_compiled(model_name: str) -> None:
    if cache.is_compiled(model_name):
        st.rerun()


def show_loading() -> None:
    """Say that the network is on its way."""
    st.html(html.loading())
