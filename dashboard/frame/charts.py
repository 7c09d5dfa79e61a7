"""Plotly figures on a page, all with the same settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from streamlit.delta_generator import DeltaGenerator

# No bar of tools, and a page scrolls where the pointer is over a chart.
_CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def show_chart(
    figure: go.Figure, *, alt: str, column: DeltaGenerator | None = None, **options: Any
) -> Any:
    """Show a figure; return what st.plotly_chart returns, such as the selected points.

    Args:
        figure: Figure of `dashboard.figures` or of a page.
        alt: Description of the figure for who cannot see it.
        column: Column or container of the figure; without one, the place where the page stands.
        options: Further arguments of st.plotly_chart, such as `key` and `on_select`.
    """
    return (column or st).plotly_chart(figure, config=_CONFIG, alt=alt, **options)
