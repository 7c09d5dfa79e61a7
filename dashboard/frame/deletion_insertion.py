"""The deletion curves beside the insertion curves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn_core.faithfulness import DeletionInsertionTest
from dashboard.figures import deletion_insertion
from dashboard.frame.charts import show_chart


def show_curves(
    test: DeletionInsertionTest, titles: Sequence[str], *, what: str, key: str, score: str = "logit"
) -> None:
    """Show the deletion beside the insertion curves, on a phone one above the other.

    Args:
        test: A row of it for each title.
        titles: Titles of the maps; the first is drawn in orange.
        what: The probability on the upright axes, such as "probability of 2".
        key: Key of both charts.
        score: Name of the scores, "logit" or "margin".
    """
    halves = deletion_insertion.curves(test, titles, what=what, score=score)
    heads = (("deletion", "Deletion", "lower"), ("insertion", "Insertion", "higher"))
    with st.container(key=key):
        for column, figure, head in zip(st.columns(2), halves, heads, strict=True):
            name, half, better = head
            column.markdown(f"**{half}**: {better} is better")
            show_chart(
                figure,
                column=column,
                key=f"{key}_{name}",
                alt=f"{half} curves of {' and '.join(titles)}",
            )
        st.html(deletion_insertion.legend(test, titles))
