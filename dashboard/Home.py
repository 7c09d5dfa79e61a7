"""CNN Lens: `streamlit run dashboard/Home.py`. The router: every page runs through here."""

from pathlib import Path

import streamlit as st

from dashboard import cache, session, tensorflow_loader
from dashboard.frame import page_parts, sidebar
from dashboard.navigation import PAGES

LOGO = str(Path(__file__).with_name("favicon.png"))

st.set_page_config(page_title="CNN Lens", page_icon=LOGO, layout="wide")
page = st.navigation(
    [
        st.Page(
            row.path, title=row.title, icon=row.icon, url_path=row.name, default=row is PAGES[0]
        )
        for row in PAGES
    ],
    expanded=True,
)
st.logo(LOGO, size="large")
page_parts.style()
try:
    with page_parts.readable_errors():
        session.begin_page(page.url_path)
        sidebar.show()
        page.run()
finally:
    # Last, whatever ends the run: the first page is drawn sooner without it.
    tensorflow_loader.warm_up(cache.warm_up)
