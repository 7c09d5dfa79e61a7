"""Kernels and histograms of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.app_pages.filters import charts
from dashboard.cache import model
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    import plotly.graph_objects as go

from dashboard import cache


@keyed_by_weights(st.cache_data, max_entries=64)
def filters(model_name: str, layer: str) -> np.ndarray:
    """Return the kernel of a convolution layer."""
    from cnn_core import activations

    return activations.filters(model(model_name), layer)


@keyed_by_weights(st.cache_resource, max_entries=16)
def weight_histograms(model_name: str) -> tuple[go.Figure, ...]:
    """Draw all kernels and biases in two charts that find room beside or above each other.

    To build them takes longer than to draw the page.
    """
    shown = [s for s in cache.weight_statistics(model_name) if s.kind in ("kernel", "bias")]
    return tuple(map(charts.weight_histograms, charts.in_halves(shown, charts.HISTOGRAM_COLUMNS)))
