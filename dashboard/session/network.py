"""The network that the visitor chose: one choice, which no page changes by itself."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn_core import datasets, models
from cnn_core.datasets import Dataset
from dashboard.session.address import MODEL

_MISSED = "model_missed"


def model_name() -> str:
    """Return the name of the chosen network."""
    name: str = st.session_state.get(MODEL, next(iter(models.MODELS)))
    return name


def dataset() -> Dataset:
    """Return the data set of the chosen network."""
    return datasets.get(models.get(model_name()).dataset)


def settle_model(offered: Sequence[str]) -> None:
    """Settle the network of a new visit; to be called before its picker is drawn.

    Args:
        offered: Names of the networks to choose from; a visit begins with the first, or with the
            network that the address names.
    """
    if _MISSED in st.session_state:
        return
    named = st.query_params.get(MODEL)
    st.session_state[MODEL] = named if named in offered else offered[0]
    st.session_state[_MISSED] = "" if named in offered else named


def forget_missed_model() -> None:
    """Forget the network that the address names but that is not offered: another is chosen."""
    st.session_state[_MISSED] = ""


def missed_model() -> str:
    """Return the network that the address names but that is not offered."""
    return st.session_state.get(_MISSED) or ""


def choose_model(model_name: str) -> None:
    """Make a network the chosen one; to be called from a callback."""
    st.session_state[MODEL] = model_name
    forget_missed_model()


def model_in_address(offered: Sequence[str]) -> dict[str, str]:
    """Return the network's parameter of the address; nothing where a new visit begins with it.

    Args:
        offered: Names of the networks to choose from.
    """
    return {} if model_name() == offered[0] else {MODEL: model_name()}
