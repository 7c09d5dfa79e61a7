"""What was recorded when a network was trained: neither TensorFlow nor pictures are needed."""

from __future__ import annotations

import streamlit as st

from cnn_core import models
from cnn_core.inference import Prediction, softmax
from cnn_core.models import ModelCard, ShippedAnswers
from dashboard.cache.weights_key import keyed_by_weights


@keyed_by_weights(st.cache_resource, max_entries=32)
def card(model_name: str) -> ModelCard:
    """Return the card of a network: what was recorded in training."""
    return models.load_card(model_name)


@keyed_by_weights(st.cache_resource, max_entries=32)
def test_answers(model_name: str) -> ShippedAnswers:
    """Return the shipped answers to the test set; neither TensorFlow nor pictures are needed."""
    return models.load_test_answers(model_name)


def shipped_prediction(model_name: str, index: int) -> Prediction:
    """Return the shipped prediction for an untouched test image; TensorFlow is not needed."""
    logits = test_answers(model_name).logits[index : index + 1]
    return Prediction(logits, softmax(logits))
