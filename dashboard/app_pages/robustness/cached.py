"""Caches of the Robustness page: the changed picture, every strength at once, the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.robustness import Perturbation, Sweep, get
from dashboard.cache import Options, model
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    pass

# Strengths of a sweep at most; a search asks the network many times for each.
_MOST, _MOST_SEARCHED = 61, 16


def row_for(model_name: str, kind: str) -> Perturbation:
    """Return the row of a change, fitted to the pictures of a network."""
    return get(kind).fitted(datasets.get(models.get(model_name).dataset))


@keyed_by_weights(st.cache_data, max_entries=256)
def changed(
    model_name: str,
    pixels: np.ndarray,
    kind: str,
    strength: float,
    target: int | None,
    options: Options,
) -> np.ndarray:
    """Return one picture under one change."""
    from cnn_core import robustness

    return robustness.perturb(
        pixels, kind, strength, model=model(model_name), targets=target, **dict(options)
    )


@keyed_by_weights(st.cache_data, max_entries=128)
def sweep(
    model_name: str, pixels: np.ndarray, kind: str, target: int | None, options: Options
) -> Sweep:
    """Return the predictions for one picture under every strength of a change."""
    from cnn_core import robustness

    row = row_for(model_name, kind)
    strengths = row.strengths(_MOST_SEARCHED if row.is_search else _MOST)
    return robustness.sweep(
        model(model_name), pixels, kind, strengths, targets=target, **dict(options)
    )
