"""The one-versus-two study of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnn_core import datasets
from dashboard.cache import model
from dashboard.cache.weights_key import keyed_by_weights

if TYPE_CHECKING:
    from cnn_core.studies.one_vs_two import OneVersusTwo, StudyStep
from dashboard import cache

# What the study of one versus two is about.
STUDY_NETWORK, STUDY_DATASET = "study", "mnist"


@keyed_by_weights(st.cache_data, max_entries=4)
def one_vs_two(model_name: str) -> OneVersusTwo:
    """Run the one-versus-two study on the training ones and 200 test twos."""
    from cnn_core.studies import one_vs_two as study

    network = model(model_name)
    train = datasets.load(STUDY_DATASET, split="train")
    test = cache.split(STUDY_DATASET, "test")
    return study.one_vs_two(
        network, train.images[train.labels == 1], test.images[test.labels == 2][:200]
    )


@keyed_by_weights(st.cache_data, max_entries=256)
def study_step(model_name: str, pixels: np.ndarray, title: str) -> StudyStep:
    """Ask the study's questions about one digit."""
    from cnn_core.studies import one_vs_two as study

    return study.study_step(model(model_name), pixels, title)
