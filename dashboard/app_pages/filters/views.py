"""The filters of one layer as mosaics, and the pickers for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from cnn_core.activations import filter_norms
from dashboard import session
from dashboard.app_pages.filters import cached, charts
from dashboard.figures import html
from dashboard.frame import neuron_link, pickers
from dashboard.frame.charts import show_chart

BY_INDEX, BY_NORM = "As they are", "By norm"
NO_CONVOLUTION = (
    "This network has no convolution, so it has no filters: each unit weighs every pixel."
)
COLUMNS = 8  # of a mosaic: on a phone a finger still meets one filter


def show_filters(model_name: str, convolutions: Sequence[str]) -> None:
    """Show the filters of one convolution layer, and the pickers for them."""
    one, two, three = st.columns(3)
    with one:
        layer = pickers.layer_picker(
            convolutions, default=convolutions[0], key="filter_layer", label="Convolution layer"
        )
    kernel = cached.filters(model_name, layer)
    height, width, channels, count = kernel.shape
    with two:
        session.in_address("channel", f"channel_{layer}", session.Number(0, channels - 1), 0)
        channel = st.number_input(
            "Input channel",
            min_value=0,
            max_value=channels - 1,
            key=f"channel_{layer}",
            disabled=channels == 1,
            help="Every filter has one grid of weights for each channel of its input",
            persist_state="session",
        )
    with three:
        order_by = pickers.view_picker(
            "Order", (BY_INDEX, BY_NORM), key="filter_order", parameter="order"
        )
    norms = filter_norms(kernel)
    order = np.argsort(-norms, kind="stable") if order_by == BY_NORM else np.arange(count)
    show_mosaics(
        model_name, layer, kernel[:, :, channel], order.tolist(), float(np.abs(kernel).max())
    )
    st.caption(
        f"{count} filters of {height}×{width} over {channels} input channel{'s' * (channels > 1)}. "
        f"L2 norms run from {norms.min():.2f} (filter {norms.argmin()}) to {norms.max():.2f} "
        f"(filter {norms.argmax()}). Click a filter to open its dossier, or choose it here."
    )
    key, largest = f"filter_of_{layer}", int(norms.argmax())
    session.in_address("filter", key, session.Number(0, count - 1), largest)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.number_input(
            "Filter",
            min_value=0,
            max_value=count - 1,
            key=key,
            persist_state="session",
            width=140,
        )
        neuron_link.open_button(layer, int(chosen), key="open_filter")


def show_mosaics(
    model_name: str, layer: str, kernel: np.ndarray, order: list[int], limit: float
) -> None:
    """Show the filters in two mosaics, on a phone one above the other; a click opens a filter.

    Args:
        model_name: Network of the layer.
        layer: Layer of the filters.
        kernel: (height, width, filters), the weights from one input channel.
        order: The filters, in order.
        limit: The weight at the ends of the scale.
    """
    halves = charts.in_halves(order, COLUMNS)
    for i, (column, part) in enumerate(zip(st.columns(2), halves, strict=False)):
        clicked: Any = show_chart(
            charts.kernels(kernel, part, limit, COLUMNS),
            column=column,
            alt=f"{len(part)} of the {len(order)} filters of {layer}",
            key=f"kernels_{model_name}_{layer}_{i}",
            on_select="rerun",
            selection_mode="points",
        )
        if points := clicked["selection"]["points"]:
            neuron_link.open_neuron(layer, int(points[0]["customdata"][0]))
    st.html(html.scale_of(limit, is_signed=True, unit="weight"))
