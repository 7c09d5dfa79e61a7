"""The shipped study of how right every network is when pictures change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.cache.weights_key import all_weights

if TYPE_CHECKING:
    from cnn_core.studies.robustness import Robustness


def robustness_study() -> Robustness:
    """Return the shipped accuracy of every network over the strength of every change."""
    return _study(all_weights())


@st.cache_resource(max_entries=1, show_spinner=False)
def _study(weights: tuple[str | None, ...]) -> Robustness:
    from cnn_core.studies import robustness

    return robustness.load()
