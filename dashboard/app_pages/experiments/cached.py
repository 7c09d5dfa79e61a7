"""The shipped results of the experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from cnn_core.studies.baselines import Baselines
    from cnn_core.studies.experiments import ExperimentResult
    from cnn_core.studies.experiments.conclusions import Conclusion
    from cnn_core.studies.grid_search import GridSearch
    from cnn_core.studies.k_fold import KFold


@st.cache_resource(max_entries=32, show_spinner=False)
def experiment(name: str) -> ExperimentResult:
    """Return the shipped result of a one-factor experiment."""
    from cnn_core.studies import experiments

    return experiments.load(name)


@st.cache_resource(max_entries=32, show_spinner=False)
def conclusion(name: str) -> Conclusion:
    """Return the finding of a one-factor experiment."""
    from cnn_core.studies.experiments import conclusions

    return conclusions.conclude(experiment(name))


@st.cache_resource(max_entries=1, show_spinner=False)
def baselines() -> Baselines:
    """Return the shipped results of the classical methods."""
    from cnn_core.studies.baselines import load

    return load()


@st.cache_resource(max_entries=1, show_spinner=False)
def k_fold() -> KFold:
    """Return the shipped cross-validation of the dense network."""
    from cnn_core.studies.k_fold import load

    return load()


@st.cache_resource(max_entries=1, show_spinner=False)
def grid_search() -> GridSearch:
    """Return the shipped grid search of the dense network."""
    from cnn_core.studies.grid_search import load

    return load()
