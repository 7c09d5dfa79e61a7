"""Filters: the weights the network has learnt."""

import streamlit as st

from cnn_core.activations import NEAR_ZERO
from dashboard import cache, session
from dashboard.app_pages.filters import cached, views
from dashboard.frame import loading, page_parts
from dashboard.frame.charts import show_chart

page_parts.intro(
    "Filters",
    "A filter is a small grid of weights that slides over its input: red weights add, blue weights "
    "take away. All filters share one scale, so pale ones matter less.",
)
loading.require_network()
model_name = session.model_name()
convolutions, _ = cache.layer_names(model_name)
if convolutions:
    views.show_filters(model_name, convolutions)
else:
    st.info(views.NO_CONVOLUTION)

st.subheader("Weights and biases of every layer", anchor=False)
statistics = cache.weight_statistics(model_name)
histograms = cached.weight_histograms(model_name)
for i, (column, figure) in enumerate(zip(st.columns(2), histograms, strict=False)):
    show_chart(
        figure,
        column=column,
        key=f"weight_histograms_{i}",
        alt="Histograms of the weights of every layer",
    )
st.dataframe(
    {
        "Layer": [s.layer for s in statistics],
        "Array": [s.kind for s in statistics],
        "Weights": [s.values.size for s in statistics],
        f"Below {NEAR_ZERO}": [s.share_near_zero for s in statistics],
        "L2 norm": [s.l2_norm for s in statistics],
    },
    hide_index=True,
    column_config={
        "Weights": st.column_config.NumberColumn(format="localized"),
        f"Below {NEAR_ZERO}": st.column_config.NumberColumn(
            format="percent", help=f"The share of the weights below {NEAR_ZERO} in magnitude"
        ),
        "L2 norm": st.column_config.NumberColumn(format="%.2f"),
    },
)
page_parts.next_page("filters")
