"""Which map to believe: every method put to the test on the chosen network."""

import streamlit as st

from cnn_core.errors import PictureError
from dashboard import session
from dashboard.app_pages.faithfulness import views
from dashboard.frame import loading, page_parts

model_name = session.model_name()
page_parts.intro(
    "Which map to believe",
    "Maps look convincing whether they are right or not, so each method is put to the test: take "
    "away the pixels that it ranks first, and the answer must fall; take away what the network "
    "learnt, and the map must change.",
)
with page_parts.readable_errors():
    views.show_ranking(model_name)
st.subheader(f"On the current {session.dataset().noun}", anchor=False)
loading.require_network()
try:
    views.show_current(model_name)
except PictureError as error:
    st.info(str(error))
page_parts.next_page("faithfulness")
