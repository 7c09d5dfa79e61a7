"""Experiments: what each choice behind the tuned network changes, measured anew."""

from collections import Counter

import streamlit as st

from cnn_core.errors import MissingFileError
from cnn_core.studies.experiments import EXPERIMENTS
from cnn_core.studies.experiments.conclusions import Conclusion
from dashboard import session
from dashboard.app_pages.experiments import baselines, cached, one_experiment, text
from dashboard.figures import html
from dashboard.frame import page_parts


def found() -> dict[str, Conclusion]:
    """Return the conclusions of the experiments whose results are here."""
    conclusions = {}
    for name in EXPERIMENTS:
        try:
            conclusions[name] = cached.conclusion(name)
        except MissingFileError:  # its own section says so
            continue
    return conclusions


def show_overview(marked: str) -> None:
    """Show one line for each experiment, one line emphasised."""
    conclusions = found()
    counted = Counter(each.verdict for each in conclusions.values())
    st.html(
        html.facts(
            (
                (str(len(conclusions)), "experiments measured here"),
                (str(counted["agrees"]), text.AGREE),
                (str(counted["disagrees"]), text.DISAGREE),
                (
                    str(counted["within the noise"]),
                    "within the noise: chance explains the difference",
                ),
            )
        )
    )
    rows = [
        (
            experiment.title,
            conclusions[name].verdict if name in conclusions else text.NOT_MEASURED,
            conclusions[name].best if name in conclusions else "",
            experiment.published_best or "\N{EN DASH}",
            ", ".join(experiment.labels),
        )
        for name, experiment in EXPERIMENTS.items()
    ]
    head = ("Experiment", "Verdict", "Best here", "Published best", "Settings tried")
    chosen = list(EXPERIMENTS).index(marked)
    st.html(html.table(head, rows, marked=chosen, text_columns=(1, 2, 3, 4)))


page_parts.intro(
    "Experiments",
    "Which choices made the tuned network good? Each experiment changes one thing and leaves the "
    "rest alone, with several seeds, so that a difference can be told from chance.",
)
overview = st.container()
st.subheader("One experiment", anchor=False)
session.in_address(
    "experiment", "experiment", session.Choice(tuple(EXPERIMENTS)), next(iter(EXPERIMENTS))
)
picked = st.selectbox(
    "Experiment",
    tuple(EXPERIMENTS),
    format_func=lambda name: EXPERIMENTS[name].title,
    key="experiment",
    persist_state="session",
)
with overview:
    show_overview(picked)
with page_parts.readable_errors():
    one_experiment.show(cached.experiment(picked), cached.conclusion(picked))

st.subheader("Classical baselines, cross-validation and grid search", anchor=False)
for show in (baselines.baselines, baselines.k_fold, baselines.grid_search):
    with page_parts.readable_errors():
        show()
page_parts.next_page("experiments")
