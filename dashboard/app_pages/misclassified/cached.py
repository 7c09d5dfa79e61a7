"""The mistakes of a network on the test set."""

from __future__ import annotations

import streamlit as st

from cnn_core import evaluation
from cnn_core.evaluation import Mistake
from dashboard import cache
from dashboard.cache.weights_key import keyed_by_weights


@keyed_by_weights(st.cache_resource, max_entries=32)
def mistakes(model_name: str) -> tuple[Mistake, ...]:
    """Return the test images that a network gets wrong."""
    answers = cache.test_answers(model_name)
    return evaluation.misclassified(answers.logits, answers.labels)
