"""Misclassified: the test pictures that the network gets wrong."""

import streamlit as st

from cnn_core import evaluation
from cnn_core.evaluation import Mistake
from dashboard import cache, charts, components, markup, state

SORTS = {
    "Most confident first": lambda mistake: -mistake.confidence,
    "Least confident first": lambda mistake: mistake.confidence,
    "Largest margin first": lambda mistake: -mistake.margin,
    "Smallest margin first": lambda mistake: mistake.margin,
}
# A network that is wrong thousands of times: the order chooses which of them are seen.
MAX_TILES = 300


def show_all() -> None:
    """Drop both filters."""
    state.put("mistake_true", components.NO_CLASS)
    state.put("mistake_answer", components.NO_CLASS)


def caption(mistake: Mistake) -> str:
    """A mistake in two short lines."""
    return (
        f"{names[mistake.label]}, read as {names[mistake.answer]}\n"
        f"{names[mistake.answer]}: {markup.probability(mistake.confidence, 0)}, "
        f"{names[mistake.second]}: {markup.probability(mistake.second_probability, 0)}"
    )


def description(mistake: Mistake) -> str:
    """A mistake in full, for the tooltip."""
    return (
        f"Test {noun} {mistake.index}: {names[mistake.label]}, read as {names[mistake.answer]}, "
        f"{markup.probability(mistake.confidence)}, then {names[mistake.second]}, "
        f"{markup.probability(mistake.second_probability)}; margin {mistake.margin:.1f} logits"
    )


noun = state.dataset().noun
components.intro(
    "Misclassified",
    f"The test {noun}s that the network gets wrong, with the two answers it found most probable. "
    f"Click a cell of the matrix to see its {noun}s, and a {noun} to study it on the other pages.",
)
name = state.model_name()
names, mistakes = state.dataset().class_names, cache.mistakes(name)
answers = cache.test_answers(name)
total = len(answers.labels)

# Names need room beside the matrix.
left, right = st.columns([4, 6] if max(map(len, names)) == 1 else [5, 5], gap="large")
with left:
    st.markdown(
        f"**{len(mistakes):,} of {total:,}** test {noun}s are wrong: "
        f"{markup.percent(1 - len(mistakes) / total)} right."
    )
    matrix = evaluation.confusion_matrix(answers.logits, answers.labels)
    components.matrix_picker(
        charts.confusion(matrix, names), key="mistake", alt="Mistakes by true class and answer"
    )
with right:
    one, two, three = st.columns([2, 2, 4])
    with one:
        true = components.class_picker("True class", key="mistake_true", none_label="all")
    with two:
        answer = components.class_picker("Answer", key="mistake_answer", none_label="all")
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
            st.button("Show all", on_click=show_all, type="tertiary")
    if not shown:
        st.info("The network makes no such mistake; choose other classes.")
    with components.readable_errors():  # the matrix stands without the pictures too
        components.picture_gallery(
            [mistake.index for mistake in shown[:MAX_TILES]],
            [caption(mistake) for mistake in shown[:MAX_TILES]],
            [description(mistake) for mistake in shown[:MAX_TILES]],
            key="mistakes",
            height=430,
        )

chosen = next((m for m in mistakes if m.index == state.shown_index()), None)
if chosen is not None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**Test {noun} {chosen.index}**, true class {names[chosen.label]}: read as "
            f"{names[chosen.answer]} with {markup.probability(chosen.confidence)}, then "
            f"{names[chosen.second]} with {markup.probability(chosen.second_probability)}"
        )
        st.page_link("app_pages/attention.py", label="Attention", icon=":material/visibility:")
        st.page_link("app_pages/occlusion.py", label="Occlusion", icon=":material/select_all:")
        if st.button(
            "Eraser", icon=":material/ink_eraser:", type="tertiary", on_click=state.take_up_eraser
        ):
            st.switch_page("app_pages/draw_and_erase.py", query_params={})
components.next_page("app_pages/one_vs_two.py", "Next: the study of one versus two")
