"""Misclassified: the test pictures that the network gets wrong."""

import streamlit as st

from cnn_core import evaluation
from dashboard import cache, navigation, session
from dashboard.app_pages.misclassified import cached, text
from dashboard.figures import confusion_matrix, numbers
from dashboard.figures.text import plain
from dashboard.frame import page_parts, pickers, picture_gallery

SORTS = {
    text.MOST_CONFIDENT: lambda mistake: -mistake.confidence,
    text.LEAST_CONFIDENT: lambda mistake: mistake.confidence,
    text.LARGEST_MARGIN: lambda mistake: -mistake.margin,
    text.SMALLEST_MARGIN: lambda mistake: mistake.margin,
}
# A network that is wrong thousands of times: the order chooses which of them are seen.
MAX_TILES = 300

noun = session.dataset().noun
page_parts.intro(
    "Misclassified",
    f"The test {noun}s that the network gets wrong, with the two answers it found most probable. "
    f"Click a cell of the matrix to see its {noun}s, and a {noun} to study it on the other pages.",
)
model_name = session.model_name()
names, mistakes = session.dataset().class_names, cached.mistakes(model_name)
answers = cache.test_answers(model_name)
total = len(answers.labels)

# Names need room beside the matrix.
left, right = st.columns([4, 6] if max(map(len, names)) == 1 else [5, 5], gap="large")
with left:
    st.markdown(
        f"**{len(mistakes):,} of {total:,}** test {noun}s are wrong: "
        f"{numbers.percent(1 - len(mistakes) / total)} right."
    )
    matrix = evaluation.confusion_matrix(answers.logits, answers.labels)
    pickers.matrix_picker(
        confusion_matrix.mistake_matrix(matrix, names),
        key="mistake",
        alt="Mistakes by true class and answer",
    )
with right:
    one, two, three = st.columns([2, 2, 4])
    with one:
        true = pickers.class_picker(
            "True class",
            key="mistake_true",
            parameter="true",
            none_label="all",
        )
    with two:
        answer = pickers.class_picker(
            "Answer",
            key="mistake_answer",
            parameter="answer",
            none_label="all",
        )
    session.in_address("order", "mistake_order", session.Choice(list(SORTS)), next(iter(SORTS)))
    order = three.selectbox("Order", list(SORTS), key="mistake_order", persist_state="session")
    shown = sorted(
        (m for m in mistakes if true in (None, m.label) and answer in (None, m.answer)),
        key=SORTS[order],
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"{len(shown):,} of {len(mistakes):,} mistakes"
            + (f", the first {MAX_TILES} below" if len(shown) > MAX_TILES else "")
        )
        if (true, answer) != (None, None):
            st.button("Show all", key="show_all", on_click=text.show_all, type="tertiary")
    if not shown:
        st.info(text.NO_SUCH_MISTAKE)
    with page_parts.readable_errors():  # the matrix stands without the pictures too
        picture_gallery.picture_gallery(
            [mistake.index for mistake in shown[:MAX_TILES]],
            [text.caption(mistake, names) for mistake in shown[:MAX_TILES]],
            [text.description(mistake, names) for mistake in shown[:MAX_TILES]],
            key="mistakes",
            height=430,
        )

chosen = next((m for m in mistakes if m.index == session.shown_index()), None)
if chosen is not None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{session.image_name(noun, chosen.index)}**, true class "
            f"{plain(names[chosen.label])}: read as "
            f"{plain(names[chosen.answer])} with {numbers.probability(chosen.confidence)}, then "
            f"{plain(names[chosen.second])} with {numbers.probability(chosen.second_probability)}"
        )
        st.page_link(
            navigation.path_of("attention"), label="Attention", icon=":material/visibility:"
        )
        st.page_link(
            navigation.path_of("occlusion"), label="Occlusion", icon=":material/select_all:"
        )
        if st.button(
            "Eraser",
            key="erase_by_hand",
            icon=":material/ink_eraser:",
            type="tertiary",
            on_click=session.take_up_eraser,
        ):
            page_parts.go_to("draw_and_erase")
page_parts.next_page("misclassified")
