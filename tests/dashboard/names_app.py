"""Names that are markup, put where the pages put names."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.app_pages.neuron.charts import by_class
from dashboard.figures import html
from dashboard.figures.text import plain
from dashboard.widgets.tiles import tiles
from support.markup_names import NAMES

st.html(html.probability_bars(NAMES, np.full(len(NAMES), 1 / len(NAMES))))
st.html(html.table(("Name", "Figure"), [(name, "1") for name in NAMES]))
st.html(html.facts((name, "figure") for name in NAMES))
for i, name in enumerate(NAMES):
    with st.container(key=f"markdown_{i}"):
        st.markdown(f"**{plain(name)}** is {plain(name)}.")
    with st.container(key=f"caption_{i}"):
        st.caption(plain(name))
    with st.container(key=f"subheader_{i}"):
        st.subheader(f"{plain(name)}, channel 3", anchor=False)
    with st.container(key=f"button_{i}"):
        st.button(plain(name), key=f"press_{i}")
st.plotly_chart(by_class(np.ones(len(NAMES)), NAMES, title="x", unit="y"), key="chart")
tiles([np.zeros((4, 4), np.uint8)] * len(NAMES), list(NAMES), key="tiles", size=20)
