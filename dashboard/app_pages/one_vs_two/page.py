"""One versus two: the study as a story."""

import streamlit as st

from cnn_core import models
from cnn_core.studies.one_vs_two import HEAD_LENGTHS
from dashboard import navigation, session
from dashboard.app_pages.one_vs_two import cached, views
from dashboard.figures import html
from dashboard.figures.pictures import as_picture
from dashboard.figures.text import plain
from dashboard.frame import better_network, loading, page_parts

page_parts.intro(
    "One versus two",
    "What makes a network say 1 rather than 2? A 1 with a long head and a foot is read as a 2; "
    "shorten the head and watch where the answer turns, and what the network looks at.",
)
model_name = session.model_name()
if models.get(model_name).dataset != cached.STUDY_DATASET:
    other = models.get(cached.STUDY_NETWORK)
    noun = session.dataset().noun
    title = plain(models.get(model_name).title)
    st.info(views.OTHER_PICTURES.format(title=title, noun=noun))
    st.button(
        f"Go on with the {plain(other.title.lower())}",
        key="go_on_with_digits",
        type="primary",
        on_click=session.choose_model,
        args=(other.name,),
    )
    page_parts.next_page("one_vs_two")
    st.stop()
better_network.suggest(
    cached.STUDY_NETWORK,
    views.OTHER_NETWORK.format(
        study=plain(models.get(cached.STUDY_NETWORK).title.lower()),
        title=plain(models.get(model_name).title),
    ),
)
loading.require_network()
with st.spinner("Running the study"):
    study = cached.one_vs_two(model_name)

st.subheader("The head decides", anchor=False)
left, right = st.columns([3, 2], vertical_alignment="center")
session.in_address("step", "study_step", session.Number(1, len(HEAD_LENGTHS)), 1)
chosen = left.select_slider(
    "Shorten the head",
    range(1, len(HEAD_LENGTHS) + 1),
    key="study_step",
    format_func=lambda i: f"Step {i} of {len(HEAD_LENGTHS)}",
    persist_state="session",
)
step = study.steps[chosen - 1]
views.show_step(step)
if right.button(
    "Erase this one by hand",
    key="erase_by_hand",
    icon=":material/ink_eraser:",
    on_click=session.take_up_eraser,
):
    session.use_own_image(as_picture(step.pixels))
    page_parts.go_to("draw_and_erase")

st.caption(
    "Slant, head and foot of this 1 were chosen so that the long head is read as a 2, as in the "
    "source. With an upright stem or a steeper head this network mostly says 1 or 7: try it."
)

st.subheader("All five steps", anchor=False)
st.html(html.row(views.column_of(each, study.steps) for each in study.steps))

st.subheader("A plain 1 and a plain 2", anchor=False)
views.show_step(study.one)
views.show_step(study.two)

st.subheader("What the study claims, and what this network does", anchor=False)
for finding in study.findings:
    verdict = ":green-badge[Holds here]" if finding.holds else ":orange-badge[Does not hold here]"
    st.markdown(f"**{finding.claim}** {verdict}  \n{finding.measured}")
    st.caption(f"It holds if: {finding.rule[0].lower()}{finding.rule[1:]}")

st.subheader("Your own erasing", anchor=False)
own = [(edit.pixels, views.EDIT.format(number=i)) for i, edit in enumerate(session.edits())]
image = session.current_image()
if not own and image.is_edited:
    own = [(image.original, ""), (image.pixels, "Your edit")]
if not own:
    st.markdown("Erase or draw on the drawing page, and every step of yours is studied here too.")
    st.page_link(
        navigation.path_of("draw_and_erase"), label="Draw and erase", icon=":material/draw:"
    )
for i, (pixels, title) in list(enumerate(own))[-5:]:
    views.show_step(cached.study_step(model_name, pixels, title if i else views.BEFORE_EDITS))
page_parts.next_page("one_vs_two")
