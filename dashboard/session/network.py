"""The network that the visitor chose, and the network that a page begins with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from cnn_core import datasets, models
from cnn_core.datasets import Dataset
from dashboard.session.address import MODEL

_IS_CHOSEN, _MISSED = "model_is_chosen", "model_missed"


class PageModel(NamedTuple):
    """The model that a page begins with until the visitor chooses one, and why.

    Attributes:
        name: Name of the model.
        why: A sentence without its end.
    """

    name: str
    why: str


# On other pages the model stays as it was.
PAGE_MODELS = {
    "draw_and_erase": PageModel("robust", "it learnt to read digits as people draw them"),
    "one_vs_two": PageModel("study", "it is the network of the study"),
}


def model_name() -> str:
    """Return the name of the chosen network."""
    name: str = st.session_state.get(MODEL, next(iter(models.MODELS)))
    return name


def dataset() -> Dataset:
    """Return the data set of the chosen network."""
    return datasets.get(models.get(model_name()).dataset)


def settle_model(page: str, offered: Sequence[str]) -> None:
    """Settle the model of this run; to be called before its picker is drawn.

    Args:
        page: The page's name in the address.
        offered: Names of the models to choose from.
    """
    named = st.query_params.get(MODEL)
    if _IS_CHOSEN not in st.session_state:
        st.session_state[_IS_CHOSEN] = named in offered
        st.session_state[_MISSED] = "" if named in offered else named
        st.session_state[MODEL] = named if named in offered else offered[0]
    if not st.session_state[_IS_CHOSEN] and page in PAGE_MODELS:
        st.session_state[MODEL] = _first_model(page, offered)


def why_begun_with(page: str) -> str:
    """Return why the page begins with this network; empty if it does not, or the visitor chose."""
    first = PAGE_MODELS.get(page)
    if first is None or first.name != model_name() or st.session_state[_IS_CHOSEN]:
        return ""
    return first.why


def keep_model() -> None:
    """Take the picker's model for the visitor's own choice, which pages leave alone."""
    st.session_state[_IS_CHOSEN] = True
    st.session_state[_MISSED] = ""


def missed_model() -> str:
    """Return the network that the address names but that is not offered."""
    return st.session_state.get(_MISSED) or ""


def choose_model(model_name: str) -> None:
    """Make a model the chosen one; to be called from a callback."""
    st.session_state[MODEL] = model_name
    keep_model()


def model_in_address(page: str, offered: Sequence[str]) -> dict[str, str]:
    """Return the network's parameter of the address; nothing where the page begins with it.

    Args:
        page: Name of the page in the address.
        offered: Names of the networks to choose from.
    """
    is_plain = not st.session_state[_IS_CHOSEN] or model_name() == _first_model(page, offered)
    return {} if is_plain else {MODEL: model_name()}


def _first_model(page: str, offered: Sequence[str]) -> str:
    wanted = PAGE_MODELS.get(page)
    return wanted.name if wanted is not None and wanted.name in offered else offered[0]
