"""CNN Lens: `streamlit run dashboard/Home.py`. The router: every page runs through here."""

import streamlit as st

from dashboard import cache, components, runtime

PAGES = [
    st.Page("app_pages/overview.py", title="Overview", icon=":material/home:", default=True),
    st.Page("app_pages/draw_and_erase.py", title="Draw and erase", icon=":material/draw:"),
    st.Page("app_pages/attention.py", title="Attention", icon=":material/visibility:"),
    st.Page("app_pages/occlusion.py", title="Occlusion", icon=":material/select_all:"),
    st.Page("app_pages/filters.py", title="Filters", icon=":material/grid_on:"),
    st.Page("app_pages/feature_maps.py", title="Feature maps", icon=":material/layers:"),
    st.Page("app_pages/misclassified.py", title="Misclassified", icon=":material/rule:"),
    st.Page("app_pages/one_vs_two.py", title="One versus two", icon=":material/compare_arrows:"),
]

st.set_page_config(page_title="CNN Lens", page_icon="🔍", layout="wide")
runtime.warm_up(cache.warm_up)
page = st.navigation(PAGES)
components.style()
with components.readable_errors():
    components.sidebar()
    page.run()
