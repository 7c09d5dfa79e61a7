"""Scores and curves of a network on the test set."""

from __future__ import annotations

import streamlit as st

from cnn_core import evaluation
from cnn_core.evaluation import Curve, Summary
from dashboard import cache
from dashboard.cache.weights_key import keyed_by_weights


@keyed_by_weights(st.cache_resource, max_entries=32)
def summary(model_name: str) -> Summary:
    """Summarise the scores of a network on the test set."""
    answers = cache.test_answers(model_name)
    return evaluation.summarise(answers.logits, answers.labels)


@keyed_by_weights(st.cache_resource, max_entries=8)
def class_curves(model_name: str) -> tuple[tuple[Curve, ...], tuple[Curve, ...]]:
    """Return the ROC and the precision-recall curve of every class on the test set."""
    answers = cache.test_answers(model_name)
    roc, precision_recall = (
        tuple(curve(answers.logits, answers.labels, i) for i in range(answers.logits.shape[1]))
        for curve in (evaluation.roc_curve, evaluation.precision_recall_curve)
    )
    return roc, precision_recall
