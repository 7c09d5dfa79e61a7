"""The smallest edits that turn an answer, what must be there for it, and the study of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard import cache
from dashboard.cache.weights_key import all_weights, keyed_by_weights

if TYPE_CHECKING:
    from cnn_core.counterfactual import PertinentNegatives, PertinentPositives, SmallestEdit
    from cnn_core.studies.smallest_edits import SmallestEdits

LEAD_SHARE = 0.5  # of what must be there; with less, most networks are content with a few pixels


@keyed_by_weights(st.cache_data, max_entries=256)
def smallest_edit(
    model_name: str,
    pixels: np.ndarray,
    wanted: int,
    kind: str,
    radius: float,
    paper: tuple[float, ...],
) -> SmallestEdit:
    """Find the smallest edit of a picture that makes a network predict the target."""
    from cnn_core import counterfactual

    return counterfactual.smallest_edit(
        cache.model(model_name), pixels, wanted, kind, radius=radius, paper=paper
    )


@keyed_by_weights(st.cache_data, max_entries=128)
def pertinent_positives(
    model_name: str, pixels: np.ndarray, paper: tuple[float, ...]
) -> PertinentPositives:
    """Find the pixels that alone give the prediction, with LEAD_SHARE of its lead."""
    from cnn_core import counterfactual

    return counterfactual.pertinent_positives(
        cache.model(model_name), pixels, lead_share=LEAD_SHARE, paper=paper
    )


@keyed_by_weights(st.cache_data, max_entries=128)
def pertinent_negatives(model_name: str, pixels: np.ndarray) -> PertinentNegatives:
    """Find the places where ink would change the prediction."""
    from cnn_core import counterfactual

    return counterfactual.pertinent_negatives(cache.model(model_name), pixels)


def study() -> SmallestEdits:
    """Return the shipped sizes of the smallest edits."""
    return _study(all_weights())


@st.cache_resource(max_entries=1, show_spinner=False)
def _study(weights: tuple[str | None, ...]) -> SmallestEdits:
    from cnn_core.studies import smallest_edits

    return smallest_edits.load()
