"""What the attribution methods compare the picture with, and what they cannot explain."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn_core import datasets, models
from cnn_core.attribution import METHODS
from cnn_core.studies.map_figures import NUM_REFERENCES
from dashboard import cache
from dashboard.cache.once import Once
from dashboard.cache.weights import keyed_by_weights


def references_of(name: str, method: str) -> np.ndarray | None:
    """The pictures that a method compares with, for a network; None if it takes none."""
    needs_some = METHODS[method].needs_references
    return references(models.get(name).dataset) if needs_some else None


# Each a hundred small pictures; Streamlit's own cache would take longer than the look.
_references: Once[np.ndarray] = Once(4)


def references(dataset: str) -> np.ndarray:
    """Some training pictures of a data set, always the same, read-only.

    Raises:
        AbsentPicturesError: they are not on this machine; nothing is downloaded by itself.
    """
    return _references.get(dataset, lambda: _draw_references(dataset))


def _draw_references(dataset: str) -> np.ndarray:
    if datasets.find(dataset) is None:
        raise cache.AbsentPicturesError(dataset)
    drawn = datasets.sample(dataset, split="train", size=NUM_REFERENCES).images
    drawn.flags.writeable = False
    return drawn


def obstacles(name: str) -> dict[str, str]:
    """Why which methods cannot explain a network now: a sentence for each, by its name."""
    found = dict(_obstacles(name))
    dataset = models.get(name).dataset
    if datasets.find(dataset) is None:
        for method, row in METHODS.items():
            if row.needs_references:
                found[method] = (
                    f"It compares with training pictures, and those of "
                    f"{datasets.get(dataset).title} are not on this machine."
                )
    return found


@keyed_by_weights(st.cache_data, max_entries=32)
def _obstacles(name: str) -> dict[str, str]:
    from cnn_core import attribution

    network = cache.model(name)
    reasons = {method: attribution.obstacle(network, method) for method in METHODS}
    return {method: reason for method, reason in reasons.items() if reason is not None}
