"""CNN Lens: `streamlit run dashboard/Home.py`. The router: every page runs through here."""

from functools import partial
from pathlib import Path

import streamlit as st

from dashboard import cache, components, runtime, sidebar, state

PAGES = [
    st.Page("app_pages/overview.py", title="Overview", icon=":material/home:", default=True),
    st.Page("app_pages/draw_and_erase.py", title="Draw and erase", icon=":material/draw:"),
    st.Page("app_pages/attention.py", title="Attention", icon=":material/visibility:"),
    st.Page("app_pages/occlusion.py", title="Occlusion", icon=":material/select_all:"),
    st.Page("app_pages/faithfulness.py", title="Which map to believe", icon=":material/verified:"),
    st.Page("app_pages/filters.py", title="Filters", icon=":material/grid_on:"),
    st.Page("app_pages/feature_maps.py", title="Feature maps", icon=":material/layers:"),
    st.Page("app_pages/neuron.py", title="Neuron", icon=":material/clinical_notes:"),
    st.Page("app_pages/embedding.py", title="Embedding", icon=":material/scatter_plot:"),
    st.Page("app_pages/misclassified.py", title="Misclassified", icon=":material/rule:"),
    st.Page("app_pages/one_vs_two.py", title="One versus two", icon=":material/compare_arrows:"),
    st.Page("app_pages/robustness.py", title="Robustness", icon=":material/shield:"),
    st.Page("app_pages/compare.py", title="Compare", icon=":material/balance:"),
    st.Page("app_pages/evaluation.py", title="Evaluation", icon=":material/query_stats:"),
    st.Page("app_pages/models.py", title="Models", icon=":material/account_tree:"),
    st.Page("app_pages/experiments.py", title="Experiments", icon=":material/science:"),
]

LOGO = str(Path(__file__).with_name("favicon.png"))

st.set_page_config(page_title="CNN Lens", page_icon=LOGO, layout="wide")
page = st.navigation(PAGES, expanded=True)
st.logo(LOGO, size="large")
components.style()
try:
    with components.readable_errors():
        sidebar.show(page.url_path)
        page.run()
finally:
    # Last, whatever ends the run: the first page is drawn sooner without it.
    first = [each.name for each in state.PAGE_MODELS.values()]
    runtime.warm_up(partial(cache.warm_up, first))
