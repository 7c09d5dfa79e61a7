"""One versus two: the study as a story."""

import streamlit as st
from markupsafe import Markup

from cnn_core import models
from cnn_core.studies.one_vs_two import HEAD_LENGTHS, StudyStep
from dashboard import navigation, session
from dashboard.app_pages.one_vs_two import cached
from dashboard.figures import colours, html, numbers
from dashboard.figures.pictures import as_picture, over_image
from dashboard.figures.text import plain
from dashboard.frame import loading, page_parts


def show_step(step: StudyStep) -> None:
    """Show a row: digit, probabilities, margin, attention, evidence."""
    answer = Markup("Answer <b>{}</b>").format(step.answer)
    said = html.said(answer, f"1 over 2: {numbers.signed(step.margin, 1)} logits")
    parts = (
        html.figure(as_picture(step.pixels), step.title, width=150)
        + Markup("<div>{}{}</div>").format(said, html.probability_bars(DIGITS, step.probabilities))
        + html.attention_figure(
            step.attention, step.pixels, str(step.answer), background="paper", width=150
        )
        + html.heatmap_figure(
            step.evidence,
            step.pixels,
            background="paper",
            is_signed=True,
            title="Evidence, by occlusion",
            caption="red speaks for the 1, blue for the 2",
            unit="logits",
            width=150,
        )
    )
    st.html(Markup('<div class="cl-step">{}</div>').format(parts))


def column_of(step: StudyStep, steps: tuple[StudyStep, ...]) -> Markup:
    """Show one step as a column: digit, attention on the scale of all steps, two probabilities."""
    limit = max(colours.limit_of(each.attention) for each in steps)
    attention = colours.colourise(step.attention, is_signed=False, limit=limit)
    pictures = (
        html.picture(as_picture(step.pixels), width=140, description=step.title),
        html.picture(
            over_image(attention, step.pixels, background="paper", is_signed=False),
            width=140,
            description=f"Attention, {step.title}",
        ),
    )
    ones, twos = (numbers.probability(float(step.probabilities[i])) for i in (1, 2))
    return Markup(
        '<div class="cl-column"><b>{}</b>{}<span>answer <b>{}</b></span>'
        "<span>1: {}, 2: {}</span><span>1 over 2: {} logits</span></div>"
    ).format(
        step.title, Markup().join(pictures), step.answer, ones, twos, numbers.signed(step.margin, 1)
    )


DIGITS = tuple("0123456789")

page_parts.intro(
    "One versus two",
    "What makes a network say 1 rather than 2? A 1 with a long head and a foot is read as a 2; "
    "shorten the head and watch where the answer turns, and what the network looks at.",
)
model_name = session.model_name()
if models.get(model_name).dataset != cached.STUDY_DATASET:
    other = models.get(session.PAGE_MODELS["one_vs_two"].name)
    noun = session.dataset().noun
    st.info(f"This study is about digits, and {plain(models.get(model_name).title)} reads {noun}s.")
    st.button(
        f"Go on with the {plain(other.title.lower())}",
        type="primary",
        on_click=session.choose_model,
        args=(other.name,),
    )
    page_parts.next_page("one_vs_two")
    st.stop()
loading.require_network()
with st.spinner("Running the study"):
    study = cached.one_vs_two(model_name)

st.subheader("The head decides", anchor=False)
left, right = st.columns([3, 2], vertical_alignment="center")
chosen = left.select_slider(
    "Shorten the head",
    range(1, len(HEAD_LENGTHS) + 1),
    key="study_step",
    format_func=lambda i: f"Step {i} of {len(HEAD_LENGTHS)}",
    persist_state="session",
)
step = study.steps[chosen - 1]
show_step(step)
if right.button(
    "Erase this one by hand", icon=":material/ink_eraser:", on_click=session.take_up_eraser
):
    session.use_own_image(as_picture(step.pixels))
    page_parts.go_to("draw_and_erase")

st.caption(
    "Slant, head and foot of this 1 were chosen so that the long head is read as a 2, as in the "
    "source. With an upright stem or a steeper head this network mostly says 1 or 7: try it."
)

st.subheader("All five steps", anchor=False)
st.html(html.row(column_of(each, study.steps) for each in study.steps))

st.subheader("A plain 1 and a plain 2", anchor=False)
show_step(study.one)
show_step(study.two)

st.subheader("What the study claims, and what this network does", anchor=False)
for finding in study.findings:
    verdict = ":green-badge[Holds here]" if finding.holds else ":orange-badge[Does not hold here]"
    st.markdown(f"**{finding.claim}** {verdict}  \n{finding.measured}")
    st.caption(f"It holds if: {finding.rule[0].lower()}{finding.rule[1:]}")

st.subheader("Your own erasing", anchor=False)
own = [(edit.pixels, f"Your edit {i}") for i, edit in enumerate(session.edits())]
image = session.current_image()
if not own and image.is_edited:
    own = [(image.original, ""), (image.pixels, "Your edit")]
if not own:
    st.markdown("Erase or draw on the drawing page, and every step of yours is studied here too.")
    st.page_link(
        navigation.path_of("draw_and_erase"), label="Draw and erase", icon=":material/draw:"
    )
for i, (pixels, title) in list(enumerate(own))[-5:]:
    show_step(cached.study_step(model_name, pixels, title if i else "Before your edits"))
page_parts.next_page("one_vs_two")
